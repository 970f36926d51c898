"""Queries that only the web part needs; those shared with ingest and alerts are in the stores of tracking."""

import base64
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from runtime import db
from schemas import pages, rest
from tracking.presence import path, plausibility
from tracking.store.city import belonging
from tracking.store.tracks import event_store, fix_store
from web.auth.access import Sight
from web.store import codes
from web.store.period import Period

_ESTIMATED_FROM_MS, _ESTIMATED_FROM_FIXES = 1_800_000, 2_000

_DEVICE = """
SELECT d.id AS slot, d.name, d.unit, d.label, d.datum, d.online, d.battery, d.enrolled_at,
       d.revoked_at IS NOT NULL AS revoked,
       f.t, f.lat, f.lon, f.acc, f.spd, f.hdg, f.duty, cell.code AS cell, cell.kind = 'between' AS unsure, cell.other
FROM devices d
LEFT JOIN LATERAL (SELECT * FROM fixes WHERE device = d.id ORDER BY t DESC LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT c.code, o.code AS other, s.kind
  FROM stays s JOIN cells c ON c.id = s.cell LEFT JOIN cells o ON o.id = s.other
  WHERE s.device = d.id AND s.known_to IS NULL AND s.t_in <= f.t AND (s.open OR s.t_out >= f.t)
  ORDER BY s.kind = 'between', s.t_in DESC LIMIT 1) cell ON true
"""
_DEVICES = (
    _DEVICE
    + f"""
WHERE ($1::text IS NULL OR d.name > $1) AND ($2::text IS NULL OR d.unit = $2) AND {belonging.among("d.id", "$4")}
ORDER BY d.name LIMIT $3
"""
)
_ONE_DEVICE = _DEVICE + f"WHERE d.name = $1 AND {belonging.among('d.id', '$2')}"
_SLOT = f"SELECT id FROM devices d WHERE name = $1 AND {belonging.among('d.id', '$2')}"  # noqa: S608 - our own texts

_EVENT = """
SELECT e.id, {name} AS device, e.t, e.received, e.lat, e.lon, e.acc, e.type, e.text, e.subject, e.media::text AS media,
       e.case_id AS case, c.code AS cell
FROM events e JOIN devices d ON d.id = e.device LEFT JOIN cells c ON c.id = e.cell
"""
_EVENTS = (
    _EVENT
    + """
WHERE {seen} AND ($1::text IS NULL OR {name} = $1) AND ($2::text IS NULL OR c.code = $2)
AND ($3::text IS NULL OR e.type = $3)
AND ($4::timestamptz IS NULL OR e.t >= $4) AND ($5::timestamptz IS NULL OR e.t < $5)
AND ($6::timestamptz IS NULL OR (e.t, e.id) < ($6, $7::text))
ORDER BY e.t DESC, e.id DESC LIMIT $8
"""
).format(seen=belonging.event("$9", "$10"), name=belonging.name("$10"))
_RECENT = (_EVENT + "WHERE {seen} AND e.t >= now() - $1::interval ORDER BY e.t DESC, e.id DESC LIMIT $2").format(
    seen=belonging.event("$3", "$4"), name=belonging.name("$4")
)
_ONE_EVENT = (_EVENT + "WHERE e.id = $1 AND {seen}").format(seen=belonging.event("$2", "$3"), name=belonging.name("$3"))

_REFUSALS = """
SELECT id, at, reason, topic, detail, payload FROM refusals
WHERE ($1::text IS NULL OR reason = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""

_AREAS = """
WITH RECURSIVE inside AS (
  SELECT v.grid AS code, v.cell AS id FROM division_cells v JOIN divisions d ON d.id = v.division
  WHERE d.valid_from <= now() AND (d.valid_to IS NULL OR d.valid_to > now())
  UNION ALL SELECT a.parent, i.id FROM inside i JOIN areas a ON a.code = i.code WHERE a.parent IS NOT NULL)
SELECT a.code, a.level, a.name, a.parent, a.owner, count(i.id)::int AS cells
FROM areas a LEFT JOIN inside i ON i.code = a.code
WHERE ($1::text IS NULL OR a.level = $1) AND ($2::text IS NULL OR a.parent = $2) AND ($3::text IS NULL OR a.code > $3)
AND ($5::text[] IS NULL OR a.code = ANY ($5))
GROUP BY a.code ORDER BY a.code LIMIT $4
"""

_COUNTS = """
WITH seen AS (SELECT id FROM devices WHERE $2::int[] IS NULL OR id = ANY ($2))
SELECT (SELECT count(*) FROM seen) AS devices,
       (SELECT coalesce(sum(fixes), 0) FROM unit_minutes
        WHERE minute > now() - interval '1 hour' AND ($4::text[] IS NULL OR unit = ANY ($4))) AS fixes,
       (SELECT coalesce(sum(v.n), 0) FROM devices d CROSS JOIN LATERAL (
          SELECT count(*) AS n FROM stays
          WHERE device = d.id AND t_in >= $1 AND known_to IS NULL AND kind = 'visit'
          AND ($3::int[] IS NULL OR cell = ANY ($3))) v) AS visits
