"""Data for the indicators of a period, read from the stored stays and runs; fixes are never scanned."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from runtime import db
from tracking.coverage import indicators, rollup
from tracking.presence import silence
from tracking.presence.fixes import Int
from tracking.routes import done
from tracking.routes.checkpoints import LEAST_MS
from tracking.routes.model import PatrolRoutes
from tracking.store.city import route_hours
from tracking.store.city.city import City
from tracking.store.presence import between_store, observation, run_store, sighting_store

MOST_MS = 31 * 86_400_000
"""Longest period, as its data is held in memory."""

_VISITS = """
SELECT coalesce(array_agg(cell), '{}') AS cell,
       coalesce(array_agg((extract(epoch FROM t_in) * 1000)::bigint), '{}') AS t_in,
       coalesce(array_agg((extract(epoch FROM t_out) * 1000)::bigint), '{}') AS t_out
FROM (
  SELECT cell, t_in, t_out FROM stays WHERE known_to IS NULL AND kind = 'visit' AND t_in >= $1 AND t_in < $2
  UNION ALL
  SELECT cell, t_in, t_out FROM stays
  WHERE known_to IS NULL AND kind = 'visit' AND t_in < $1
    AND tstzrange(t_in, greatest(t_in, t_out), '[]') @> $1::timestamptz
) v
"""
_BEFORE = """
SELECT c.id, v.t_out
FROM unnest($2::int[]) AS c (id) CROSS JOIN LATERAL (
  SELECT t_out FROM stays s WHERE s.cell = c.id AND s.known_to IS NULL AND s.kind = 'visit' AND s.t_out <= $1
  ORDER BY s.t_out DESC LIMIT 1) v
"""
_DRIVES = """
SELECT cell, count(*) AS n FROM stays
WHERE known_to IS NULL AND kind = 'drive_through' AND t_in >= $1 AND t_in < $2 GROUP BY cell
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodData:
    """Stored data of a period."""

    start: int
    end: int
    """The period, ms."""
    observed: Int
    """Start of observation of each cell, ms; -1: the city was never observed."""
    before: Int
    """End of the last visit of each cell that ended before the period, ms; -1: none."""
    visits: indicators.Visits
    silences: silence.Silences
    sightings: silence.Sightings
    between: silence.Hidden
    drive_throughs: Int
    """By cell."""
    routes: PatrolRoutes
    did: done.Did


async def read(conn: db.Connection, city: City, routes: PatrolRoutes, start: int, end: int) -> PeriodData:
    """Read a period (ms); call it within one snapshot."""
    period = db.moment(start), db.moment(end)
    since = await observation.observed_since(conn)
    before, drives = np.full(len(city.cells), -1, dtype=np.int64), np.zeros(len(city.cells), dtype=np.int64)
    for row in await conn.fetch(_BEFORE, period[0], [cell.id for cell in city.cells]):
        if row["id"] in city.index:
            before[city.index[row["id"]]] = db.millis(row["t_out"])
    for row in await conn.fetch(_DRIVES, *period):
        if row["cell"] in city.index:
            drives[city.index[row["cell"]]] = row["n"]
    return PeriodData(
        start=start,
        end=end,
        observed=np.where(since < 0, -1, np.maximum(since, city.begins)),
        before=before,
        visits=await _visits(conn, city, period),
        # A silence that began before may reach into the period.
        silences=await run_store.silences_before(conn, end, back_ms=end - start + run_store.SHIFT_MS),
        sightings=await sighting_store.read(conn, city.index, start - run_store.SHIFT_MS, end),
        between=await between_store.read(conn, city.index, start - run_store.SHIFT_MS, end),
        drive_throughs=drives,
        routes=routes,
        did=await route_hours.read(conn, routes, start, end),
    )


async def _visits(conn: db.Connection, city: City, period: tuple[object, object]) -> indicators.Visits:
    row = await conn.fetchrow(_VISITS, *period)
    assert row is not None  # noqa: S101 - an aggregate gives one row
    of, t_in, t_out = (np.array(row[name], dtype=np.int64) for name in ("cell", "t_in", "t_out"))
    numbers, where = np.unique(of, return_inverse=True)
    cell = np.array([city.index.get(number, -1) for number in numbers.tolist()], dtype=np.intp)[where]
    known = cell >= 0
    return indicators.Visits(cell=cell[known], t_in=t_in[known], t_out=t_out[known])


def figures(city: City, seen: PeriodData) -> tuple[indicators.Figures, rollup.RollupSums]:
    """Figures of every cell of the city, and their sums. Pure; takes seconds for a large city."""
    planned, epoch = city.plans, city.plans.at(seen.end - 1)
    windows = planned.windows(seen.start, seen.end, city.calendar)
    record = indicators.PeriodRecord(
        start=seen.start,
        end=seen.end,
        since=np.where(seen.before >= 0, seen.before, seen.observed),
        observed=seen.observed,
        visits=seen.visits,
        hidden=_hidden(city, seen, epoch.dwell_ms),
        windows=windows.take(np.flatnonzero((windows.start >= seen.start) & (windows.end <= seen.end))),
        limits=planned.limits(seen.start, seen.end, city.calendar),
        dwell_ms=epoch.dwell_ms,
    )
    sums = rollup.RollupSums(
        weight=epoch.weight,
        road_m=np.array([cell.road_m or np.nan for cell in city.cells], dtype=np.float64),
        drive_throughs=seen.drive_throughs,
        routes=_routes(city, seen, record),
    )
    return indicators.measure(record, city.calendar), sums


def _routes(city: City, seen: PeriodData, record: indicators.PeriodRecord) -> done.RouteSums:
    """Patrol routes done. Passing a checkpoint takes less time than a visit, so shorter silences can hide it."""
    dwell = np.full(len(city.cells), LEAST_MS, dtype=np.int64)
    brief = record
    if len(seen.routes.checkpoints):
        brief = replace(record, hidden=_hidden(city, seen, dwell), dwell_ms=dwell)
    return done.measure(
        seen.routes,
        seen.did,
        record.windows,
        (seen.start, seen.end),
        partial(indicators.unclear, record),
        partial(indicators.unclear, brief),
    )


def _hidden(city: City, seen: PeriodData, dwell_ms: Int) -> silence.Hidden:
    """Stays of `dwell_ms` by cell that silence or a sighting may hide, or that were made between cells."""
    hidden = silence.hidden_visits(seen.silences, city.grid, dwell_ms)
    return silence.joined(silence.joined(hidden, silence.sighted_visits(seen.sightings, dwell_ms)), seen.between)
