"""Who was in a drawn area between two moments: candidates by stays and runs, then their exact tracks."""

import asyncio
import itertools
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from runtime import db
from schemas import clips, wire
from tracking.geometry.region import InsideInterval, Region
from tracking.presence.fixes import Float, Int
from tracking.store.city.city import City
from web import problems

MOST_FIXES = 400_000
"""Most fixes examined by one query: some seconds of work and 20 MB."""
MARGIN_MS = 120_000
"""The way into a cell begins at the fix before it."""

# Inside cells the stays give the candidates; outside, every run of a device may have led through.
_BY_STAYS = """
SELECT device, greatest(t_in, $2) AS t_from, least(t_out, $3) AS t_to FROM stays
WHERE cell = ANY ($1::int[]) AND known_to IS NULL AND t_out >= $2 AND t_in < $3
  AND ($4::int[] IS NULL OR device = ANY ($4))
ORDER BY device, t_in
"""
_BY_RUNS = """
SELECT device, greatest(t_first, $1) AS t_from, CASE WHEN open THEN $2 ELSE least(t_last, $2) END AS t_to FROM runs
WHERE t_first < $2 AND (open OR t_last >= $1) AND ($3::int[] IS NULL OR device = ANY ($3))
ORDER BY device, t_first
"""
_FIXES = """
SELECT f.device, f.t, f.lat, f.lon
FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) AS w (device, t_from, t_to)
JOIN fixes f ON f.device = w.device AND f.t >= w.t_from AND f.t <= w.t_to
WHERE f.src = ANY ($4::smallint[]) AND f.flags & $5 = 0
ORDER BY f.device, f.t LIMIT $6
"""
_NAMES = """
SELECT d.id, d.name, d.label, d.unit, o.officer, o.badge
FROM devices d LEFT JOIN LATERAL (
  SELECT p.name AS officer, p.badge FROM bindings b JOIN officers p ON p.id = b.officer
  WHERE b.device = d.id AND b.t_from < $3 AND (b.t_to IS NULL OR b.t_to > $2)
  ORDER BY b.t_from DESC LIMIT 1) o ON true
WHERE d.id = ANY ($1::int[])
"""
_MEASURED = [wire.SOURCE_CODE[source] for source in (wire.Source.GNSS, wire.Source.NETWORK, wire.Source.FUSED)]
_UNMEASURED_FLAGS = wire.FixFlag.MOCK | wire.FixFlag.NULL_ISLAND


async def inside(
    connection: db.Connection, city: City, query: clips.PresenceQuery, *, devices: Collection[int] | None = None
) -> list[clips.Presence]:
    """Find who was there.

    Args:
        connection: reads one snapshot.
        city: the cells in force.
        query: the area and the period.
        devices: numbers of the devices in sight; None: all.

    Raises:
        ProblemError: the outline encloses no area, or too many fixes would have to be examined.
    """
    try:
        region = Region(query.polygon.coordinates[0])
    except ValueError as error:
        raise problems.ProblemError(422, f"polygon: {error}.") from error
    start, end = db.millis(query.start), db.millis(query.end)
    allowed = None if devices is None else sorted(devices)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        touched, covered = await asyncio.to_thread(region.touched, [cell.geometry for cell in city.cells])
        if covered:
            cells = [city.cells[at].id for at in touched.tolist()]
            rows = await connection.fetch(_BY_STAYS, cells, query.start, query.end, allowed)
        else:
            rows = await connection.fetch(_BY_RUNS, query.start, query.end, allowed)
        fixes = await _fixes(connection, list(_windows(rows, start, end)))
        by_device = await asyncio.to_thread(_presences, region, fixes)
        names = {row["id"]: row for row in await connection.fetch(_NAMES, list(by_device), query.start, query.end)}
    items = [_shown(names[device], intervals) for device, intervals in by_device.items()]
    return sorted(items, key=lambda item: (item.intervals[0].t_in, item.device))


def _windows(rows: list[Any], start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Stretches of devices' time to examine, with a margin; adjoining ones are joined. Rows are in order."""
    last: tuple[int, int, int] | None = None
    for row in rows:
        lo, hi = max(start, db.millis(row["t_from"]) - MARGIN_MS), min(end - 1, db.millis(row["t_to"]) + MARGIN_MS)
        if last is not None and last[0] == row["device"] and lo <= last[2]:
            last = (last[0], last[1], max(last[2], hi))
            continue
        if last is not None:
            yield last
        last = (row["device"], lo, hi)
    if last is not None:
        yield last


async def _fixes(connection: db.Connection, windows: list[tuple[int, int, int]]) -> list[Any]:
    rows = await connection.fetch(
        _FIXES,
        [device for device, _, _ in windows],
        [db.moment(lo) for _, lo, _ in windows],
        [db.moment(hi) for _, _, hi in windows],
        _MEASURED,
        _UNMEASURED_FLAGS,
        MOST_FIXES + 1,
    )
    if len(rows) > MOST_FIXES:
        raise problems.ProblemError(
            422, f"More than {MOST_FIXES} fixes lie there in that time; ask for a shorter period or a smaller area."
        )
    return rows


def _presences(region: Region, rows: list[Any]) -> dict[int, list[InsideInterval]]:
    device = np.array([row["device"] for row in rows], dtype=np.int32)
    t: Int = np.array([db.millis(row["t"]) for row in rows], dtype=np.int64)
    lat: Float = np.array([row["lat"] for row in rows], dtype=np.float64)
    lon: Float = np.array([row["lon"] for row in rows], dtype=np.float64)
    edges = [0, *(np.flatnonzero(np.diff(device)) + 1).tolist(), len(device)]
    by_device: dict[int, list[InsideInterval]] = {}
    for lo, hi in itertools.pairwise(edges):
        intervals = region.intervals(t[lo:hi], lat[lo:hi], lon[lo:hi])
        if intervals:
            by_device[int(device[lo])] = intervals
    return by_device


def _shown(row: Any, intervals: list[InsideInterval]) -> clips.Presence:
    return clips.Presence(
        device=row["name"],
        label=row["label"],
        unit=row["unit"],
        officer=row["officer"],
        badge=row["badge"],
        seconds=sum(interval.t_to - interval.t_from for interval in intervals) / 1000,
        fixes=sum(interval.fixes for interval in intervals),
        intervals=[
            clips.Interval(t_in=db.moment(interval.t_from), t_out=db.moment(interval.t_to), fixes=interval.fixes)
            for interval in intervals
        ],
    )
