"""Who may come in: accounts, sessions and API tokens. Secrets are stored only as hashes."""

import asyncio
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import argon2
import asyncpg

from tracking.db import Pool

ADMIN = "admin"
SESSION_TTL = timedelta(hours=12)
TOKEN_PREFIX = "patrol_"  # noqa: S105 - lets secret scanners recognise a leaked token; it is no secret
_ADMIN_LOCK = 0x61646D69

# OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Two at a time: a burst of sign-ins must take neither all the memory nor all the cores.
_hashing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# Verified where no account exists, so that the time taken tells nothing.
_DUMMY_HASH = _hasher.hash(secrets.token_urlsafe(16))


class Role(StrEnum):
    """What an account or token may do."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    VIEWER = "viewer"


class Kind(StrEnum):
    """How somebody showed who they are."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the name of a kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who showed who they are."""

    name: str
    role: str
    kind: Kind
    token_hash: bytes | None
    """Key of the session or token in the database; None for the token of the settings."""
    expires_at: datetime | None


def hash_token(token: str) -> bytes:
    """Hash a random token; it has enough entropy that no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def ensure_admin(pool: Pool, password: str | None) -> str | None:
    """Make the account `admin` where there is none, or bring its password to `password`.

    Args:
        pool: the database.
        password: what the settings say; None: keep what is stored, and make one at the first start.

    Returns:
        The password made, to be shown once; None when none was made.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _ADMIN_LOCK)
        stored = await connection.fetchval("SELECT password_hash FROM accounts WHERE name = $1", ADMIN)
        if stored is None:
            made = secrets.token_urlsafe(12) if password is None else None
            await connection.execute(
                "INSERT INTO accounts (name, password_hash, role) VALUES ($1, $2, $3)",
                ADMIN,
                await _hash(made or password or ""),
                Role.ADMINISTRATOR,
            )
            return made
        if password is not None and not await _verify(stored, password):
            await connection.execute(
                "UPDATE accounts SET password_hash = $2 WHERE name = $1", ADMIN, await _hash(password)
            )
            await connection.execute("DELETE FROM sessions WHERE account = $1", ADMIN)
        return None


async def sign_in(
    pool: Pool, name: str, password: str, *, ttl: timedelta = SESSION_TTL
) -> tuple[str, Principal] | None:
    """Check a name and password and begin a session.

    Returns:
        The cookie's value and who it stands for; None when they do not fit, without telling which of them.
    """
    row = await pool.fetchrow("SELECT password_hash, role, disabled FROM accounts WHERE name = $1", name)
    usable = row is not None and not row["disabled"]
    fits = await _verify(row["password_hash"] if row is not None else _DUMMY_HASH, password)
    if row is None or not usable or not fits:
        return None
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM sessions WHERE expires_at <= $1", now)
        await connection.execute(
            "INSERT INTO sessions (token_hash, account, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            hash_token(token),
            name,
            now,
            now + ttl,
        )
    principal = Principal(
        name=name, role=row["role"], kind=Kind.SESSION, token_hash=hash_token(token), expires_at=now + ttl
    )
    return token, principal


async def sign_out(pool: Pool, principal: Principal) -> None:
    """End a session."""
    await pool.execute("DELETE FROM sessions WHERE token_hash = $1", principal.token_hash)


async def by_session(pool: Pool, token: str) -> Principal | None:
    """Find whose session a cookie's value stands for."""
    row = await pool.fetchrow(
        """SELECT a.name, a.role, s.token_hash, s.expires_at FROM sessions s JOIN accounts a ON a.name = s.account
        WHERE s.token_hash = $1 AND s.expires_at > now() AND NOT a.disabled""",
        hash_token(token),
    )
    return _principal(row, Kind.SESSION)


async def by_token(pool: Pool, token: str) -> Principal | None:
    """Find what an API token of the database stands for."""
    row = await pool.fetchrow(
        """SELECT name, role, token_hash, expires_at FROM api_tokens
        WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > now())""",
        hash_token(token),
    )
    return _principal(row, Kind.TOKEN)


def by_settings(token: str, configured: str | None) -> Principal | None:
    """Tell whether a token is that of the settings, in constant time."""
    if configured is None or not hmac.compare_digest(hash_token(token), hash_token(configured)):
        return None
    return Principal(name="api-token", role=Role.ADMINISTRATOR, kind=Kind.TOKEN, token_hash=None, expires_at=None)


async def create_token(pool: Pool, name: str, role: str, ttl: timedelta | None) -> str:
    """Make an API token and return it; only its hash is kept.

    Args:
        pool: the database.
        name: what it is for, shown in lists and logs.
        role: one of `Role`.
        ttl: how long it holds; None: until it is deleted.

    Raises:
        ValueError: no such role.
    """
    role = Role(role)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    await pool.execute(
        "INSERT INTO api_tokens (token_hash, name, role, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        hash_token(token),
        name,
        role,
        now,
        None if ttl is None else now + ttl,
    )
    return token


async def still_valid(pool: Pool, hashes: list[bytes]) -> set[bytes]:
    """Tell which of these sessions and tokens still hold."""
    rows = await pool.fetch(
        """SELECT s.token_hash FROM sessions s JOIN accounts a ON a.name = s.account
        WHERE s.token_hash = ANY($1) AND s.expires_at > now() AND NOT a.disabled
        UNION ALL SELECT token_hash FROM api_tokens
        WHERE token_hash = ANY($1) AND (expires_at IS NULL OR expires_at > now())""",
        hashes,
    )
    return {row["token_hash"] for row in rows}


def _principal(row: asyncpg.Record | None, kind: Kind) -> Principal | None:
    if row is None:
        return None
    return Principal(
        name=row["name"], role=row["role"], kind=kind, token_hash=row["token_hash"], expires_at=row["expires_at"]
    )


async def _hash(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


async def _verify(stored: str, password: str) -> bool:
    return await asyncio.get_running_loop().run_in_executor(_hashing, _verify_now, stored, password)


def _verify_now(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except argon2.exceptions.VerificationError:
        return False
