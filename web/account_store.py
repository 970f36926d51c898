"""Accounts and tokens as administrators keep them: each change with its entry of the audit record, all or nothing."""

import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from schemas import people_access as models
from tracking import db
from web import accounts, audit, problems
from web.access import PERMISSIONS, Role

_SHOWN = """
SELECT a.name, a.role, a.areas, a.valid_from, a.valid_to, a.disabled, a.created_at, o.badge AS officer,
       a.totp_confirmed AS second_factor, a.issuer,
       (SELECT count(*)::int FROM sessions s WHERE s.account = a.name AND s.expires_at > now()) AS sessions
FROM accounts a LEFT JOIN officers o ON o.id = a.officer
"""
_TOKENS = """
SELECT id, name, role, areas, scopes, account, created_at, expires_at FROM api_tokens
WHERE $1::int IS NULL OR id > $1 ORDER BY id LIMIT $2
"""
# Two administrators who demote one another at the same time must take turns.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.accounts'))"
_ANY_LEFT = """
SELECT EXISTS (SELECT FROM accounts WHERE role = 'administrator' AND areas IS NULL AND NOT disabled
               AND (valid_to IS NULL OR valid_to > now()))
"""


async def listed(conn: db.Connection, after: str | None, limit: int) -> list[models.Account]:
    """Accounts by name."""
    rows = await conn.fetch(_SHOWN + "WHERE $1::text IS NULL OR a.name > $1 ORDER BY a.name LIMIT $2", after, limit)
    return [models.Account(**row) for row in rows]


async def one(conn: db.Connection, name: str) -> models.Account:
    """One account.

    Raises:
        ProblemError: there is none of that name.
    """
    row = await conn.fetchrow(_SHOWN + "WHERE a.name = $1", name)
    if row is None:
        raise problems.not_found(f"Account {name}")
    return models.Account(**row)


