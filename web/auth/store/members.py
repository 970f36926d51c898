"""Accounts of people authenticated by the provider: found by issuer and subject, created or updated by the claims."""

import secrets
from collections.abc import Mapping
from typing import Any

import structlog

from runtime import db
from web.audit.store import audit_log
from web.auth import hashing
from web.auth.openid import membership
from web.auth.openid.claims import Claimed
from web.auth.store import accounts, granting
from web.store import areas

ACTOR = "openid"
"""Actor in the audit record for changes by claims."""

log = structlog.get_logger(__name__)

_FOUND = """
SELECT name, role, areas, officer, issuer, subject FROM accounts
WHERE issuer = $1 AND subject = $2
   OR name = $3 AND NOT EXISTS (SELECT FROM accounts WHERE issuer = $1 AND subject = $2)
FOR UPDATE
"""
_INSERT = """
INSERT INTO accounts (name, password_hash, role, areas, officer, issuer, subject) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def account(conn: db.Connection, who: Claimed, *, roles_are_mapped: bool) -> str:
    """Create or update the account by the claims and return its name; call it in a transaction.

    Raises:
        NotWelcomeError: the person may not sign in.
    """
    await conn.execute(granting.LOCK)
    row = await conn.fetchrow(_FOUND, who.issuer, who.subject, who.name)
    held = None if row is None else dict(row)
    try:
        membership.demand_welcome(held, who, roles_are_mapped=roles_are_mapped)
    except membership.RoleLostError as error:
        await accounts.end_sessions(conn, error.name)
        raise
    wanted = await _wanted(conn, who)
    if held is None:
        await _make(conn, who, wanted)
        return who.name
    await _change(conn, held, wanted)
    return str(held["name"])


async def _make(conn: db.Connection, who: Claimed, wanted: Mapping[str, Any]) -> None:
    # Hash of a random value: a sign-in with a password takes the usual time and always fails.
    hashed = await hashing.hash_password(secrets.token_urlsafe(32))
    values = (wanted.get("areas", []), wanted.get("officer"))
    await conn.execute(_INSERT, who.name, hashed, who.role, *values, who.issuer, who.subject)
    detail = {"role": who.role, "areas": values[0], "issuer": who.issuer, "subject": who.subject}
    await audit_log.record(conn, ACTOR, "account.create", who.name, detail)


async def _change(conn: db.Connection, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    changed = membership.changes(held, wanted)
    if not changed:
        return
    ended = await accounts.end_sessions(conn, held["name"]) if membership.end_sessions(changed) else 0
    await accounts.set_columns(conn, held["name"], changed)
    await audit_log.record(conn, ACTOR, "account.change", held["name"], {**changed, "sessions_ended": ended})


async def _wanted(conn: db.Connection, who: Claimed) -> dict[str, Any]:
    claimed = [] if who.whole_city else who.areas or ()
    known = await areas.existing(conn, claimed) if claimed else []
    if unknown := sorted(set(claimed) - set(known)):
        log.warning("openid.unknown_areas", name=who.name, areas=unknown)
    badge = who.badge
    officer = None if badge is None else await conn.fetchval("SELECT id FROM officers WHERE badge = $1", badge)
    return membership.columns(who, areas=known, officer=officer)
