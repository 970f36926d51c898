"""The second factor of an account in the database: set up, confirmed by a first code, asked for at sign-in."""

from datetime import datetime

import asyncpg

from tracking.db import Connection, Pool
from web import totp

# Compared and stored in one statement: of two who send the same code at the same time one is let in.
_USE_STEP = "UPDATE accounts SET totp_step = $2 WHERE name = $1 AND totp_step < $2 RETURNING 1"
_USE_RECOVERY = """
UPDATE accounts SET recovery = array_remove(recovery, $2) WHERE name = $1 AND $2 = ANY (recovery) RETURNING 1
"""
_BEGIN = """
UPDATE accounts SET totp_secret = $2, totp_confirmed = false, totp_step = 0, recovery = '{}'
WHERE name = $1 AND NOT totp_confirmed AND issuer IS NULL RETURNING 1
"""
_CONFIRM = """
UPDATE accounts SET totp_confirmed = true, totp_step = $2, recovery = $3
WHERE name = $1 AND NOT totp_confirmed AND totp_secret = $4 RETURNING 1
"""
_END = "UPDATE accounts SET totp_secret = NULL, totp_confirmed = false, totp_step = 0, recovery = '{}' WHERE name = $1"


async def opens(conn: Connection | Pool, row: "asyncpg.Record", code: str, now: datetime) -> bool:
    """Tell whether a code fits the account of `row`, and use it up."""
    step = totp.accepted(row["totp_secret"], code.strip().replace(" ", ""), now.timestamp(), row["totp_step"])
    if step is not None:
        return bool(await conn.fetchval(_USE_STEP, row["name"], step))
    return bool(await conn.fetchval(_USE_RECOVERY, row["name"], totp.recovery_hash(code)))


async def begin(conn: Connection, name: str) -> bytes | None:
    """Make a secret that waits for its first code; None when the account has one already, or a provider asks."""
    secret = totp.new_secret()
    return secret if await conn.fetchval(_BEGIN, name, secret) else None


async def confirm(conn: Connection, name: str, code: str, now: datetime) -> list[str] | None:
    """Take the first code: from now on sign-in asks for one. Returns the recovery codes; None: the code is wrong."""
    secret = await conn.fetchval("SELECT totp_secret FROM accounts WHERE name = $1", name)
    step = None if secret is None else totp.accepted(secret, code.strip().replace(" ", ""), now.timestamp(), 0)
    if step is None:
        return None
    codes = totp.recovery_codes()
    hashed = [totp.recovery_hash(each) for each in codes]
    return codes if await conn.fetchval(_CONFIRM, name, step, hashed, secret) else None


async def end(conn: Connection, name: str) -> None:
    """Ask for no code any more."""
    await conn.execute(_END, name)
