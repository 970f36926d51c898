"""Content of a clip of the past except coverage: devices and tracks, events, alerts; bounded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from runtime import db
from tracking.store.city import belonging
from tracking.store.city.sight import Sight

Period = tuple[datetime, datetime]
"""Start and end, exclusive."""

_DEVICES = """
SELECT d.id, d.name, d.label, d.unit FROM devices d
WHERE ($1::text[] IS NULL OR d.name = ANY ($1)) AND ($2::int[] IS NULL OR d.id = ANY ($2))
  AND EXISTS (SELECT FROM fixes f WHERE f.device = d.id AND f.t >= $3 AND f.t < $4)
ORDER BY d.name
"""
# The first fix of each stretch, so that a stop and a walk keep their times; the gaps in between stay visible.
_TRACK = """
SELECT DISTINCT ON (date_bin($4, t, $2)) (extract(epoch FROM t) * 1000)::bigint AS t, lat, lon
FROM fixes WHERE device = $1 AND t >= $2 AND t < $3 ORDER BY date_bin($4, t, $2), t
"""
_EVENTS = f"""
SELECT e.id, {belonging.name("$4")} AS device, e.t, e.received, e.lat, e.lon, e.acc, e.type, e.text, e.subject,
       e.media::text AS media, e.case_id AS case, c.code AS cell
FROM events e JOIN devices d ON d.id = e.device LEFT JOIN cells c ON c.id = e.cell
WHERE e.t >= $1 AND e.t < $2 AND {belonging.event("$3", "$4")}
ORDER BY e.t LIMIT $5
"""  # noqa: S608 - our own texts
_ALERTS = f"""
SELECT a.id, a.kind, a.state, c.code AS cell, v.name AS cell_name, d.name AS device, a.facts ->> 'name' AS subject,
       (SELECT json_agg(json_build_array((extract(epoch FROM s.at) * 1000)::bigint, s.step, s.level) ORDER BY s.n)
        FROM alert_steps s WHERE s.alert = a.id) AS steps
FROM alerts a LEFT JOIN cells c ON c.id = a.cell LEFT JOIN LATERAL cell_at(a.cell, a.opened_at) v ON true
LEFT JOIN devices d ON d.id = a.device
WHERE a.opened_at < $2 AND (a.ended_at IS NULL OR a.ended_at >= $1)
  AND {belonging.alert("$3", "$4", "$5")}
ORDER BY a.opened_at LIMIT $6
"""  # noqa: S608 - the same


async def devices(conn: db.Connection, see: Sight, period: Period, names: Sequence[str] | None) -> list[Any]:
    """Devices in sight that have fixes in the period, by name; `names` None: all."""
    return await conn.fetch(_DEVICES, names, see.device_ids, *period)


async def track(conn: db.Connection, device: int, period: Period, bin_ms: int) -> list[Any]:
    """The first fix of each `bin_ms` of the period: t (ms), lat, lon."""
    return await conn.fetch(_TRACK, device, *period, timedelta(milliseconds=bin_ms))


async def events(conn: db.Connection, see: Sight, period: Period, most: int) -> list[Any]:
    """The first events in sight."""
    return await conn.fetch(_EVENTS, *period, see.cell_ids, see.device_ids, most)


async def alerts(conn: db.Connection, see: Sight, period: Period, most: int) -> list[Any]:
    """Alerts in sight that were open in the period, each with its steps."""
    return await conn.fetch(_ALERTS, *period, see.cell_ids, see.device_ids, see.area_codes, most)
