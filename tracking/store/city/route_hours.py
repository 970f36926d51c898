"""Patrol routes done, by device and hour: stored by the cleaner, read for a period."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime import db
from tracking.routes.checkpoints import Passes
from tracking.routes.done import Did
from tracking.routes.model import Hour, PatrolRoutes
from tracking.routes.roads import Walked

HOUR_MS = 3_600_000
_PAGE = 2_000

_PUT = """
INSERT INTO beat_hours AS b (device, hour, fixes, pieces, seconds, passes) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (device, hour) DO UPDATE
SET fixes = excluded.fixes, pieces = excluded.pieces, seconds = excluded.seconds, passes = excluded.passes
WHERE (b.fixes, b.pieces, b.seconds, b.passes)
      IS DISTINCT FROM (excluded.fixes, excluded.pieces, excluded.seconds, excluded.passes)
"""
# The hour after a changed one starts from the state at the end of it.
_WAITING = """
WITH changed AS (
  SELECT h.device, h.hour FROM devices d CROSS JOIN LATERAL (
    SELECT device, hour, fixes FROM device_hours WHERE device = d.id AND hour > $1) h
  LEFT JOIN beat_hours b ON b.device = h.device AND b.hour = h.hour WHERE b.fixes IS DISTINCT FROM h.fixes
  UNION SELECT device, hour FROM beat_hours WHERE stale)
SELECT device, hour FROM changed
UNION SELECT b.device, b.hour FROM changed c
JOIN beat_hours b ON b.device = c.device AND b.hour = c.hour + interval '1 h'
ORDER BY hour DESC, device LIMIT $2
"""
_OF_DEVICE = """
SELECT h.hour FROM device_hours h LEFT JOIN beat_hours b ON b.device = h.device AND b.hour = h.hour
WHERE h.device = $1 AND h.hour > $2::timestamptz - interval '1 h' AND h.hour <= $3
  AND (NOT $4 OR (b.fixes = h.fixes AND NOT b.stale))
ORDER BY h.hour
"""
_TAKE = "UPDATE beat_hours SET stale = false WHERE device = $1 AND hour = $2 AND stale"
_AGAIN = """
INSERT INTO beat_hours (device, hour, fixes, stale)
SELECT h.device, h.hour, -1, true FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) AS w (device, lo, hi)
CROSS JOIN LATERAL (
  SELECT device, hour FROM device_hours
  WHERE device = w.device AND hour > w.lo - interval '1 h' AND hour <= w.hi) h
WHERE EXISTS (SELECT FROM road_pieces) OR EXISTS (SELECT FROM checkpoints)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (device, hour) DO UPDATE SET stale = true
"""
# Down the primary key for each device; hours that touch the period.
_HOURS = """
SELECT b.hour, b.pieces, b.seconds, b.passes FROM devices d CROSS JOIN LATERAL (
  SELECT * FROM beat_hours WHERE device = d.id AND hour > $1::timestamptz - interval '1 h' AND hour < $2) b
"""
_COMPARED_SHARES = """
SELECT count(*) AS hours, count(b.pieces) AS roads, count(b.passes) AS checkpoints
FROM devices d CROSS JOIN LATERAL (
  SELECT device, hour FROM device_hours WHERE device = d.id AND hour > $1::timestamptz - interval '1 h' AND hour < $2) h
