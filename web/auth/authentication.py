"""Sign-in with name and password, and the record of failures."""

from datetime import UTC, datetime, timedelta

from runtime.db import Pool
from runtime.vault import Vault
from web.auth import hashing
from web.auth.principal import Principal
from web.auth.store import second_factor, sessions


class CodeNeededError(Exception):
    """Name and password are right; the code of the second factor is missing."""


async def sign_in(
    pool: Pool,
    name: str,
    password: str,
    *,
    code: str | None = None,
    ttl: timedelta = sessions.SESSION_TTL,
    now: datetime | None = None,
    client: str = "-",
    vault: Vault | None = None,
) -> tuple[str, Principal] | None:
    """Check a name and password, and the code where the account has a second factor, and begin a session.

    Returns:
        The cookie's value and who it stands for; None if they are wrong, without telling which of them; this is
        recorded.

    Raises:
        CodeNeededError: only the code is missing.
    """
    now = now or datetime.now(UTC)
    row = await sessions.to_sign_in(pool, name, now)
    usable = row is not None and row["usable"]
    # Exactly one verification in all cases, so that the time reveals nothing.
    fits = await hashing.verify(row["password_hash"] if row is not None else hashing.DUMMY_HASH, password)
    if row is None or not usable or not fits:
        # Unknown names are not recorded, since people may type passwords there.
        await sessions.record_refused(
            pool, sessions.UNKNOWN if row is None else row["name"], {"by": "password", "client": client}
        )
        return None
    if row["totp_confirmed"]:
        if not code:
            raise CodeNeededError
        if not await second_factor.opens(pool, row, code, now, vault):
            await sessions.record_refused(pool, row["name"], {"by": "code", "client": client})
            return None
    return await sessions.begin(pool, row, now, ttl, {"by": "password", "client": client})
