"""API tokens as administrators keep them: each change with its entry of the audit record, all or nothing."""

from runtime import db
from schemas import people_access as models
from web import problems
from web.audit.store import audit_log
from web.auth import account_rules, grants
from web.auth.store import tokens
from web.auth.store.granting import Granter, demand_areas

_TOKENS = """
SELECT id, name, role, areas, scopes, account, created_at, expires_at FROM api_tokens
WHERE $1::int IS NULL OR id > $1 ORDER BY id LIMIT $2
"""
_HELD_BY_TOKEN = "SELECT role, areas, scopes, expires_at FROM api_tokens WHERE id = $1"  # noqa: S105 - a statement


async def listed(conn: db.Connection, after: int | None, limit: int) -> list[models.Token]:
    """API tokens by number, without their secrets."""
    return [models.Token(**row) for row in await conn.fetch(_TOKENS, after, limit)]


async def create(conn: db.Connection, wanted: models.TokenGiven, by: Granter) -> str:
    """Create an API token and return it, to be shown once; without an end it has that of its maker.

    Raises:
        ProblemError: no such area, a scope that the role does not have, an end in the past, or more than its maker
            holds.
    """
    moment = by.now()
    account_rules.demand_usable(wanted, moment)
    async with conn.transaction():
        holder = await by.granting(conn)
        await demand_areas(conn, wanted.areas)
        ends = account_rules.end(wanted.expires_at, holder)
        holding = grants.holding(wanted.role, areas=wanted.areas, until=ends, scopes=wanted.scopes)
        account_rules.demand_held(holder, holding)
        ttl = None if ends is None else ends - moment
        token = await tokens.create_token(
            conn, wanted.name, wanted.role, ttl, areas=wanted.areas, scopes=wanted.scopes, by=holder, now=moment
        )
        await audit_log.record(
            conn, by.actor, "token.create", wanted.name, wanted.model_dump(mode="json", exclude={"name"})
        )
    return token


async def revoke(conn: db.Connection, number: int, by: Granter) -> None:
    """Delete a token and everything made with it; open connections end within a second.

    Raises:
        ProblemError: there is none of that number, or it holds more than who asks for this.
    """
    async with conn.transaction():
        holder = await by.granting(conn)
        held = await conn.fetchrow(_HELD_BY_TOKEN, number)
        if held is None:
            raise problems.not_found(f"Token {number}")
        holding = grants.holding(held["role"], areas=held["areas"], until=held["expires_at"], scopes=held["scopes"])
        account_rules.demand_held(holder, holding)
        name = await conn.fetchval("DELETE FROM api_tokens WHERE id = $1 RETURNING name", number)
        await audit_log.record(conn, by.actor, "token.revoke", name, {"id": number})
