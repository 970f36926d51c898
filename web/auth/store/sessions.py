"""Sessions, begun with a password and a code or by an OpenID provider. Only their hashes are stored."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import asyncpg

from runtime.db import Pool
from web.audit.store import audit_log
from web.auth import grants
from web.auth.principal import CredentialKind, Principal, hash_token
from web.auth.store.principals import HOLDS, principal

NOBODY = "-"
"""Actor in the audit record before authentication."""
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


async def to_sign_in(pool: Pool, name: str, now: datetime) -> "asyncpg.Record | None":
    """Account data for a sign-in with a password; None: there is no account of that name."""
    return await pool.fetchrow(_TO_SIGN_IN, name.replace("\0", "\ufffd"), now)


async def record_refused(pool: Pool, name: str, how: Mapping[str, str]) -> None:
    """Record a sign-in that failed."""
    async with pool.acquire() as connection:
        await audit_log.record(connection, NOBODY, "session.refused", name, how)


async def begin_vouched_session(pool: Pool, name: str, now: datetime, *, client: str) -> tuple[str, Principal] | None:
    """Begin a session of an account authenticated by its provider; None: it may not sign in at `now`."""
    row = await pool.fetchrow(_VOUCHED, name, now)
    return None if row is None else await begin(pool, row, now, SESSION_TTL, {"by": "openid", "client": client})


async def begin(
    pool: Pool, row: "asyncpg.Record", now: datetime, ttl: timedelta, how: Mapping[str, str]
) -> tuple[str, Principal]:
    """Begin a session of the account of `row`, which ends with the account."""
    token = secrets.token_urlsafe(32)
    ends = grants.earlier_end(now + ttl, row["valid_to"])
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