LEFT JOIN beat_hours b ON b.device = h.device AND b.hour = h.hour
"""
_SCANS = "SELECT text, t FROM events WHERE type = 'checkpoint' AND t >= $1 AND t < $2"


async def waiting(conn: db.Connection, since: int, limit: int) -> list[tuple[int, int]]:
    """Devices and hours (ms) to review, newest first: those after `since` (ms) with other fixes, and all stale ones."""
    rows = await conn.fetch(_WAITING, db.moment(since), limit)
    return [(row["device"], db.millis(row["hour"])) for row in rows]


async def of_device(conn: db.Connection, device: int, lo: int, hi: int, *, settled: bool) -> list[int]:
    """Hours (ms) with fixes of a device that touch `lo` to `hi` (ms); `settled`: only those not waiting for review."""
    rows = await conn.fetch(_OF_DEVICE, device, db.moment(lo), db.moment(hi), settled)
    return [db.millis(row["hour"]) for row in rows]


async def take(conn: db.Connection, device: int, hour: int) -> None:
    """Mark an hour as reviewed in this transaction; writers that make it stale wait."""
    await conn.execute(_TAKE, device, db.moment(hour))


async def mark_stale(conn: db.Connection, stretches: Sequence[tuple[int, int, int]]) -> int:
    """Have hours with fixes in stretches (device, from ms, to ms) reviewed again; returns how many."""
    device, lo, hi = [list(column) for column in zip(*stretches, strict=True)] or [[], [], []]
    done = await conn.execute(_AGAIN, device, [db.moment(t) for t in lo], [db.moment(t) for t in hi])
    return int(done.rsplit(" ", 1)[1])


async def put(conn: db.Connection, routes: PatrolRoutes, device: int, hour: int, fixes: int, did: Hour) -> bool:
    """Store `did` for a device and the hour that begins at `hour` (ms), computed from this number of fixes.

    Returns:
        Whether anything changed.
    """
    walked = (None, None) if did.walked is None else _packed_walked(routes, did.walked, hour)
    passes = None if did.passes is None else _packed_passes(routes, did.passes, hour)
    done = await conn.execute(_PUT, device, db.moment(hour), fixes, *walked, passes)
    return not done.endswith(" 0")


async def read(conn: db.Connection, routes: PatrolRoutes, start: int, end: int) -> Did:
    """Routes done in a period (ms); call it within one snapshot."""
    period = db.moment(start), db.moment(end)
    walked = np.zeros(len(routes.pieces), dtype=np.bool_)
    passes: list[NDArray[np.int64]] = [np.empty((0, 3), dtype=np.int64)]
    async for page in _pages(conn, period):
        for row in page:
            hour = db.millis(row["hour"])
            if row["pieces"] is not None:
                walked[_index(routes.pieces.id, _walked_in(row, start - hour, end - hour))[0]] = True
            if row["passes"]:
                passes.append(np.frombuffer(row["passes"], "<i4").reshape(-1, 3) + np.array([0, hour, hour]))
    shares = await conn.fetchrow(_COMPARED_SHARES, *period)
    assert shares is not None  # noqa: S101 - an aggregate gives one row
    scanned, scanned_at = await _scans(conn, routes, period, end)
    stretches = np.concatenate(passes)
    checkpoint, kept = _index(routes.checkpoints.id, stretches[:, 0])
    return Did(
        walked=walked,
        passes=Passes(checkpoint=checkpoint, t_in=stretches[kept, 1], t_out=stretches[kept, 2]),
        scanned=scanned,
        scanned_at=scanned_at,
        roads_told=shares["roads"] / shares["hours"] if shares["hours"] else 1.0,
        checkpoints_told=shares["checkpoints"] / shares["hours"] if shares["hours"] else 1.0,
    )


async def _pages(conn: db.Connection, period: tuple[Any, Any]) -> AsyncIterator[list[Any]]:
    """Rows of the period, some thousands at a time, since a month of them takes too much memory."""
    async with conn.transaction():
        cursor = await conn.cursor(_HOURS, *period)
        while page := await cursor.fetch(_PAGE):
            yield page


async def _scans(
    conn: db.Connection, routes: PatrolRoutes, period: tuple[Any, Any], end: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Checkpoints in force at the end of the period whose tags were read in it, and when (ms)."""
    known = {routes.codes[at]: at for at in np.flatnonzero(routes.checkpoints.in_force(end - 1)).tolist()}
    rows = [row for row in await conn.fetch(_SCANS, *period) if row["text"] in known]
    return (
        np.array([known[row["text"]] for row in rows], dtype=np.intp),
        np.array([db.millis(row["t"]) for row in rows], dtype=np.int64),
    )


def _packed_walked(routes: PatrolRoutes, walked: Walked, hour: int) -> tuple[bytes, bytes]:
    seconds = np.stack([(walked.first - hour) // 1000, -((hour - walked.last) // 1000)], axis=1)
    return routes.pieces.id[walked.piece].astype("<i4").tobytes(), seconds.astype("<i2").tobytes()


def _packed_passes(routes: PatrolRoutes, passes: Passes, hour: int) -> bytes:
    columns = routes.checkpoints.id[passes.checkpoint], passes.t_in - hour, passes.t_out - hour
    return np.stack(columns, axis=1).astype("<i4").tobytes()


def _walked_in(row: Any, start: int, end: int) -> NDArray[np.int64]:
    """Pieces of an hour that were walked from `start` to `end`, ms from its begin on."""
    pieces = np.frombuffer(row["pieces"], "<i4").astype(np.int64)
    if start <= 0 and end >= HOUR_MS:
        return pieces
    first, last = np.frombuffer(row["seconds"], "<i2").reshape(-1, 2).T.astype(np.int64) * 1000
    return pieces[(last >= start) & (first < end)]


def _index(known: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Index of each id that is still stored, and which those are."""
    at = np.searchsorted(known, wanted)
    is_known = np.append(known, -1)[at] == wanted
    return at[is_known], is_known
