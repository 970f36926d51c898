"""API tokens: creation, and end with their maker."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from runtime.db import Connection, Pool
from web.auth.access import Role
from web.auth.principal import Principal, hash_token

TOKEN_PREFIX = "patrol_"  # noqa: S105 - lets secret scanners recognise a leaked token; it is no secret


async def create_token(
    conn: Connection | Pool,
    name: str,
    role: str,
    ttl: timedelta | None,
    *,
    areas: Collection[str] | None = None,
    scopes: Collection[str] | None = None,
    by: Principal | None = None,
    now: datetime | None = None,
) -> str:
    """Create an API token and return it; only its hash is stored.

    Args:
        conn: the database.
        name: its purpose, shown in lists and logs.
        role: one of `Role`.
        ttl: time until it expires; None: no end.
        areas: codes of areas it is limited to; None: the whole city.
        scopes: permissions it is limited to; None: all of the role.
        by: its maker, with whom it ends; None: the command line.
        now: the time; None: the present.

    Raises:
        ValueError: no such role.
    """
    role = Role(role)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = now or datetime.now(UTC)
    await conn.execute(
        """INSERT INTO api_tokens (token_hash, name, role, created_at, expires_at, areas, scopes, account, parent,
                                  settings)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        hash_token(token),
        name,
        role,
        now,
        None if ttl is None else now + ttl,
        None if areas is None else sorted(areas),
        None if scopes is None else sorted(scopes),
        None if by is None else by.account,
        None if by is None else by.token,
        None if by is None else by.settings,
    )
    return token


async def end_children_of_settings(pool: Pool, configured: str | None) -> None:
    """End tokens made by a former token of the settings."""
    now_is = None if configured is None else hash_token(configured)
    await pool.execute("DELETE FROM api_tokens WHERE settings IS NOT NULL AND settings IS DISTINCT FROM $1", now_is)
