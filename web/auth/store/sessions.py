"""Sessions: begun with a password and a code, or by an OpenID provider, and ended. Only their hashes are stored."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import asyncpg

from runtime.db import Pool
from runtime.vault import Vault
from web.audit.store import audit_log
from web.auth import hashing
from web.auth.principal import CredentialKind, Principal, hash_token
from web.auth.store import second_factor
from web.auth.store.principals import HOLDS, principal

NOBODY = "-"
"""Who acts in the audit record before they showed who they are."""
UNKNOWN = "unknown account"
SESSION_TTL = timedelta(hours=12)


_TO_SIGN_IN = f"""
SELECT a.name, a.password_hash, a.role, a.areas, a.officer, a.valid_to, a.totp_secret, a.totp_confirmed, a.totp_step,
       a.made_by, ({HOLDS}) AND a.issuer IS NULL AS usable
FROM accounts a WHERE a.name = $1
"""  # noqa: S608 - built from a constant
_VOUCHED = f"""
SELECT a.name, a.role, a.areas, a.officer, a.valid_to, a.made_by FROM accounts a
WHERE a.name = $1 AND a.issuer IS NOT NULL AND {HOLDS}
"""  # noqa: S608 - the same


class CodeNeededError(Exception):
    """Name and password fit; the account asks for a code of the second factor, too."""


async def sign_in(
    pool: Pool,
    name: str,
    password: str,
    *,
    code: str | None = None,
    ttl: timedelta = SESSION_TTL,
    now: datetime | None = None,
    client: str = "-",
    vault: Vault | None = None,
) -> tuple[str, Principal] | None:
    """Check a name and password, and the code where the account has a second factor, and begin a session.

    Returns:
        The cookie's value and who it stands for; None when they do not fit, without telling which of them. That is
        recorded.

    Raises:
        CodeNeededError: only the code is missing.
    """
    now = now or datetime.now(UTC)
    row = await pool.fetchrow(_TO_SIGN_IN, name.replace("\0", "\ufffd"), now)
    usable = row is not None and row["usable"]
    # Exactly one verification, whatever was found: the time taken must tell nothing.
    fits = await hashing.verify(row["password_hash"] if row is not None else hashing.DUMMY_HASH, password)
    if row is None or not usable or not fits:
        # What is no account's name is not recorded: people type passwords there.
        await _record_refused(pool, UNKNOWN if row is None else row["name"], {"by": "password", "client": client})
        return None
    if row["totp_confirmed"]:
        if not code:
            raise CodeNeededError
        if not await second_factor.opens(pool, row, code, now, vault):
            await _record_refused(pool, row["name"], {"by": "code", "client": client})
            return None
    return await _begin_session(pool, row, now, ttl, {"by": "password", "client": client})


async def _record_refused(pool: Pool, name: str, how: Mapping[str, str]) -> None:
    async with pool.acquire() as connection:
        await audit_log.record(connection, NOBODY, "session.refused", name, how)


async def begin_vouched_session(pool: Pool, name: str, now: datetime, *, client: str) -> tuple[str, Principal] | None:
    """Begin a session of an account whose provider vouched for it just now; None: it may not come in at `now`."""
    row = await pool.fetchrow(_VOUCHED, name, now)
    return (
        None if row is None else await _begin_session(pool, row, now, SESSION_TTL, {"by": "openid", "client": client})
    )


async def _begin_session(
    pool: Pool, row: "asyncpg.Record", now: datetime, ttl: timedelta, how: Mapping[str, str]
) -> tuple[str, Principal]:
    token = secrets.token_urlsafe(32)
    ends = now + ttl if row["valid_to"] is None else min(now + ttl, row["valid_to"])
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM sessions WHERE expires_at <= $1", now)
        await connection.execute(
            "INSERT INTO sessions (token_hash, account, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            hash_token(token),
            row["name"],
            now,
            ends,
        )
        await audit_log.record(connection, row["name"], "session.begin", row["name"], how)
    fields = {**row, "token_hash": hash_token(token), "expires_at": ends, "scopes": None}
    fields |= {"account": row["name"], "token": None, "maker": row["made_by"], "until": row["valid_to"]}
    return token, principal(fields, CredentialKind.SESSION)


async def sign_out(pool: Pool, principal: Principal) -> None:
    """End a session."""
    async with pool.acquire() as connection, connection.transaction():
        ended = await connection.fetchval(
            "DELETE FROM sessions WHERE token_hash = $1 RETURNING account", principal.token_hash
        )
        if ended is not None:
            await audit_log.record(connection, principal.name, "session.end", principal.name)
