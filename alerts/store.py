"""Alerts in the database: steps applied once, in one transaction with what viewers are told of them."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts import texts
from alerts.model import ENDING, Change, Level, OpenAlert, Step
from schemas import rest
from tracking import db, lane

_OPENS = (Step.OPENED, Step.REOPENED)

# What ended by fact may turn out to stand again; what a person closed stays closed.
_OPEN = """
INSERT INTO alerts (key, kind, cell, level, state, opened_at, updated_at, facts)
SELECT key, kind, cell, level, 'open', at, at, facts::jsonb
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[], $6::text[])
     AS c (key, kind, cell, level, at, facts)
ON CONFLICT (key) DO UPDATE SET state = 'open', level = excluded.level, updated_at = excluded.updated_at,
                                ended_at = NULL, facts = alerts.facts || excluded.facts
WHERE alerts.state IN ('resolved', 'withdrawn')
RETURNING id, key, xmax <> 0 AS again
"""
_MOVE = """
UPDATE alerts a SET level = c.level, state = c.state, updated_at = c.at,
                    ended_at = CASE WHEN c.state = 'open' THEN NULL ELSE c.at END, facts = a.facts || c.facts::jsonb
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS c (key, level, state, at, facts)
WHERE a.key = c.key AND a.state = 'open' AND (a.level <> c.level OR c.state <> 'open')
RETURNING a.id, a.key
"""
_STEPS = """
INSERT INTO alert_steps (alert, n, at, step, level, actor, facts)
SELECT alert, 1 + coalesce((SELECT max(n) FROM alert_steps WHERE alert_steps.alert = s.alert), 0),
       at, step, level, 'system', facts::jsonb
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[]) AS s (alert, at, step, level, facts)
"""
_SHOWN = """
SELECT a.id, a.key, a.kind, a.level, a.state, c.code AS cell, c.name AS cell_name, d.name AS device, a.opened_at,
       a.updated_at, a.ended_at, a.facts
FROM alerts a LEFT JOIN cells c ON c.id = a.cell LEFT JOIN devices d ON d.id = a.device
"""
_BY_ID = _SHOWN + "WHERE a.id = ANY ($1::bigint[]) ORDER BY a.id"
_OPEN_NOW = (
    _SHOWN
    + """
WHERE a.state = 'open' ORDER BY array_position(ARRAY['red', 'orange', 'yellow', 'blue'], a.level), a.opened_at, a.id
LIMIT $1
"""
)
_LIST = (
    _SHOWN
    + """
WHERE ($1::text IS NULL OR a.state = $1) AND ($2::text IS NULL OR a.level = $2) AND ($3::text IS NULL OR c.code = $3)
  AND ($4::bigint IS NULL OR a.id < $4)
