"""Who may come in: accounts, sessions and API tokens. Secrets are stored only as hashes."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import argon2
import asyncpg

from runtime.db import Connection, Pool
from runtime.vault import Vault
from tracking.city import device_grant
from tracking.store.tracks import device_access
from web.audit import audit
from web.auth import passwords, second_factor
from web.auth.access import PERMISSIONS, Grant, Permission, Role
from web.auth.grants import Holding

ADMIN = "admin"
NOBODY = "-"
"""Who acts in the audit record before they showed who they are."""
UNKNOWN = "unknown account"
SESSION_TTL = timedelta(hours=12)
TOKEN_PREFIX = "patrol_"  # noqa: S105 - lets secret scanners recognise a leaked token; it is no secret
_ADMIN_LOCK = 0x61646D69

# OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Two at a time: a burst of sign-ins must take neither all the memory nor all the cores.
_hashing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# Verified where no account exists, so that the time taken tells nothing.
_DUMMY_HASH = _hasher.hash(secrets.token_urlsafe(16))

_HOLDS = "NOT a.disabled AND (a.valid_from IS NULL OR a.valid_from <= $2) AND (a.valid_to IS NULL OR a.valid_to > $2)"
_SESSIONS = f"""
SELECT a.name, a.role, a.areas, a.officer, s.token_hash, least(s.expires_at, a.valid_to) AS expires_at,
       NULL::text[] AS scopes, a.name AS account, NULL::int AS token, a.made_by AS maker, a.valid_to AS until
FROM sessions s JOIN accounts a ON a.name = s.account
WHERE s.token_hash = ANY ($1) AND s.expires_at > $2 AND {_HOLDS}
"""  # noqa: S608 - built from a constant of this file
_TOKENS = f"""
SELECT t.name, t.role, t.areas, a.officer, t.token_hash, least(t.expires_at, a.valid_to) AS expires_at, t.scopes,
       t.account, t.id AS token, t.id AS maker, least(t.expires_at, a.valid_to) AS until
FROM api_tokens t LEFT JOIN accounts a ON a.name = t.account
WHERE t.token_hash = ANY ($1) AND (t.expires_at IS NULL OR t.expires_at > $2) AND (a.name IS NULL OR {_HOLDS})
"""  # noqa: S608 - the same
_TO_SIGN_IN = f"""
SELECT a.name, a.password_hash, a.role, a.areas, a.officer, a.valid_to, a.totp_secret, a.totp_confirmed, a.totp_step,
       a.made_by, ({_HOLDS}) AND a.issuer IS NULL AS usable
FROM accounts a WHERE a.name = $1
"""  # noqa: S608 - the same
_VOUCHED = f"""
SELECT a.name, a.role, a.areas, a.officer, a.valid_to, a.made_by FROM accounts a
WHERE a.name = $1 AND a.issuer IS NOT NULL AND {_HOLDS}
"""  # noqa: S608 - the same
_BY_SESSION = _SESSIONS.replace("ANY ($1)", "$1")
_BY_TOKEN = _TOKENS.replace("ANY ($1)", "$1")


class Kind(StrEnum):
    """How somebody showed who they are."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who showed who they are."""

    name: str
    role: str
    kind: Kind
    token_hash: bytes | None
    """Key of the session or token in the database; None for the token of the settings."""
    expires_at: datetime | None
    permissions: frozenset[Permission]
    areas: frozenset[str] | None = None
    """Codes of areas; None: the whole city."""
    officer: int | None = None
    """Whose own record this is."""
    device: int | None = None
    """Slot of the device that this is; None: a person or a tool."""
    account: str | None = None
    """Account that signed in, or that the token ends with; None: the command line or the settings made it."""
    token: int | None = None
    """Number of the token; None: a session, or the token of the settings."""
    maker: int | None = None
    """Number of the token with which accounts end that are made: itself, or the one that made the account."""
    settings: bytes | None = None
    """SHA-256 of the token of the settings, which this is; None: another."""
    until: datetime | None = None
    """When the account or token itself ends; None: it does not."""

    @property
    def payer(self) -> str:
        """For whom costs are counted: the account, with all its sessions and tokens; else the token itself."""
        return f"token {self.token or self.name}" if self.account is None else self.account

    @property
    def holding(self) -> Holding:
        """What can be granted."""
        return Holding(permissions=self.permissions, areas=self.areas, until=self.until, officer=self.officer)

    @property
    def grant(self) -> Grant:
        """What decides on the sight."""
        return Grant(self.areas, Permission.POSITIONS in self.permissions)


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

    Raises:
        CommonPasswordError: what the settings say is among the first that are tried.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _ADMIN_LOCK)
        stored = await connection.fetchval("SELECT password_hash FROM accounts WHERE name = $1", ADMIN)
        if password is not None and (stored is None or not await _verify(stored, password)):
            await passwords.demand(password, ADMIN)
        if stored is None:
            made = secrets.token_urlsafe(12) if password is None else None
            await connection.execute(
                "INSERT INTO accounts (name, password_hash, role) VALUES ($1, $2, $3)",
                ADMIN,
                await hash_password(made or password or ""),
                Role.ADMINISTRATOR,
            )
            return made
        if password is not None and not await _verify(stored, password):
            await connection.execute(
                "UPDATE accounts SET password_hash = $2 WHERE name = $1", ADMIN, await hash_password(password)
            )
            await connection.execute("DELETE FROM sessions WHERE account = $1", ADMIN)
        return None


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
    fits = await _verify(row["password_hash"] if row is not None else _DUMMY_HASH, password)
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
        await audit.record(connection, NOBODY, "session.refused", name, how)


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
        await audit.record(connection, row["name"], "session.begin", row["name"], how)
    fields = {**row, "token_hash": hash_token(token), "expires_at": ends, "scopes": None}
    fields |= {"account": row["name"], "token": None, "maker": row["made_by"], "until": row["valid_to"]}
    return token, _principal(fields, Kind.SESSION)