"""
_LEVELS = f"""
SELECT level, count(*) AS n FROM alerts a
WHERE a.ended_at IS NULL AND {belonging.alert("$1", "$2", "$3")} GROUP BY level
"""  # noqa: S608 - our own texts


async def devices(
    connection: db.Connection, *, see: Sight, after: str | None, unit: str | None, limit: int
) -> list[rest.Device]:
    """Devices by name, each with its newest fix."""
    return [_device(row) for row in await connection.fetch(_DEVICES, after, unit, limit, see.device_ids)]


async def device(connection: db.Connection, name: str, see: Sight) -> rest.Device | None:
    """One device; None also if it is not in sight."""
    row = await connection.fetchrow(_ONE_DEVICE, name, see.device_ids)
    if row is None:
        return None
    device = _device(row)
    if device.last is not None and device.last.acc is None:
        device.last.acc_estimated = await _estimated_m(connection, device.slot, db.millis(device.last.t))
    return device


async def _estimated_m(connection: db.Connection, device: int, t: int) -> float:
    """Estimated accuracy of a device that does not report it, from its fixes of the half hour up to `t` (ms)."""
    fixes = await fix_store.page_of(connection, device, t - _ESTIMATED_FROM_MS, t, _ESTIMATED_FROM_FIXES)
    return round(path.estimated_accuracy_m(fixes.take(plausibility.eligible(fixes))), 1)


async def device_slot(connection: db.Connection, name: str, see: Sight) -> int | None:
    """Number of a device in the store; None also if it is not in sight."""
    slot: int | None = await connection.fetchval(_SLOT, name, see.device_ids)
    return slot


async def events(
    connection: db.Connection,
    *,
    see: Sight,
    device: str | None,
    cell: str | None,
    kind: str | None,
    period: Period,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[rest.Event]:
    """Events, newest first."""
    moment, key = after or (None, None)
    arguments = (device, cell, kind, period.start, period.end, moment, key, limit)
    rows = await connection.fetch(_EVENTS, *arguments, see.cell_ids, see.device_ids)
    return [event_store.to_rest(row) for row in rows]


async def event(connection: db.Connection, key: str, see: Sight) -> rest.Event | None:
    """One event; None also if it is not in sight."""
    row = await connection.fetchrow(_ONE_EVENT, key, see.cell_ids, see.device_ids)
    return None if row is None else event_store.to_rest(row)


async def recent_events(connection: db.Connection, back_s: int, limit: int, see: Sight) -> list[rest.Event]:
    """Events of the last `back_s` seconds, newest first."""
    rows = await connection.fetch(_RECENT, timedelta(seconds=back_s), limit, see.cell_ids, see.device_ids)
    return [event_store.to_rest(row) for row in rows]


async def refusals(
    connection: db.Connection, *, reason: str | None, after: int | None, limit: int
) -> list[rest.Refused]:
    """Refused messages, newest first."""
    rows = await connection.fetch(_REFUSALS, reason, after, limit)
    return [rest.Refused(**{**row, "payload": _base64(row["payload"])}) for row in map(dict, rows)]


async def areas(
    connection: db.Connection, *, see: Sight, level: str | None, parent: str | None, after: str | None, limit: int
) -> list[pages.Area]:
    """Areas by code, each with the number of its cells."""
    rows = await connection.fetch(_AREAS, level, parent, after, limit, see.area_codes)
    return [pages.Area(**dict(row)) for row in rows]


async def counts(connection: db.Connection, now: datetime, time_zone: str, see: Sight) -> dict[str, int]:
    """Count devices, fixes of the last hour, and visits since local midnight."""
    midnight = now.astimezone(ZoneInfo(time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    row = await connection.fetchrow(_COUNTS, midnight, see.device_ids, see.cell_ids, see.unit_codes)
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    return {name: int(value) for name, value in row.items()}


async def alert_levels(connection: db.Connection, see: Sight) -> dict[str, int]:
    """Open alerts by level."""
    rows = await connection.fetch(_LEVELS, see.cell_ids, see.device_ids, see.area_codes)
    return {row["level"]: row["n"] for row in rows}


def _device(row: asyncpg.Record) -> rest.Device:
    last = None
    if row["t"] is not None:
        last = rest.Position(
            t=row["t"],
            lat=row["lat"],
            lon=row["lon"],
            acc=_short(row["acc"]),
            spd=_short(row["spd"]),
            hdg=_short(row["hdg"]),
            duty=codes.DUTIES[row["duty"]],
            cell=None if row["unsure"] else row["cell"],
            between=(row["cell"], row["other"]) if row["unsure"] else None,
        )
    return rest.Device(
        id=row["name"],
        slot=row["slot"],
        unit=row["unit"],
        label=row["label"],
        datum=row["datum"],
        online=row["online"],
        battery=_short(row["battery"]),
        enrolled_at=row["enrolled_at"],
        revoked=row["revoked"],
        last=last,
    )


def _short(value: float | None) -> float | None:
    """Drop the spurious digits of a 4-byte float."""
    return None if value is None else round(value, 3)


def _base64(payload: Any) -> str | None:
    return None if payload is None else base64.b64encode(payload).decode()
