"""Accounts of people whom the provider vouches for: found by issuer and subject, made or changed as the claims say."""

import secrets
from typing import Any

import asyncpg
import structlog

from runtime import db
from web.audit.store import audit_log
from web.auth import hashing
from web.auth.openid.claims import Claimed
from web.auth.store import accounts, granting
from web.store import areas

ACTOR = "openid"
"""Who changes accounts as claims say, in the audit record."""

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


class NotWelcomeError(Exception):
    """The person is who they say, and may not come in; the text is for our log."""


async def account(conn: db.Connection, who: Claimed, *, roles_are_mapped: bool) -> str:
    """The name of the account, brought to what the claims say; call it in a transaction.

    Raises:
        NotWelcomeError: there is no account and no role, or the name is somebody else's.
    """
    await conn.execute(granting.LOCK)
    row = await conn.fetchrow(_FOUND, who.issuer, who.subject, who.name)
    if row is None:
        return await _made(conn, who)
    if row["issuer"] != who.issuer or row["subject"] not in (None, who.subject):
        raise NotWelcomeError(f"the name {who.name} is of another account, which this provider does not vouch for")
    if roles_are_mapped and who.role is None:
        await accounts.end_sessions(conn, row["name"])
        raise NotWelcomeError(f"no claim gives {row['name']} a role any more")
    await _changed(conn, row, who)
    return str(row["name"])


async def _made(conn: db.Connection, who: Claimed) -> str:
    if who.role is None:
        raise NotWelcomeError(f"{who.name} has no account, and no claim gives a role")
    # A hash of what nobody knows: signing in with a password takes the usual time and never fits.
    hashed = await hashing.hash_password(secrets.token_urlsafe(32))
    said = await _wanted(conn, who)
    values = (said.get("areas", []), said.get("officer"))
    await conn.execute(_INSERT, who.name, hashed, who.role, *values, who.issuer, who.subject)
    detail = {"role": who.role, "areas": values[0], "issuer": who.issuer, "subject": who.subject}
    await audit_log.record(conn, ACTOR, "account.create", who.name, detail)
    return who.name


async def _changed(conn: db.Connection, row: asyncpg.Record, who: Claimed) -> None:
    wanted = {**await _wanted(conn, who), "subject": who.subject}
    if who.role is not None:
        wanted["role"] = who.role
    changes = {name: value for name, value in wanted.items() if row[name] != value}
    if not changes:
        return
    ended = await accounts.end_sessions(conn, row["name"]) if changes.keys() - {"subject"} else 0
    await accounts.set_columns(conn, row["name"], changes)
    await audit_log.record(conn, ACTOR, "account.change", row["name"], {**changes, "sessions_ended": ended})


async def _wanted(conn: db.Connection, who: Claimed) -> dict[str, Any]:
    """Columns that the claims decide; what they do not speak of is the administrators' to set."""
    wanted: dict[str, Any] = {}
    if who.whole_city:
        wanted["areas"] = None
    elif who.areas is not None:
        wanted["areas"] = await areas.known(conn, who.areas)
        if unknown := sorted(set(who.areas) - set(wanted["areas"])):
            log.warning("openid.unknown_areas", name=who.name, areas=unknown)
    if who.badge is not None:
        wanted["officer"] = await conn.fetchval("SELECT id FROM officers WHERE badge = $1", who.badge)
    return wanted
