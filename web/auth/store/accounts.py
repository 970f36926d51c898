"""Accounts as administrators keep them: each change with its entry of the audit record, all or nothing."""

import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg

from runtime import db
from schemas import people_access as models
from web import problems
from web.audit.store import audit_log
from web.auth import account_rules, grants, hashing, passwords
from web.auth.principal import Principal
from web.auth.store import granting
from web.auth.store.granting import Granter, demand_areas

_SHOWN = """
SELECT a.name, a.role, a.areas, a.valid_from, a.valid_to, a.disabled, a.created_at, o.badge AS officer,
       a.totp_confirmed AS second_factor, a.issuer,
       (SELECT count(*)::int FROM sessions s WHERE s.account = a.name AND s.expires_at > now()) AS sessions
FROM accounts a LEFT JOIN officers o ON o.id = a.officer
"""
_NONE_LEFT = "PG001"
"""SQLSTATE of the trigger that protects the last administrator."""
_HELD = "SELECT role, areas, valid_to, officer FROM accounts WHERE name = $1"
_MAKER_ENDS = "SELECT t.expires_at FROM accounts a JOIN api_tokens t ON t.id = a.made_by WHERE a.name = $1"


async def listed(conn: db.Connection, after: str | None, limit: int) -> list[models.Account]:
    """Accounts by name."""
    rows = await conn.fetch(_SHOWN + "WHERE $1::text IS NULL OR a.name > $1 ORDER BY a.name LIMIT $2", after, limit)
    return [models.Account(**row) for row in rows]


async def by_name(conn: db.Connection, name: str) -> models.Account:
    """One account.

    Raises:
        ProblemError: there is none of that name.
    """
    row = await conn.fetchrow(_SHOWN + "WHERE a.name = $1", name)
    if row is None:
        raise problems.not_found(f"Account {name}")
    return models.Account(**row)


