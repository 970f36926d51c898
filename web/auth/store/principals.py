"""Principals of sessions, tokens and devices."""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from runtime.db import Connection, Pool
from tracking.city import device_grant
from tracking.store.tracks import device_access
from web.auth.access import PERMISSIONS, Permission, Role
from web.auth.principal import CredentialKind, Principal, hash_token

HOLDS = "NOT a.disabled AND (a.valid_from IS NULL OR a.valid_from <= $2) AND (a.valid_to IS NULL OR a.valid_to > $2)"
_SESSIONS = f"""
SELECT a.name, a.role, a.areas, a.officer, s.token_hash, least(s.expires_at, a.valid_to) AS expires_at,
       NULL::text[] AS scopes, a.name AS account, NULL::int AS token, a.made_by AS maker, a.valid_to AS until
FROM sessions s JOIN accounts a ON a.name = s.account
WHERE s.token_hash = ANY ($1) AND s.expires_at > $2 AND {HOLDS}
"""  # noqa: S608 - built from a constant of this file
_TOKENS = f"""
SELECT t.name, t.role, t.areas, a.officer, t.token_hash, least(t.expires_at, a.valid_to) AS expires_at, t.scopes,
       t.account, t.id AS token, t.id AS maker, least(t.expires_at, a.valid_to) AS until
FROM api_tokens t LEFT JOIN accounts a ON a.name = t.account
WHERE t.token_hash = ANY ($1) AND (t.expires_at IS NULL OR t.expires_at > $2) AND (a.name IS NULL OR {HOLDS})
"""  # noqa: S608 - the same
_BY_SESSION = _SESSIONS.replace("ANY ($1)", "$1")
_BY_TOKEN = _TOKENS.replace("ANY ($1)", "$1")


async def by_session(pool: Pool, token: str, now: datetime | None = None) -> Principal | None:
    """Principal of a session by the value of its cookie at `now`."""
    row = await pool.fetchrow(_BY_SESSION, hash_token(token), now or datetime.now(UTC))
    return None if row is None else principal(row, CredentialKind.SESSION)


async def by_token(pool: Pool, token: str, now: datetime | None = None) -> Principal | None:
    """Principal of an API token of the database at `now`."""
    row = await pool.fetchrow(_BY_TOKEN, hash_token(token), now or datetime.now(UTC))
    return None if row is None else principal(row, CredentialKind.TOKEN)


async def by_device(pool: Pool, key: str | None, name: str, password: str) -> Principal | None:
    """Principal of a device by name and password; it may send files named by its events, and sees nothing."""
    if key is None:
        return None
    async with pool.acquire() as connection:
        grant = await device_access.grant_of(connection, name.replace("\0", "\ufffd"))
        if not device_grant.password_fits(key, grant, password):
            return None
        slot = await connection.fetchval("SELECT id FROM devices WHERE name = $1", name)
    return Principal(
        name=name,
        role="device",
        kind=CredentialKind.DEVICE,
        token_hash=None,
        expires_at=None,
        permissions=frozenset({Permission.MEDIA_SEND}),
        areas=frozenset(),
        device=slot,
    )


async def reread(conn: Connection, who: Principal, now: datetime) -> Principal | None:
    """Read a principal again with the rights of `now`; None: it has ended."""
    if who.token_hash is None:
        return who
    row = await conn.fetchrow(_BY_SESSION if who.kind is CredentialKind.SESSION else _BY_TOKEN, who.token_hash, now)
    return None if row is None else principal(row, who.kind)


async def still_valid(pool: Pool, hashes: list[bytes], now: datetime) -> dict[bytes, Principal]:
    """Read those of these sessions and tokens that are valid at `now` again, with their present rights."""
    async with pool.acquire() as connection:
        rows = [(row, CredentialKind.SESSION) for row in await connection.fetch(_SESSIONS, hashes, now)]
        rows += [(row, CredentialKind.TOKEN) for row in await connection.fetch(_TOKENS, hashes, now)]
    return {row["token_hash"]: principal(row, kind) for row, kind in rows}


def principal(row: "asyncpg.Record | dict[str, Any]", kind: CredentialKind) -> Principal:
    """Make a principal of a row of sessions or tokens."""
    granted = PERMISSIONS[Role(row["role"])]
    scopes = row["scopes"]
    return Principal(
        name=row["name"],
        role=row["role"],
        kind=kind,
        token_hash=row["token_hash"],
        expires_at=row["expires_at"],
        permissions=granted if scopes is None else granted & frozenset(scopes),
        areas=None if row["areas"] is None else frozenset(row["areas"]),
        officer=row["officer"],
        account=row["account"],
        token=row["token"],
        maker=row["maker"],
        until=row["until"],
    )
