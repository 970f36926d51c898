"""Alerts for display: rows joined with names, and sentences in two languages."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.life import facts, step_facts
from alerts.life.model import ENDED, STANDING
from alerts.texts import explain, steps
from runtime import db
from schemas import alerting
from tracking.store.city import belonging
from tracking.store.records import settings_store

_SHOWN = """
SELECT a.id, a.key, a.kind, a.level, a.state, a.version, c.code AS cell, v.name AS cell_name, d.name AS device,
       o.badge AS officer, a.area, a.priority, a.actor, s.name AS assignee, t.state AS task, a.escalation,
       a.escalates_at, a.snoozed_until, a.opened_at, a.updated_at, a.ended_at, a.facts
FROM alerts a LEFT JOIN cells c ON c.id = a.cell LEFT JOIN LATERAL cell_at(a.cell, a.opened_at) v ON true
  LEFT JOIN devices d ON d.id = a.device
  LEFT JOIN officers o ON o.id = a.officer LEFT JOIN devices s ON s.id = a.assignee LEFT JOIN tasks t ON t.id = a.task
"""
_BY_ID = _SHOWN + "WHERE a.id = ANY ($1::bigint[]) ORDER BY a.id"
_BELONGS = belonging.alert("$1", "$2", "$3")
_ONE = _SHOWN + f"WHERE {_BELONGS} AND a.id = $4"
_STANDING = (
    _SHOWN
    + f"""
WHERE a.ended_at IS NULL AND {_BELONGS}
ORDER BY array_position(ARRAY['red', 'orange', 'yellow', 'blue'], a.level), a.priority DESC, a.opened_at, a.id LIMIT $4
"""
)
_LIST = (
    _SHOWN
    + f"""
WHERE {_BELONGS} AND ($4::text[] IS NULL OR a.state = ANY ($4)) AND ($5::text IS NULL OR a.level = $5)
  AND ($6::text IS NULL OR a.kind = $6) AND ($7::text IS NULL OR c.code = $7) AND ($8::text IS NULL OR d.name = $8)
  AND ($9::text[] IS NULL OR a.area = ANY ($9)) AND ($10::bigint IS NULL OR a.id < $10)
ORDER BY a.id DESC LIMIT $11
"""
)
_STEPS = "SELECT n, at, step, state, level, actor, facts FROM alert_steps WHERE alert = $1 ORDER BY n"
_GROUPS = {"standing": STANDING, "ended": ENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts; None: all."""

    state: str | None
    """A state, `standing` or `ended`."""
    level: str | None
    kind: str | None
    cell: str | None
    """Code."""
    device: str | None
    """Name."""
    areas: Sequence[str] | None
    """Codes of streets."""
    seen: belonging.SightFilter = belonging.ALL


async def by_ids(
    conn: db.Connection, numbers: Sequence[int], then: Mapping[int, Mapping[str, Any]] | None = None
) -> list[alerting.Alert]:
    """Alerts by number; `then` replaces columns of some by what they were at another time."""
    rows = [{**row, **(then or {}).get(row["id"], {})} for row in await conn.fetch(_BY_ID, numbers)] if numbers else []
    return await _shown(conn, rows)


async def standing(
    conn: db.Connection, limit: int, seen: belonging.SightFilter = belonging.ALL
) -> list[alerting.Alert]:
    """Open alerts, the most urgent first."""
    return await _shown(conn, await conn.fetch(_STANDING, seen.cells, seen.devices, seen.areas, limit))


async def page(conn: db.Connection, which: AlertFilter, before: int | None, limit: int) -> list[alerting.Alert]:
    """Alerts with a number below `before`, newest first."""
    states = None if which.state is None else [state.value for state in _GROUPS.get(which.state, ())] or [which.state]
    areas = None if which.areas is None else list(which.areas)
    seen = (which.seen.cells, which.seen.devices, which.seen.areas)
    rows = await conn.fetch(
        _LIST, *seen, states, which.level, which.kind, which.cell, which.device, areas, before, limit
    )
    return await _shown(conn, rows)


async def with_steps(
    conn: db.Connection, number: int, seen: belonging.SightFilter = belonging.ALL
) -> alerting.Alert | None:
    """One alert with its steps; None also if it is not in sight."""
    alerts = await _shown(conn, await conn.fetch(_ONE, seen.cells, seen.devices, seen.areas, number))
    if not alerts:
        return None
    zone = await settings_store.time_zone(conn)
    taken = [_step(dict(row), zone) for row in await conn.fetch(_STEPS, number)]
    return alerts[0].model_copy(update={"steps": taken})


async def _shown(conn: db.Connection, rows: Sequence[Any]) -> list[alerting.Alert]:
    if not rows:
        return []
    zone = await settings_store.time_zone(conn)
    return [_alert(dict(row), zone) for row in rows]


def _alert(row: dict[str, Any], zone: ZoneInfo) -> alerting.Alert:
    row["facts"] = json.loads(row["facts"])
    at: datetime = row["updated_at"]
    known = facts.facts_of(row["kind"], row["facts"])
    zh, en = explain.explain(row["kind"], row["state"], row["level"], known, at=at, zone=zone)
    return alerting.Alert(**row, text_zh=zh, text_en=en)


def _step(row: dict[str, Any], zone: ZoneInfo) -> alerting.AlertStep:
    row["facts"] = json.loads(row["facts"])
    of_step = step_facts.of_step(row["facts"])
    zh, en = steps.step_sentences(row["step"], row["level"], row["actor"], of_step, at=row["at"], zone=zone)
    return alerting.AlertStep(**row, text_zh=zh, text_en=en)
