"""Stored passwords: setup of the first administrator, and verification."""

from runtime.db import Connection, Pool
from web.auth import hashing
from web.auth.access import Role

ADMIN = "admin"
_ADMIN_LOCK = 0x61646D69


async def admin_hash(conn: Connection) -> str | None:
    """Hash of the password of `admin`; None: no such account. Other callers wait until the transaction ends."""
    await conn.execute("SELECT pg_advisory_xact_lock($1)", _ADMIN_LOCK)
    stored: str | None = await conn.fetchval("SELECT password_hash FROM accounts WHERE name = $1", ADMIN)
    return stored


async def add_admin(conn: Connection, password_hash: str) -> None:
    """Add the account `admin`."""
    await conn.execute(
        "INSERT INTO accounts (name, password_hash, role) VALUES ($1, $2, $3)", ADMIN, password_hash, Role.ADMINISTRATOR
    )


async def change_admin(conn: Connection, password_hash: str) -> None:
    """Set the password of `admin`, and end its sessions."""
    await conn.execute("UPDATE accounts SET password_hash = $2 WHERE name = $1", ADMIN, password_hash)
    await conn.execute("DELETE FROM sessions WHERE account = $1", ADMIN)


async def fits(pool: Pool, name: str, password: str) -> bool:
    """Whether a password is that of an account."""
    stored = await pool.fetchval("SELECT password_hash FROM accounts WHERE name = $1", name)
    return await hashing.verify(hashing.DUMMY_HASH if stored is None else stored, password)
