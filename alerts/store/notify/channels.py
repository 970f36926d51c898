"""Channels and the delivery log in the database. Secrets are written and never returned."""

import json
from collections.abc import Mapping
from typing import Any

from runtime import db
from schemas import alerting

MOST_OF_ONE = 20
"""Most channels of one account."""

_SHOWN = """
SELECT id, account, name, kind, area, level, quiet, digest_min, per_hour, enabled, fault, made_at, made_by FROM channels
"""
_LIST = _SHOWN + "WHERE removed_at IS NULL AND ($1::text IS NULL OR account = $1) ORDER BY id LIMIT 1000"
_ADD = """
INSERT INTO channels (account, name, kind, target, area, level, quiet, digest_min, per_hour, enabled, made_at, made_by)
SELECT $1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10, $11, $12
WHERE (SELECT count(*) FROM channels WHERE account IS NOT DISTINCT FROM $1 AND removed_at IS NULL) < $13
RETURNING id
"""
_CHANGE = """
UPDATE channels SET name = $3, area = $4, level = $5, quiet = $6, digest_min = $7, per_hour = $8, enabled = $9,
                    fault = CASE WHEN $9 THEN NULL ELSE fault END, target = coalesce($10::jsonb, target)
WHERE id = $1 AND removed_at IS NULL AND ($2::text IS NULL OR account = $2) RETURNING id
"""
_REMOVE = """
UPDATE channels SET removed_at = $3, enabled = false, target = '{}'
WHERE id = $1 AND removed_at IS NULL AND ($2::text IS NULL OR account = $2) RETURNING true
"""
_OWNED = "SELECT true FROM channels WHERE id = $1 AND removed_at IS NULL AND ($2::text IS NULL OR account = $2)"
_SAME_BROWSER = """
SELECT id FROM channels
WHERE account = $1 AND kind = 'webpush' AND target ->> 'endpoint' = $2 AND removed_at IS NULL
"""
_DELIVERIES = """
SELECT d.id, d.channel, c.name AS channel_name, c.kind, c.account, d.alert, d.step, d.reason, d.state, d.message,
       d.urgent, d.made_at, d.due_at, d.tries, d.ended_at, d.detail
FROM deliveries d JOIN channels c ON c.id = d.channel
WHERE ($1::text IS NULL OR c.account = $1) AND ($2::bigint IS NULL OR d.channel = $2)
  AND ($3::bigint IS NULL OR d.alert = $3) AND ($4::text IS NULL OR d.state = $4) AND ($5::bigint IS NULL OR d.id < $5)
ORDER BY d.id DESC LIMIT $6
"""


async def listed(conn: db.Connection, owner: str | None) -> list[alerting.Channel]:
    """Channels of an account; None: of all, and those of systems."""
    return [alerting.Channel(**row) for row in await conn.fetch(_LIST, owner)]


async def get(conn: db.Connection, number: int, owner: str | None) -> alerting.Channel | None:
    """One channel, if the account may see it."""
    row = await conn.fetchrow(_SHOWN + "WHERE id = $1 AND removed_at IS NULL AND ($2::text IS NULL OR account = $2)",
                              number, owner)  # fmt: skip
    return None if row is None else alerting.Channel(**row)


async def add(
    conn: db.Connection,
    channel: alerting.ChannelGiven,
    target: Mapping[str, Any],
    *,
    account: str | None,
    by: str,
    at: int,
) -> int | None:
    """Store a channel; its number. None: the account has enough of them."""
    endpoint = target.get("endpoint")
    if channel.kind == "webpush" and account is not None and endpoint is not None:
        known = await conn.fetchval(_SAME_BROWSER, account, endpoint)
        if known is not None:
            await change(conn, known, channel, target, owner=account)
            return int(known)
    number = await conn.fetchval(
        _ADD, account, channel.name, channel.kind, json.dumps(target), channel.area, channel.level, channel.quiet,
        channel.digest_min, channel.per_hour, channel.enabled, db.moment(at), by, MOST_OF_ONE,
    )  # fmt: skip
    return None if number is None else int(number)


async def change(
    conn: db.Connection,
    number: int,
    settings: alerting.ChannelSettings,
    target: Mapping[str, Any] | None,
    *,
    owner: str | None,
) -> bool:
    """Store new settings, and the target if given; False: the account has no such channel."""
    encoded = None if target is None else json.dumps(target)
    return bool(
        await conn.fetchval(
            _CHANGE, number, owner, settings.name, settings.area, settings.level, settings.quiet, settings.digest_min,
            settings.per_hour, settings.enabled, encoded,
        )
    )  # fmt: skip


async def remove(conn: db.Connection, number: int, owner: str | None, at: int) -> bool:
    """Delete a channel's target and stop notifications; its log stays. False: there is no such channel."""
    return bool(await conn.fetchval(_REMOVE, number, owner, db.moment(at)))


async def owned(conn: db.Connection, number: int, owner: str | None) -> bool:
    """Whether an account may act on a channel."""
    return bool(await conn.fetchval(_OWNED, number, owner))


async def deliveries(
    conn: db.Connection,
    *,
    owner: str | None,
    channel: int | None,
    alert: int | None,
    state: str | None,
    before: int | None,
    limit: int,
) -> list[alerting.Delivery]:
    """The delivery log, newest first."""
    rows = await conn.fetch(_DELIVERIES, owner, channel, alert, state, before, limit)
    return [alerting.Delivery(**row) for row in rows]
