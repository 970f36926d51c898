"""Stored passwords: that of the first administrator, and whether one fits."""

import secrets

from runtime.db import Pool
from web.auth import hashing, passwords
from web.auth.access import Role

ADMIN = "admin"
_ADMIN_LOCK = 0x61646D69


async def ensure_admin(pool: Pool, password: str | None) -> str | None:
    """Make the account `admin` where there is none, or bring its password to `password`.

    Args:
        pool: the database.
        password: what the settings say; None: keep what is stored, and make one at the first start.

    Returns:
        The password made, to be shown once; None when none was made.

    Raises:
        CommonPasswordError: what the settings say is among the first that are tried.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _ADMIN_LOCK)
        stored = await connection.fetchval("SELECT password_hash FROM accounts WHERE name = $1", ADMIN)
        if password is not None and (stored is None or not await hashing.verify(stored, password)):
            await passwords.demand(password, ADMIN)
        if stored is None:
            generated = secrets.token_urlsafe(12) if password is None else None
            await connection.execute(
                "INSERT INTO accounts (name, password_hash, role) VALUES ($1, $2, $3)",
                ADMIN,
                await hashing.hash_password(generated or password or ""),
                Role.ADMINISTRATOR,
            )
            return generated
        if password is not None and not await hashing.verify(stored, password):
            await connection.execute(
                "UPDATE accounts SET password_hash = $2 WHERE name = $1", ADMIN, await hashing.hash_password(password)
            )
            await connection.execute("DELETE FROM sessions WHERE account = $1", ADMIN)
        return None


async def fits(pool: Pool, name: str, password: str) -> bool:
    """Tell whether a password is that of an account."""
    stored = await pool.fetchval("SELECT password_hash FROM accounts WHERE name = $1", name)
    return await hashing.verify(hashing.DUMMY_HASH if stored is None else stored, password)
