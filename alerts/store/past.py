"""Alerts that were open at a moment of the past, from their steps."""

from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.life.model import ENDED, SYSTEM
from alerts.store import shown
from runtime import db
from schemas import alerting
from tracking.store.city import belonging

# An alert that ended before and opened again is among the candidates; its last step by then says whether it stood.
_STANDING = f"""
SELECT a.id, last.n, last.at, last.state, last.level, last.actor,
       (SELECT count(*) FROM alert_steps s WHERE s.alert = a.id AND s.step = 'escalated' AND s.n <= last.n AND s.n >
          (SELECT max(n) FROM alert_steps o WHERE o.alert = a.id AND o.step IN ('opened', 'reopened') AND o.n <= last.n)
       )::int AS escalation
FROM alerts a JOIN LATERAL (
  SELECT n, at, level, actor, coalesce(s.state, CASE WHEN step IN ('resolved', 'withdrawn') THEN step ELSE 'open' END)
         AS state
  FROM alert_steps s WHERE s.alert = a.id AND s.at <= $1 ORDER BY n DESC LIMIT 1
) last ON true LEFT JOIN cells c ON c.id = a.cell
WHERE (a.ended_at IS NULL AND a.opened_at <= $1
       OR a.ended_at IS NOT NULL AND tstzrange(a.opened_at, greatest(a.ended_at, a.opened_at)) @> $1::timestamptz)
  AND last.state <> ALL ($2::text[]) AND ($3::text IS NULL OR c.code = $3) AND ($4::text IS NULL OR last.level = $4)
  AND ($5::bigint IS NULL OR a.id < $5) AND {belonging.alert("$7", "$8", "$9")}
ORDER BY a.id DESC LIMIT $6
"""  # noqa: S608 - our own texts
_STEPS = """
SELECT alert, facts FROM alert_steps WHERE alert = ANY ($1::bigint[]) AND at <= $2 AND actor = $3 ORDER BY alert, n
"""


async def standing(
    conn: db.Connection,
    at: int,
    *,
    level: str | None = None,
    cell: str | None = None,
    seen: belonging.SightFilter = belonging.ALL,
    cursor: int | None = None,
    limit: int = 100,
) -> tuple[list[alerting.Alert], int | None]:
    """Alerts that were open at `at` (ms), newest first, as known then; and the cursor of the next page.

    Assignee and time limits are in the steps of the alert, and null here.

    Args:
        conn: a connection.
        at: the moment, ms since 1970-01-01 UTC.
        level: only alerts with this level then; None: all.
        cell: code of a unit cell; None: all.
        seen: sight of the caller.
        cursor: number of the last alert already seen; None: from the newest.
        limit: at most this many.
    """
    moment = db.moment(at)
    ended = [state.value for state in ENDED]
    sight = seen.cells, seen.devices, seen.areas
    rows = await conn.fetch(_STANDING, moment, ended, cell, level, cursor, limit + 1, *sight)
    rows, more = rows[:limit], len(rows) > limit
    numbers = [row["id"] for row in rows]
    facts: dict[int, dict[str, Any]] = {}
    for step in await conn.fetch(_STEPS, numbers, moment, SYSTEM):
        facts.setdefault(step["alert"], {}).update(msgspec.json.decode(step["facts"]))
    then = {row["id"]: _then(dict(row), facts.get(row["id"], {})) for row in rows}
    alerts = await shown.by_ids(conn, numbers, then)
    return alerts[::-1], (numbers[-1] if more else None)


def _then(row: Mapping[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Columns of the alert after that step."""
    return {
        "state": row["state"],
        "level": row["level"],
        "version": row["n"],
        "actor": row["actor"],
        "escalation": row["escalation"],
        "updated_at": row["at"],
        "facts": msgspec.json.encode(facts).decode(),
        "ended_at": None,
        "assignee": None,
        "task": None,
        "escalates_at": None,
        "snoozed_until": None,
    }