async def create(
    conn: db.Connection, account: models.AccountGiven, by: Granter, *, issuer: str | None = None
) -> tuple[models.Account, str | None]:
    """Create an account; without a password one is generated and returned, to be shown once.

    Args:
        conn: the database.
        account: the account; without an end it has that of its maker.
        by: who makes it.
        issuer: the site's OpenID provider, for accounts that it vouches for.

    Raises:
        ProblemError: there is one of that name, no such area or officer, or no provider; or its maker does not hold it.
    """
    account_rules.demand_provider(account, issuer)
    await _demand_uncommon(account.password, account.name)
    generated = None if account.password is not None else secrets.token_urlsafe(32 if account.openid else 12)
    hashed = await hashing.hash_password(account.password or generated or "")
    async with conn.transaction():
        holder = await by.granting(conn)
        await demand_areas(conn, account.areas)
        officer = await _officer(conn, account.officer)
        ends = account_rules.end(account.valid_to, holder)
        wanted = grants.holding(account.role, areas=account.areas, until=ends, officer=officer)
        account_rules.demand_held(holder, wanted)
        try:
            await conn.execute(
                """INSERT INTO accounts
                (name, password_hash, role, areas, valid_from, valid_to, officer, issuer, made_by)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
                account.name, hashed, account.role, account.areas, account.valid_from, ends, officer,
                issuer if account.openid else None, None if holder is None else holder.maker,
            )  # fmt: skip
        except asyncpg.UniqueViolationError as error:
            raise problems.ProblemError(409, f"Account {account.name} exists already; choose another name.") from error
        except asyncpg.CheckViolationError as error:
            raise problems.ProblemError(422, "valid_to must lie after valid_from.") from error
        detail = account.model_dump(mode="json", exclude={"password", "name"})
        shown = await by_name(conn, account.name)
        await audit_log.record(conn, by.actor, "account.create", account.name, detail)
    return shown, None if account.openid else generated


async def change(conn: db.Connection, name: str, changes: models.AccountChange, by: Granter) -> models.Account:
    """Change what is given; sessions and tokens end where rights change or a password is set.

    Raises:
        ProblemError: no such account, area or officer; no administrator would be left; or who changes it holds less
            than the account did or would.
    """
    await _demand_uncommon(changes.password, name)
    hashed = None if changes.password is None else await hashing.hash_password(changes.password)
    async with conn.transaction():
        holder = await by.granting(conn)
        before = await by_name(conn, name)
        account_rules.demand_password_here(before, changes)
        await demand_areas(conn, changes.areas)
        officer = await _officer(conn, changes.officer)
        wanted = account_rules.columns(changes, password_hash=hashed, officer=officer)
        await _demand_change(conn, name, wanted, holder)
        if account_rules.taken_over(wanted, holder):
            wanted["made_by"] = None
        ended = await end_sessions(conn, name) if wanted else 0
        await set_columns(conn, name, wanted)
        shown = await by_name(conn, name)
        detail = changes.model_dump(mode="json", exclude_unset=True, exclude={"password"})
        detail |= {"sessions_ended": ended, "password": "set"} if hashed is not None else {"sessions_ended": ended}
        await audit_log.record(conn, by.actor, "account.change", name, detail)
    return shown


async def _demand_change(conn: db.Connection, name: str, wanted: Mapping[str, Any], holder: Principal | None) -> None:
    held = dict(await conn.fetchrow(_HELD, name) or {})
    account_rules.demand_change(name, held, wanted, holder, await conn.fetchval(_MAKER_ENDS, name))


async def set_password(conn: db.Connection, name: str, password: str, actor: str, keep: bytes | None = None) -> int:
    """Set a password; all sessions but `keep` end, and all tokens the account made. Returns how many ended."""
    hashed = await hashing.hash_password(password)
    async with conn.transaction():
        await conn.execute(granting.LOCK)
        ended = await end_sessions(conn, name, keep)
        await conn.execute("UPDATE accounts SET password_hash = $2 WHERE name = $1", name, hashed)
        await audit_log.record(conn, actor, "account.password", name, {"sessions_ended": ended})
    return ended


async def sign_out_everywhere(conn: db.Connection, name: str, by: Granter) -> int:
    """End all sessions and tokens of an account; returns how many.

    Raises:
        ProblemError: there is none of that name, or it holds more than who asks for this.
    """
    async with conn.transaction():
        holder = await by.granting(conn)
        await by_name(conn, name)
        if holder is None or holder.account != name:
            await _demand_change(conn, name, {}, holder)
        ended = await end_sessions(conn, name)
        await audit_log.record(conn, by.actor, "account.sign_out", name, {"sessions_ended": ended})
    return ended


async def end_sessions(conn: db.Connection, name: str, keep: bytes | None = None) -> int:
    """End sessions and tokens of an account, but for one session."""
    sessions = await conn.fetch(
        "DELETE FROM sessions WHERE account = $1 AND token_hash IS DISTINCT FROM $2 RETURNING 1", name, keep
    )
    tokens = await conn.fetch("DELETE FROM api_tokens WHERE account = $1 RETURNING 1", name)
    return len(sessions) + len(tokens)


async def set_columns(conn: db.Connection, name: str, wanted: Mapping[str, Any]) -> None:
    """Set columns of an account.

    Raises:
        ProblemError: its time would end before it begins, or no administrator would be left.
    """
    if not wanted:
        return
    # The names of the columns are those of our own models, never a caller's.
    columns = ", ".join(f"{column} = ${n}" for n, column in enumerate(wanted, 2))
    try:
        await conn.execute(f"UPDATE accounts SET {columns} WHERE name = $1", name, *wanted.values())  # noqa: S608
    except asyncpg.CheckViolationError as error:
        raise problems.ProblemError(422, "valid_to must lie after valid_from.") from error
    except asyncpg.PostgresError as error:
        if error.sqlstate != _NONE_LEFT:
            raise
        detail = "This would leave no administrator of the whole city with a password and no end; create another first."
        raise problems.ProblemError(409, detail) from error


async def _demand_uncommon(password: str | None, name: str) -> None:
    if password is None:
        return
    try:
        await passwords.demand(password, name)
    except passwords.CommonPasswordError as error:
        raise problems.ProblemError(422, str(error)) from error


async def _officer(conn: db.Connection, badge: str | None) -> int | None:
    if badge is None:
        return None
    number: int | None = await conn.fetchval("SELECT id FROM officers WHERE badge = $1", badge)
    if number is None:
        raise problems.ProblemError(422, f"There is no officer with the badge {badge}.")
    return number


async def exists(conn: db.Connection, name: str) -> bool:
    """Whether an account with this name exists."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM accounts WHERE name = $1)", name))
