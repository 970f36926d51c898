"""Coverage gaps in the database: the visits that end them, and changes of ended gaps by late data."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.coverage import rules
from alerts.life.facts import Gap
from alerts.life.model import GAP, Change, OpenAlert, Visit
from alerts.store import store, withdrawals
from runtime import db

_CLEARING = """
SELECT a.key, v.t_in, v.t_out, v.open, v.cause
FROM unnest($1::text[], $2::int[], $3::timestamptz[]) AS a (key, cell, since)
CROSS JOIN LATERAL (
  SELECT t_in, t_out, open, cause FROM stays s
  WHERE s.cell = a.cell AND s.known_to IS NULL AND s.kind = 'visit' AND s.t_out > a.since AND s.t_in <= $4
  ORDER BY s.t_out LIMIT 1) v
"""
# Why the visit at the start of a gap is no longer valid.
_AMENDED = """
SELECT a.key, v.reason
FROM unnest($1::text[], $2::int[], $3::timestamptz[]) AS a (key, cell, since)
CROSS JOIN LATERAL (
  SELECT reason FROM stays s
  WHERE s.cell = a.cell AND s.kind = 'visit' AND s.t_out = a.since AND s.known_to <= $4 AND s.reason IS NOT NULL
  ORDER BY s.known_to DESC LIMIT 1) v
"""
# The visit at the start of the gap is no longer current.
_UNFOUNDED = """
SELECT a.key, v.reason
FROM unnest($1::text[], $2::int[], $3::timestamptz[]) AS a (key, cell, since)
CROSS JOIN LATERAL (
  SELECT reason FROM stays s
  WHERE s.cell = a.cell AND s.kind = 'visit' AND s.t_out = a.since AND s.known_to <= $4
  ORDER BY s.known_to DESC LIMIT 1) v
WHERE NOT EXISTS (
  SELECT FROM stays s WHERE s.cell = a.cell AND s.kind = 'visit' AND s.t_out = a.since AND s.known_to IS NULL)
"""
_RECORDED = """
SELECT count(*) FROM alerts a JOIN alert_steps s ON s.alert = a.id AND s.n = 1
WHERE a.kind = $1 AND a.opened_at >= $2 AND a.opened_at < $3 AND s.level = 'orange'
"""
LATE_MS = 72 * 3_600_000
"""Time for which devices usually buffer data: until then a verdict may change."""


async def clearing(conn: db.Connection, opened: Sequence[OpenAlert], now: int) -> dict[str, Visit]:
    """The first valid visit after the start of each open gap, by key of the alert."""
    return {
        row["key"]: Visit(
            t_in=db.millis(row["t_in"]),
            t_out=db.millis(row["t_out"]),
            open=row["open"],
            cause=None if row["cause"] is None else json.loads(row["cause"]),
        )
        for row in await conn.fetch(_CLEARING, *_gaps(opened), db.moment(now))
    }


async def amended(conn: db.Connection, opened: Sequence[OpenAlert], now: int) -> dict[str, Mapping[str, Any]]:
    """Why the visit at the start of an open gap is no longer valid, by key of the alert."""
    rows = await conn.fetch(_AMENDED, *_gaps(opened), db.moment(now))
    return {row["key"]: json.loads(row["reason"]) for row in rows}


async def late_changes(conn: db.Connection, now: int) -> list[Change]:
    """Changes by late data of gaps of the last days that ended with a visit after their limit."""
    ended = await store.late_gaps(conn, now - LATE_MS)
    if not ended:
        return []
    rows = await conn.fetch(_UNFOUNDED, *_gaps(ended), db.moment(now))
    unfounded = {row["key"]: json.loads(row["reason"] or "{}") for row in rows}
    changes = rules.late_changes(ended, await clearing(conn, ended, now), unfounded, now)
    return await withdrawals.explained(conn, changes, ended)


def _gaps(opened: Sequence[OpenAlert]) -> tuple[list[str], list[int | None], list[datetime]]:
    """Keys, cells and starts of gaps with open alerts."""
    gaps = [(alert, alert.facts.gap_since) for alert in opened if isinstance(alert.facts, Gap)]
    since = [datetime.fromisoformat(since) for _, since in gaps]
    return [alert.key for alert, _ in gaps], [alert.cell for alert, _ in gaps], since


async def prewarnings(conn: db.Connection, start: int, end: int) -> int:
    """Pre-warnings raised from `start` to `end`, ms."""
    return int(await conn.fetchval(_RECORDED, GAP, db.moment(start), db.moment(end)))