async def sign_out(pool: Pool, principal: Principal) -> None:
    """End a session."""
    async with pool.acquire() as connection, connection.transaction():
        ended = await connection.fetchval(
            "DELETE FROM sessions WHERE token_hash = $1 RETURNING account", principal.token_hash
        )
        if ended is not None:
            await audit.record(connection, principal.name, "session.end", principal.name)


async def by_session(pool: Pool, token: str, now: datetime | None = None) -> Principal | None:
    """Find whose session a cookie's value stands for at `now`."""
    row = await pool.fetchrow(_BY_SESSION, hash_token(token), now or datetime.now(UTC))
    return None if row is None else _principal(row, Kind.SESSION)


async def by_token(pool: Pool, token: str, now: datetime | None = None) -> Principal | None:
    """Find what an API token of the database stands for at `now`."""
    row = await pool.fetchrow(_BY_TOKEN, hash_token(token), now or datetime.now(UTC))
    return None if row is None else _principal(row, Kind.TOKEN)


def by_settings(token: str, configured: str | None) -> Principal | None:
    """Tell whether a token is that of the settings, in constant time."""
    if configured is None or not hmac.compare_digest(hash_token(token), hash_token(configured)):
        return None
    role = Role.ADMINISTRATOR
    return Principal(
        name="api-token",
        role=role,
        kind=Kind.TOKEN,
        token_hash=None,
        expires_at=None,
        permissions=PERMISSIONS[role],
        settings=hash_token(token),
    )


async def by_device(pool: Pool, key: str | None, name: str, password: str) -> Principal | None:
    """Find the device of that name and password; it may send what its events name, and sees nothing."""
    if key is None:
        return None
    async with pool.acquire() as connection:
        grant = await device_access.grant_of(connection, name.replace("\0", "\ufffd"))
        if not device_grant.fits(key, grant, password):
            return None
        slot = await connection.fetchval("SELECT id FROM devices WHERE name = $1", name)
    return Principal(
        name=name,
        role="device",
        kind=Kind.DEVICE,
        token_hash=None,
        expires_at=None,
        permissions=frozenset({Permission.MEDIA_SEND}),
        areas=frozenset(),
        device=slot,
    )


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
    """Make an API token and return it; only its hash is kept.

    Args:
        conn: the database.
        name: what it is for, shown in lists and logs.
        role: one of `Role`.
        ttl: how long it holds; None: until it is deleted.
        areas: codes of areas it is limited to; None: the whole city.
        scopes: permissions it is limited to; None: all of the role.
        by: who makes it, and with whom it ends; None: the command line.
        now: the time; None: of this moment.

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
    """End tokens that another token of the settings made than the one that is configured now."""
    now_is = None if configured is None else hash_token(configured)
    await pool.execute("DELETE FROM api_tokens WHERE settings IS NOT NULL AND settings IS DISTINCT FROM $1", now_is)


async def again(conn: Connection, who: Principal, now: datetime) -> Principal | None:
    """Look somebody up again with the rights of `now`; None: they ended meanwhile."""
    if who.token_hash is None:
        return who
    row = await conn.fetchrow(_BY_SESSION if who.kind is Kind.SESSION else _BY_TOKEN, who.token_hash, now)
    return None if row is None else _principal(row, who.kind)


async def still_valid(pool: Pool, hashes: list[bytes], now: datetime) -> dict[bytes, Principal]:
    """Look up again those of these sessions and tokens that hold at `now`, with the rights they have now."""
    async with pool.acquire() as connection:
        found = [(row, Kind.SESSION) for row in await connection.fetch(_SESSIONS, hashes, now)]
        found += [(row, Kind.TOKEN) for row in await connection.fetch(_TOKENS, hashes, now)]
    return {row["token_hash"]: _principal(row, kind) for row, kind in found}


def _principal(row: "asyncpg.Record | dict[str, Any]", kind: Kind) -> Principal:
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


async def hash_password(password: str) -> str:
    """Hash a password to be stored."""
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher.hash, password)


async def fits(pool: Pool, name: str, password: str) -> bool:
    """Tell whether a password is that of an account."""
    stored = await pool.fetchval("SELECT password_hash FROM accounts WHERE name = $1", name)
    return await _verify(_DUMMY_HASH if stored is None else stored, password)


async def _verify(stored: str, password: str) -> bool:
    return await asyncio.get_running_loop().run_in_executor(_hashing, _verify_now, stored, password)


def _verify_now(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except argon2.exceptions.VerificationError:
        return False
