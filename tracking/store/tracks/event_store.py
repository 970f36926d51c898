"""Enforcement events in the database: each id once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
import numpy as np

from runtime import db
from schemas import rest, wire
from tracking.geometry.lookup import CityGrid
from tracking.presence.points import Logged
from tracking.records.parties import NOTHING, Pseudonyms
from tracking.store.records import event_log

_INSERT = """
INSERT INTO events (id, device, t, received, lat, lon, acc, type, text, subject, media, case_id, cell)
SELECT id, device, t, received, lat, lon, acc, type, text, subject, media::jsonb, case_id, cell
FROM unnest($1::text[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::float8[], $6::float8[], $7::real[],
            $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::int[])
     AS e(id, device, t, received, lat, lon, acc, type, text, subject, media, case_id, cell)
ON CONFLICT DO NOTHING RETURNING id
"""
_SHOWN = """
SELECT e.id, d.name AS device, e.t, e.received, e.lat, e.lon, e.acc, e.type, e.text, e.subject, e.media::text AS media,
       e.case_id AS case, c.code AS cell
FROM events e JOIN devices d ON d.id = e.device LEFT JOIN cells c ON c.id = e.cell
WHERE e.id = ANY($1::text[]) ORDER BY e.t, e.id
"""
_LOGGED = """
SELECT device, t, lat, lon FROM events
WHERE device = $1 AND t >= $2 AND t <= $3 AND NOT type = ANY ($4::text[]) ORDER BY t, id
"""
_SINCE = "SELECT id, t, lat, lon FROM events WHERE t >= $1 ORDER BY t"
_PLACE = """
UPDATE events e SET cell = n.cell FROM unnest($1::text[], $2::int[]) AS n (id, cell)
WHERE e.id = n.id AND e.cell IS DISTINCT FROM n.cell
"""
# One short index scan for each device, as for its newest fix.
_NEWEST = """
SELECT d.id, e.t FROM devices d
CROSS JOIN LATERAL (SELECT t FROM events WHERE device = d.id AND NOT type = ANY ($1::text[])
                    ORDER BY t DESC LIMIT 1) e
WHERE $2::int[] IS NULL OR d.id = ANY ($2)
"""
_NO_WORK = [signal.value for signal in wire.Signal if signal is not wire.Signal.CHECKPOINT]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A stored event. Degrees are WGS-84, `received` is ms, `cell` None outside every cell."""

    device: int
    received: int
    content: wire.Event
    lat: float
    lon: float
    cell: int | None


async def insert(
    conn: db.Connection, events: Sequence[StoredEvent], pseudonyms: Pseudonyms = NOTHING
) -> list[event_log.Item]:
    """Store events with new ids, parties as `pseudonyms`; returns event log items, without parties."""
    distinct = list({event.content.id: event for event in reversed(events)}.values())[::-1]
    if not distinct:
        return []
    rows = await conn.fetch(_INSERT, *_columns(distinct, pseudonyms))
    stored = await conn.fetch(_SHOWN, [row["id"] for row in rows]) if rows else []
    return [("event", {**to_rest(row).model_dump(mode="json"), "subject": None}) for row in stored]


def counts_as_path(kind: str) -> bool:
    """Whether an event of this type counts as work in the cell: a checkpoint does, a sign-in does not."""
    return kind not in _NO_WORK


async def logged(conn: db.Connection, device: int, t_from: int, t_to: int) -> list[Logged]:
    """Events of the device from `t_from` to `t_to` (ms, inclusive) that count for its path."""
    rows = await conn.fetch(_LOGGED, device, db.moment(t_from), db.moment(t_to), _NO_WORK)
    return [Logged(row["device"], db.millis(row["t"]), row["lat"], row["lon"]) for row in rows]


async def newest(conn: db.Connection, devices: Sequence[int] | None = None) -> dict[int, int]:
    """Time (ms) of the newest event of each of `devices` (None: all) that counts for its path."""
    return {row["id"]: db.millis(row["t"]) for row in await conn.fetch(_NEWEST, _NO_WORK, devices)}


async def any_since(conn: db.Connection, t: int) -> bool:
    """Whether there is an event from `t` (ms) on."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM events WHERE t >= $1)", db.moment(t)))


async def place_again(conn: db.Connection, grid: CityGrid, t: int) -> None:
    """Look up the cells of the events from `t` (ms) on again; `grid` has the cells of all times."""
    rows = await conn.fetch(_SINCE, db.moment(t))
    lat, lon = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("lat", "lon"))
    times = np.array([db.millis(row["t"]) for row in rows], dtype=np.int64)
    cells = [cell if cell >= 0 else None for cell in grid.locate(lat, lon, times).tolist()]
    await conn.execute(_PLACE, [row["id"] for row in rows], cells)


def to_rest(row: "asyncpg.Record") -> rest.Event:
    """Return the REST model of a row that carries the names of device and cell, and its media as text."""
    fields: dict[str, Any] = dict(row)
    media = [rest.Media(**file) for file in msgspec.json.decode(fields.pop("media"))]
    return rest.Event(media=media, **fields)


def _columns(events: list[StoredEvent], pseudonyms: Pseudonyms) -> tuple[list[Any], ...]:
    bodies = [event.content for event in events]
    return (
        [body.id for body in bodies],
        [event.device for event in events],
        [db.moment(body.t) for body in bodies],
        [db.moment(event.received) for event in events],
        [event.lat for event in events],
        [event.lon for event in events],
        [body.acc for body in bodies],
        [body.type for body in bodies],
        [body.text for body in bodies],
        [pseudonyms.of(body.subject) for body in bodies],
        [msgspec.json.encode(body.media).decode() for body in bodies],
        [body.case for body in bodies],
        [event.cell for event in events],
    )