async def create(
    conn: db.Connection, given: models.AccountGiven, actor: str, *, issuer: str | None = None
) -> tuple[models.Account, str | None]:
    """Make an account; without a password one is made, and returned to be shown once.

    Args:
        conn: the database.
        given: the account.
        actor: who makes it.
        issuer: the site's OpenID provider, for accounts that it vouches for.

    Raises:
        ProblemError: there is one of that name, no such area or officer, or no provider.
    """
    if given.openid and issuer is None:
        raise problems.ProblemError(422, "No OpenID provider is set (PATROL_OPENID_ISSUER): leave openid out.")
    made = None if given.password is not None else secrets.token_urlsafe(32 if given.openid else 12)
    hashed = await accounts.hash_password(given.password or made or "")
    async with conn.transaction():
        await conn.execute(LOCK)
        await _demand_areas(conn, given.areas)
        officer = await _officer(conn, given.officer)
        try:
            await conn.execute(
                """INSERT INTO accounts (name, password_hash, role, areas, valid_from, valid_to, officer, issuer)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
                given.name, hashed, given.role, given.areas, given.valid_from, given.valid_to, officer,
                issuer if given.openid else None,
            )  # fmt: skip
        except asyncpg.UniqueViolationError as error:
            raise problems.ProblemError(409, f"There is an account {given.name} already; choose another.") from error
        detail = given.model_dump(mode="json", exclude={"password", "name"})
        shown = await one(conn, given.name)
        await audit.record(conn, actor, "account.create", given.name, detail)
    return shown, None if given.openid else made


async def change(conn: db.Connection, name: str, given: models.AccountChange, actor: str) -> models.Account:
    """Change what is given; sessions and tokens end where rights change or a password is set.

    Raises:
        ProblemError: no such account, area or officer; or no administrator would be left.
    """
    hashed = None if given.password is None else await accounts.hash_password(given.password)
    wanted = given.model_dump(exclude_unset=True, exclude={"password", "reset_second_factor"})
    async with conn.transaction():
        await conn.execute(LOCK)
        before = await one(conn, name)
        if hashed is not None and before.issuer is not None:
            raise problems.ProblemError(422, "The OpenID provider vouches for this account; it has no password here.")
        await _demand_areas(conn, given.areas)
        if "officer" in wanted:
            wanted["officer"] = await _officer(conn, given.officer)
        if hashed is not None:
            wanted["password_hash"] = hashed
        if given.reset_second_factor:
            wanted |= {"totp_secret": None, "totp_confirmed": False, "recovery": []}
        await set_columns(conn, name, wanted)
        if not await conn.fetchval(_ANY_LEFT):
            raise problems.ProblemError(409, "No administrator of the whole city would be left; make another first.")
        ended = await end_sessions(conn, name) if wanted else 0
        shown = await one(conn, name)
        detail = given.model_dump(mode="json", exclude_unset=True, exclude={"password"})
        detail |= {"sessions_ended": ended, "password": "set"} if hashed is not None else {"sessions_ended": ended}
        await audit.record(conn, actor, "account.change", name, detail)
    return shown


async def set_password(conn: db.Connection, name: str, password: str, actor: str, keep: bytes | None = None) -> None:
    """Set a password; all sessions but `keep` end, and all tokens the account made."""
    hashed = await accounts.hash_password(password)
    async with conn.transaction():
        await conn.execute("UPDATE accounts SET password_hash = $2 WHERE name = $1", name, hashed)
        ended = await end_sessions(conn, name, keep)
        await audit.record(conn, actor, "account.password", name, {"sessions_ended": ended})


async def sign_out_everywhere(conn: db.Connection, name: str, actor: str) -> int:
    """End all sessions and tokens of an account; returns how many."""
    async with conn.transaction():
        await one(conn, name)
        ended = await end_sessions(conn, name)
        await audit.record(conn, actor, "account.sign_out", name, {"sessions_ended": ended})
    return ended


async def end_sessions(conn: db.Connection, name: str, keep: bytes | None = None) -> int:
    """End sessions and tokens of an account, but for one session."""
    sessions = await conn.fetch(
        "DELETE FROM sessions WHERE account = $1 AND token_hash IS DISTINCT FROM $2 RETURNING 1", name, keep
    )
    tokens = await conn.fetch("DELETE FROM api_tokens WHERE account = $1 RETURNING 1", name)
    return len(sessions) + len(tokens)


async def tokens(conn: db.Connection, after: int | None, limit: int) -> list[models.Token]:
    """API tokens by number, without what opens."""
    return [models.Token(**row) for row in await conn.fetch(_TOKENS, after, limit)]


async def create_token(
    conn: db.Connection, given: models.TokenGiven, actor: str, *, account: str | None, now: datetime | None = None
) -> str:
    """Make an API token and return it, to be shown once.

    Args:
        conn: the database.
        given: what it may do and until when.
        actor: who makes it.
        account: with whom it ends; None: the command line made it.
        now: the time; None: of this moment.

    Raises:
        ProblemError: no such area, a scope that the role does not have, or an end in the past.
    """
    moment = now or datetime.now(UTC)
    beyond = sorted(set(given.scopes or ()) - PERMISSIONS[Role(given.role)])
    if beyond:
        raise problems.ProblemError(422, f"The role {given.role} has no {', '.join(beyond)}; leave them out.")
    if given.expires_at is not None and given.expires_at <= moment:
        raise problems.ProblemError(422, "expires_at must lie in the future.")
    ttl: timedelta | None = None if given.expires_at is None else given.expires_at - moment
    async with conn.transaction():
        await _demand_areas(conn, given.areas)
        token = await accounts.create_token(
            conn, given.name, given.role, ttl, areas=given.areas, scopes=given.scopes, account=account, now=moment
        )
        await audit.record(conn, actor, "token.create", given.name, given.model_dump(mode="json", exclude={"name"}))
    return token


async def revoke_token(conn: db.Connection, number: int, actor: str) -> None:
    """Delete a token: what it opened is closed within a second.

    Raises:
        ProblemError: there is none of that number.
    """
    async with conn.transaction():
        name = await conn.fetchval("DELETE FROM api_tokens WHERE id = $1 RETURNING name", number)
        if name is None:
            raise problems.not_found(f"Token {number}")
        await audit.record(conn, actor, "token.revoke", name, {"id": number})


async def set_columns(conn: db.Connection, name: str, wanted: Mapping[str, Any]) -> None:
    """Set columns of an account.

    Raises:
        ProblemError: its time would end before it begins.
    """
    if not wanted:
        return
    # The names of the columns are those of our own models, never a caller's.
    columns = ", ".join(f"{column} = ${n}" for n, column in enumerate(wanted, 2))
    try:
        await conn.execute(f"UPDATE accounts SET {columns} WHERE name = $1", name, *wanted.values())  # noqa: S608
    except asyncpg.CheckViolationError as error:
        raise problems.ProblemError(422, "valid_to must lie after valid_from.") from error


async def _demand_areas(conn: db.Connection, areas: Collection[str] | None) -> None:
    known = {row["code"] for row in await conn.fetch("SELECT code FROM areas WHERE code = ANY ($1)", list(areas or ()))}
    missing = sorted(set(areas or ()) - known)
    if missing:
        raise problems.ProblemError(422, f"There is no area {', '.join(missing)}; GET /api/v1/areas lists them.")


async def _officer(conn: db.Connection, badge: str | None) -> int | None:
    if badge is None:
        return None
    number: int | None = await conn.fetchval("SELECT id FROM officers WHERE badge = $1", badge)
    if number is None:
        raise problems.ProblemError(422, f"There is no officer with the badge {badge}.")
    return number