ORDER BY a.id DESC LIMIT $5
"""
)
_OF_ALERT = "SELECT n, at, step, level, actor, facts FROM alert_steps WHERE alert = $1 ORDER BY n"
_STANDING = "SELECT key, kind, level, cell, opened_at, facts FROM alerts WHERE state = 'open' ORDER BY id"
_ZONE = "SELECT value FROM settings WHERE key = 'time_zone'"

MOST_OPEN = 20_000
"""Open alerts handed out at once: more than the cells of a large city."""


class AlertStore:
    """Reads alerts for people and stores what the rules decide."""

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool

    async def apply(self, changes: Sequence[Change]) -> list[rest.Alert]:
        """Store the changes that are new, with their steps and lane items, in one transaction.

        Returns:
            The alerts that changed; applying the same changes again returns none.
        """
        async with self._pool.acquire() as conn:
            return await apply_on(conn, changes)

    async def open(self, limit: int = MOST_OPEN) -> list[rest.Alert]:
        """Alerts that are open now, the most urgent and oldest first."""
        async with self._pool.acquire() as conn:
            return await open_on(conn, limit)

    async def list(
        self,
        *,
        state: str | None = None,
        level: str | None = None,
        cell: str | None = None,
        cursor: int | None = None,
        limit: int = 100,
    ) -> tuple[list[rest.Alert], int | None]:
        """Page through the alerts, newest first.

        Args:
            state: only these; None: all.
            level: only these; None: all.
            cell: code of a unit cell; None: all.
            cursor: number of the last alert already seen; None: from the newest.
            limit: at most this many.

        Returns:
            The alerts, and the cursor of the next page, None on the last.
        """
        async with self._pool.acquire() as conn:
            rows = await conn.fetch(_LIST, state, level, cell, cursor, limit + 1)
            shown = await _shown(conn, rows[:limit])
        return shown, (shown[-1].id if len(rows) > limit else None)

    async def get(self, number: int) -> rest.Alert | None:
        """One alert with its steps; None: there is none of that number."""
        async with self._pool.acquire() as conn:
            found = await _shown(conn, await conn.fetch(_BY_ID, [number]))
            steps = await conn.fetch(_OF_ALERT, number)
        listed = [rest.AlertStep(**{**row, "facts": json.loads(row["facts"])}) for row in steps]
        return found[0].model_copy(update={"steps": listed}) if found else None


async def open_on(conn: db.Connection, limit: int = MOST_OPEN) -> list[rest.Alert]:
    """Do what `AlertStore.open` does on a given connection: it may hold a snapshot."""
    return await _shown(conn, await conn.fetch(_OPEN_NOW, limit))


async def standing(conn: db.Connection) -> list[OpenAlert]:
    """Open alerts as the rules need them."""
    return [
        OpenAlert(
            key=row["key"],
            kind=row["kind"],
            level=Level.of(row["level"]),
            cell=row["cell"],
            opened_at=db.millis(row["opened_at"]),
            facts=json.loads(row["facts"]),
        )
        for row in await conn.fetch(_STANDING)
    ]


async def apply_on(conn: db.Connection, changes: Sequence[Change]) -> list[rest.Alert]:
    """Do what `AlertStore.apply` does on a given connection: it may hold the lock of the one watcher."""
    if not changes:
        return []
    async with conn.transaction():
        touched: set[int] = set()
        for group in _rounds(changes):
            opens = [change for change in group if change.step in _OPENS]
            moves = [change for change in group if change.step not in _OPENS]
            touched |= await _open(conn, opens) | await _move(conn, moves)
        alerts = await _shown(conn, await conn.fetch(_BY_ID, sorted(touched)))
        await lane.append(conn, [("alert", alert.model_dump(mode="json")) for alert in alerts])
    return alerts


def _rounds(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Split so that no round has two steps of one alert; their order is kept."""
    rest_of = list(changes)
    while rest_of:
        first = {change.key: change for change in reversed(rest_of)}
        yield list(reversed(first.values()))
        rest_of = [change for change in rest_of if first[change.key] is not change]


async def _open(conn: db.Connection, changes: list[Change]) -> set[int]:
    if not changes:
        return set()
    rows = await conn.fetch(
        _OPEN,
        [change.key for change in changes],
        [change.kind for change in changes],
        [change.cell for change in changes],
        [change.level.wire for change in changes],
        [db.moment(change.at) for change in changes],
        [_json(change.facts) for change in changes],
    )
    steps = {row["key"]: Step.REOPENED if row["again"] else Step.OPENED for row in rows}
    return await _add_steps(conn, changes, {row["key"]: row["id"] for row in rows}, steps)


async def _move(conn: db.Connection, changes: list[Change]) -> set[int]:
    if not changes:
        return set()
    rows = await conn.fetch(
        _MOVE,
        [change.key for change in changes],
        [change.level.wire for change in changes],
        [change.step.value if change.step in ENDING else "open" for change in changes],
        [db.moment(change.at) for change in changes],
        [_json(change.facts) for change in changes],
    )
    steps = {change.key: change.step for change in changes}
    return await _add_steps(conn, changes, {row["key"]: row["id"] for row in rows}, steps)


async def _add_steps(
    conn: db.Connection, changes: list[Change], ids: dict[str, int], steps: dict[str, Step]
) -> set[int]:
    """Append one step to each alert that changed."""
    new = [change for change in changes if change.key in ids]
    await conn.execute(
        _STEPS,
        [ids[change.key] for change in new],
        [db.moment(change.at) for change in new],
        [steps[change.key].value for change in new],
        [change.level.wire for change in new],
        [_json(change.facts) for change in new],
    )
    return set(ids.values())


async def _shown(conn: db.Connection, rows: Sequence[Any]) -> list[rest.Alert]:
    if not rows:
        return []
    zone = ZoneInfo(json.loads(await conn.fetchval(_ZONE)))
    return [_alert(dict(row), zone) for row in rows]


def _alert(row: dict[str, Any], zone: ZoneInfo) -> rest.Alert:
    row["facts"] = json.loads(row["facts"])
    at: datetime = row["updated_at"]
    zh, en = texts.explain(row["kind"], row["state"], row["level"], row["facts"], at=at, zone=zone)
    return rest.Alert(**row, text_zh=zh, text_en=en)


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False)
