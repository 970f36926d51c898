"""The second factor of an account in the database: setup, confirmation by a first code, and check at sign-in."""

from datetime import datetime

import asyncpg
import structlog

from runtime.db import Connection, Pool
from runtime.vault import Vault, VaultError, sealed
from web.auth import totp

log = structlog.get_logger(__name__)

# Compared and stored in one statement, so that a code sent twice at the same time works once.
_USE_STEP = "UPDATE accounts SET totp_step = $2 WHERE name = $1 AND totp_step < $2 RETURNING 1"
_USE_RECOVERY = """
UPDATE accounts SET recovery = array_remove(recovery, $2) WHERE name = $1 AND $2 = ANY (recovery) RETURNING 1
"""
_BEGIN = """
UPDATE accounts SET totp_secret = $2, totp_confirmed = false, totp_step = 0, recovery = '{}'
WHERE name = $1 AND NOT totp_confirmed AND issuer IS NULL RETURNING 1
"""
_POSSIBLE = "SELECT NOT totp_confirmed AND issuer IS NULL FROM accounts WHERE name = $1"
_CONFIRM = """
UPDATE accounts SET totp_confirmed = true, totp_step = $2, recovery = $3
WHERE name = $1 AND NOT totp_confirmed AND totp_secret = $4 RETURNING 1
"""
_CONFIRMED = "SELECT name, totp_secret, totp_step FROM accounts WHERE name = $1 AND totp_confirmed"
_SEAL = "UPDATE accounts SET totp_secret = $2 WHERE name = $1 AND totp_secret = $3"
_END = "UPDATE accounts SET totp_secret = NULL, totp_confirmed = false, totp_step = 0, recovery = '{}' WHERE name = $1"


async def opens(conn: Connection | Pool, row: "asyncpg.Record", code: str, now: datetime, vault: Vault | None) -> bool:
    """Whether a code is valid for the account of `row`; it is used up. Without the key only recovery codes are."""
    secret = _opened(vault, row["totp_secret"], row["name"])
    entered = code.strip().replace(" ", "")
    step = None if secret is None else totp.accepted(secret, entered, now.timestamp(), row["totp_step"])
    if step is not None:
        return bool(await conn.fetchval(_USE_STEP, row["name"], step))
    return bool(await conn.fetchval(_USE_RECOVERY, row["name"], totp.recovery_hash(code)))


async def confirmed(conn: Connection, name: str) -> "asyncpg.Record | None":
    """The row that `opens` takes; None: the account has no second factor."""
    return await conn.fetchrow(_CONFIRMED, name)


async def possible(conn: Connection, name: str) -> bool:
    """Whether the account can set one up: it has none, and is not authenticated by a provider."""
    return bool(await conn.fetchval(_POSSIBLE, name))


async def begin(conn: Connection, name: str, vault: Vault) -> bytes | None:
    """Generate a secret that waits for its first code; None: the account has one already, or uses a provider."""
    secret = totp.new_secret()
    return secret if await conn.fetchval(_BEGIN, name, vault.seal(secret, _owner(name))) else None


async def confirm(conn: Connection, name: str, code: str, now: datetime, vault: Vault) -> list[str] | None:
    """Confirm with the first code; from now on sign-in requires one. Returns recovery codes; None: wrong code."""
    kept = await conn.fetchval("SELECT totp_secret FROM accounts WHERE name = $1", name)
    secret = None if kept is None else _opened(vault, kept, name)
    step = None if secret is None else totp.accepted(secret, code.strip().replace(" ", ""), now.timestamp(), 0)
    if step is None:
        return None
    codes = totp.recovery_codes()
    hashed = [totp.recovery_hash(code) for code in codes]
    return codes if await conn.fetchval(_CONFIRM, name, step, hashed, kept) else None


async def seal_all(pool: Pool, vault: Vault) -> int:
    """Encrypt secrets that were stored in plain text by older versions; returns how many."""
    rows = await pool.fetch("SELECT name, totp_secret FROM accounts WHERE totp_secret IS NOT NULL")
    plain = [row for row in rows if not sealed(row["totp_secret"])]
    for row in plain:
        await pool.execute(_SEAL, row["name"], vault.seal(row["totp_secret"], _owner(row["name"])), row["totp_secret"])
    return len(plain)


def _owner(name: str) -> str:
    return f"second factor of {name}"


def _opened(vault: Vault | None, kept: bytes, name: str) -> bytes | None:
    """The secret; None: it cannot be decrypted, which is logged."""
    if vault is None:
        log.error("second_factor.not_opened", account=name, error="there is no key of the secrets")
        return None
    try:
        return vault.open(kept, _owner(name))
    except VaultError as error:
        log.error("second_factor.not_opened", account=name, error=str(error))  # noqa: TRY400 - it says all
        return None


async def end(conn: Connection, name: str) -> None:
    """Remove the second factor."""
    await conn.execute(_END, name)
