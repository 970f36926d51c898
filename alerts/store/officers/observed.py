"""Observations of officers and devices: fixes, statuses, events, and ended alerts about them."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from alerts.officers import deaf, evaluate, steps
from alerts.officers.memory import StoredFixes
from alerts.officers.state_machine import Closed
from alerts.officers.tracks import BUCKET_MS
from runtime import db
from schemas import wire
from tracking.store.records import packed
from tracking.store.records.packed import ColumnType

_HEARD: packed.Columns = {
    "device": ColumnType.INT4,
    "t": ColumnType.TIME,
    "received": ColumnType.TIME,
    "lat": ColumnType.FLOAT8,
    "lon": ColumnType.FLOAT8,
    "acc": ColumnType.FLOAT8,
    "spd": ColumnType.FLOAT8,
    "bat": ColumnType.FLOAT8,
    "src": ColumnType.INT2,
    "duty": ColumnType.INT2,
    "flags": ColumnType.INT2,
}
_NEW = packed.select(
    _HEARD,
    """
SELECT f.* FROM unnest($1::int[], $2::bigint[]) AS c (device, after)
CROSS JOIN LATERAL (
  SELECT * FROM fixes
  WHERE device = c.device AND t > 'epoch'::timestamptz + c.after * interval '1 ms' AND t <= $3) f
""",
)
# The earliest fix of each bucket: what the tracks keep of it.
_THIN = packed.select(
    _HEARD,
    f"""
SELECT f.* FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) AS c (device, lo, hi)
CROSS JOIN LATERAL (
  SELECT DISTINCT ON (date_bin('{BUCKET_MS} ms', t, 'epoch')) * FROM fixes
  WHERE device = c.device AND t >= c.lo AND t <= c.hi ORDER BY date_bin('{BUCKET_MS} ms', t, 'epoch'), t) f
""",  # noqa: S608 - built from constants of this file
)
_STATUSES: packed.Columns = {
    "device": ColumnType.INT4,
    "online": ColumnType.INT2,
    "status_at": ColumnType.TIME,
    "battery": ColumnType.FLOAT8,
    "signed_off": ColumnType.TIME,
}
_STATUS = packed.select(
    _STATUSES,
    """
SELECT d.id AS device, d.online::int::smallint AS online, d.status_at, d.battery, s.t AS signed_off
FROM devices d LEFT JOIN LATERAL (SELECT t FROM sign_offs WHERE device = d.id ORDER BY t DESC LIMIT 1) s ON true
ORDER BY d.id
""",
)
_LATE = """
SELECT id, device, t_lo, t_hi, received FROM late_windows WHERE received > $1 AND t_hi > $2 ORDER BY id
"""
_EVENTS = """
SELECT id, device, t, type, text, case_id, lat, lon, cell FROM events
WHERE (t > $1 OR (t > $2 AND type IN ('sos', 'sign_in', 'sign_out'))) AND t <= $3 ORDER BY t, id
"""
_CLOSED = """
SELECT kind, facts ->> 'who' AS who, ended_at FROM alerts
WHERE state = 'closed' AND kind = ANY ($1::text[]) AND opened_at > $2 AND facts ? 'who'
"""
_KNOWN = "SELECT key FROM alerts WHERE kind = ANY ($1::text[]) AND opened_at > $2"
_DEAF = "SELECT max(ended_at) FROM alerts WHERE kind = $1 AND opened_at > $2"
_LOGGED = "SELECT device, t FROM events WHERE t > $1 AND t <= $2"
_CALLS = """
SELECT EXISTS (
  SELECT FROM events e WHERE e.t > $1 AND e.type = $2 AND NOT EXISTS (SELECT FROM alerts WHERE key = $3 || ':' || e.id))
"""


async def new_fixes(conn: db.Connection, devices: Sequence[int], after: Any, until: int) -> StoredFixes:
    """Fixes of devices after a moment of each, ms."""
    return StoredFixes(**await packed.fetch(conn, _HEARD, _NEW, devices, after, db.moment(until)))


async def thinned(conn: db.Connection, devices: Sequence[int], lo: Sequence[Any], hi: Sequence[Any]) -> StoredFixes:
    """The earliest fix of each bucket, of a stretch of each device."""
    return StoredFixes(**await packed.fetch(conn, _HEARD, _THIN, devices, lo, hi))


async def statuses(conn: db.Connection) -> Mapping[str, NDArray[Any]]:
    """Statuses of devices, in order of the device."""
    return await packed.fetch(conn, _STATUSES, _STATUS)


async def late_windows(conn: db.Connection, since: int, ending_after: int) -> Sequence[Any]:
    """Stretches with late fixes since then, ms."""
    return await conn.fetch(_LATE, db.moment(since), db.moment(ending_after))


async def events(conn: db.Connection, since: int, signals_since: int, until: int) -> Sequence[Any]:
    """Events, and signals from longer ago, ms."""
    return await conn.fetch(_EVENTS, db.moment(since), db.moment(signals_since), db.moment(until))


async def logged(conn: db.Connection, since: int, until: int) -> Mapping[int, Sequence[int]]:
    """When each device logged events, ms."""
    times: dict[int, list[int]] = {}
    for row in await conn.fetch(_LOGGED, db.moment(since), db.moment(until)):
        times.setdefault(row["device"], []).append(db.millis(row["t"]))
    return times


async def closed_by_hand(conn: db.Connection, since: int) -> list[Closed]:
    """Alerts about officers that a person closed, of those opened since then, ms."""
    rows = await conn.fetch(_CLOSED, sorted(evaluate.KINDS), db.moment(since))
    return [Closed(kind=row["kind"], who=row["who"], at=db.millis(row["ended_at"])) for row in rows]


async def known_event_alerts(conn: db.Connection, since: int) -> set[str]:
    """Keys of the alerts of single events that were opened since then, ms."""
    return {row["key"] for row in await conn.fetch(_KNOWN, list(steps.KINDS), db.moment(since))}


async def deaf_ended(conn: db.Connection, since: int) -> int | None:
    """End of the last no-data alert among those opened since then, ms."""
    ended = await conn.fetchval(_DEAF, deaf.KIND, db.moment(since))
    return None if ended is None else db.millis(ended)


async def unanswered_calls(conn: db.Connection, since: int) -> bool:
    """Whether there is an SOS since then, ms, without an alert."""
    return bool(await conn.fetchval(_CALLS, db.moment(since), wire.Signal.SOS.value, steps.SOS))
