"""The city as stored: cells, areas, rules and duty times, loaded once and again when a grid is imported."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from schemas import wire
from tracking import (
    calendar_store,
    coverage,
    db,
    grids,
    plans,
    quotas,
    rule_store,
    run_store,
    sighting_store,
    silence,
    versions,
)
from tracking.calendars import DutyCalendar
from tracking.geometry.lookup import CityGrid, GridCell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracking.fixes import Int

_CELLS = """
SELECT c.id, c.code, c.name, c.class AS cls, c.weight, c.road_m, c.geometry, c.synthetic, c.grid,
       g.parent AS street, s.parent AS district
FROM cells c JOIN areas g ON g.code = c.grid LEFT JOIN areas s ON s.code = g.parent
WHERE c.valid_to IS NULL
ORDER BY c.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A unit cell in force."""

    id: int
    code: str
    name: str | None
    cls: str
    weight: float
    """Of the grid file; a plan may say another."""
    road_m: float | None
    """Length of the roads in it, m; None: not known."""
    grid: str
    """Code of its responsibility grid."""
    street: str
    """Code of its street."""
    district: str | None
    """Code of its district."""
    synthetic: bool
    geometry: dict[str, Any]
    """GeoJSON Polygon, WGS-84."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """Everything about the place that rules need. Columns are by cell, in the order of `cells`."""

    cells: tuple[Cell, ...]
    plans: plans.Plans
    calendar: DutyCalendar
    time_zone: str
    grid: CityGrid
    """Cell index i of the grid is `cells[i]`."""
    street: NDArray[np.int32]
    """Index of the cell's street in `streets`."""
    streets: tuple[str, ...]
    index: dict[int, int]
    """Number of a cell in the store → its index."""

    def limits(self, now: int) -> coverage.Limits:
        """Limits of the cells from `now` (ms) on."""
        return self.plans.limits_ahead(now, self.calendar)

    def dwells_ms(self, now: int) -> Int:
        """Least dwell of each cell at `now` (ms), ms."""
        return self.plans.at(now).dwell_ms


async def load(conn: db.Connection) -> City:
    """Read the city from the store. An empty store gives a city without cells."""
    time_zone = json.loads(await conn.fetchval("SELECT value FROM settings WHERE key = 'time_zone'"))
    cells = tuple(
        Cell(
            id=row["id"], code=row["code"], name=row["name"], cls=row["cls"], weight=row["weight"],
            road_m=row["road_m"], grid=row["grid"], street=row["street"] or "", district=row["district"],
            synthetic=row["synthetic"], geometry=json.loads(row["geometry"]),
        )
        for row in await conn.fetch(_CELLS)
    )  # fmt: skip
    streets = tuple(sorted({cell.street for cell in cells}))
    number = {street: at for at, street in enumerate(streets)}
    asked = await _plans(conn, cells)
    return City(
        cells=cells,
        plans=asked,
        calendar=DutyCalendar(time_zone, duties=asked.duties(), holidays=await calendar_store.holidays(conn)),
        time_zone=time_zone,
        grid=CityGrid([GridCell(id=cell.id, rings=cell.geometry["coordinates"]) for cell in cells]),
        street=np.array([number[cell.street] for cell in cells], dtype=np.int32),
        streets=streets,
        index={cell.id: at for at, cell in enumerate(cells)},
    )


async def _plans(conn: db.Connection, cells: tuple[Cell, ...]) -> plans.Plans:
    versions = await rule_store.between(conn, plans.KIND, 0, wire.LATEST_MS)
    units: dict[str, list[str]] = {}
    for row in await conn.fetch("SELECT code, area FROM units WHERE area IS NOT NULL ORDER BY code"):
        units.setdefault(row["area"], []).append(f"unit:{row['code']}")
    return plans.Plans(versions, [_site(cell, units) for cell in cells])


def _site(cell: Cell, units: dict[str, list[str]]) -> plans.Site:
    areas = (cell.district, cell.street, cell.grid)
    of_units = [scope for area in areas if area is not None for scope in units.get(area, ())]
    scopes = (plans.CITY, f"class:{cell.cls}", *of_units, f"grid:{cell.grid}", f"cell:{grids.lifted(cell.code)}")
    return plans.Site(scopes=scopes, weight=cell.weight, road_m=cell.road_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the store knows that coverage is judged on, as columns by cell of a city."""

    last_visit: Int
    """End of the last valid visit, ms; coverage.NEVER if none."""
    present: NDArray[np.bool_]
    """A valid visit is going on."""
    known_since: Int
    """Since when the city is observed, ms; NEVER if it never was. A place nobody goes to is neglected, not unknown."""
    possible: Int
    """Latest end of a visit that silence may hide, ms; NEVER if none may."""
    quota: coverage.Quota
    """Required visits of the windows that are going on."""
    heard: int
    """Newest fix heard from the city, ms; NEVER if none."""


# Two short walks for each cell: the newest visit that had ended by then, and those that go on beyond it.
_LAST_VISITS = """
SELECT v.cell, v.t_out, v.open
FROM cells c CROSS JOIN LATERAL (
  SELECT s.cell, s.t_out, s.open FROM stays s
  WHERE s.cell = c.id AND s.kind = 'visit' AND s.t_out <= $1 AND {holds}
  ORDER BY s.t_out DESC LIMIT 1
) v
WHERE c.valid_to IS NULL
UNION ALL
SELECT s.cell, s.t_out, s.open FROM stays s
WHERE s.kind = 'visit' AND tstzrange(s.t_in, greatest(s.t_in, s.t_out), '[]') @> $1::timestamptz AND {holds}
"""
_VISITS_NOW = _LAST_VISITS.format(holds="s.known_to IS NULL")
_VISITS_THEN = (
    _LAST_VISITS.format(holds="coalesce(s.grown_at, s.known_from) <= $2 AND (s.known_to IS NULL OR s.known_to > $2)")
    + f"""
UNION ALL
SELECT g.cell, g.t_out, g.open FROM stay_growth g
WHERE {versions.held("$2", "g.")} AND g.kind = 'visit' AND g.t_in <= $1
"""  # noqa: S608 - our own texts
)
_WATCH_NOW = "SELECT min(since) AS since, max(heard) AS heard FROM street_watch"
_WATCH_THEN = f"""
SELECT (SELECT min(since) FROM street_since WHERE coalesce(known_from, '-infinity') <= $1) AS since,
       (SELECT max(t) FROM (
          SELECT t_last AS t FROM runs WHERE coalesce(known_from, '-infinity') <= $1
          UNION ALL SELECT t_last FROM run_history WHERE {versions.held("$1")}) r) AS heard
"""  # noqa: S608 - our own texts
PRESENT_FOR_MS = 180_000
"""An open visit counts as going on while its device was heard within this time."""


async def basis(conn: db.Connection, city: City, now: int, known: int | None = None) -> Basis:
    """Read what coverage at `now` (ms) is judged on, by what was known at `known` (ms; None: by what is known now)."""
    arguments = [] if known is None else [db.moment(known)]
    watch = await conn.fetchrow(_WATCH_NOW if known is None else _WATCH_THEN, *arguments)
    since, heard = (coverage.NEVER if moment is None else db.millis(moment) for moment in watch or (None, None))
    last_visit = np.full(len(city.cells), coverage.NEVER, dtype=np.int64)
    present = np.zeros(len(city.cells), dtype=np.bool_)
    for row in await conn.fetch(_VISITS_NOW if known is None else _VISITS_THEN, db.moment(now), *arguments):
        at = city.index.get(row["cell"])
        if at is not None:
            ended = db.millis(row["t_out"])
            last_visit[at] = max(last_visit[at], min(ended, now))
            # Asked about the past, a visit that reached beyond the moment was going on at it.
            present[at] |= ended >= now or (row["open"] and ended >= now - PRESENT_FOR_MS)
    silences = await run_store.silences(conn, now, known)
    sightings = await sighting_store.read(conn, city.index, now - run_store.LOOK_BACK_MS, now, known)
    dwell = city.dwells_ms(now)
    # In a thread: each silence is held against each cell, and a whole fleet may have been silent.
    possible = await asyncio.to_thread(silence.possible_visits, silences, city.grid, dwell)
    return Basis(
        last_visit=last_visit,
        present=present,
        known_since=np.full(len(city.cells), since if since <= now else coverage.NEVER, dtype=np.int64),
        possible=silence.later(possible, silence.sighted_visits(sightings, dwell)),
        quota=await quotas.read(conn, city.plans, city.calendar, [cell.id for cell in city.cells], now, known),
        heard=heard,
    )


def judge(city: City, basis: Basis, arrivals_ms: Int, now: int) -> coverage.Coverage:
    """Judge every cell of the city at `now` (ms). Pure.

    Args:
        city: the city.
        basis: what the store knows.
        arrivals_ms: how soon an officer can be at each cell, ms; negative where nobody can be sent.
        now: the moment.
    """
    known = coverage.Known(
        last_visit=basis.last_visit,
        present=basis.present,
        known_since=basis.known_since,
        possible=basis.possible,
        quota=basis.quota,
    )
    return coverage.evaluate(
        known,
        now=now,
        limits=city.limits(now),
        arrival_ms=np.maximum(arrivals_ms, 0),
        dwell_ms=city.dwells_ms(now),
        calendar=city.calendar,
    )


def watched(city: City, cell: NDArray[np.int32], t: Int) -> list[tuple[str, int, int]]:
    """Streets heard from in a batch, as (code, oldest ms, newest ms); `cell` holds numbers in the store or -1."""
    at = np.array([city.index.get(number, -1) for number in cell.tolist()], dtype=np.intp)
    street, times = city.street[at[at >= 0]], t[at >= 0]
    return [
        (city.streets[each], int(times[street == each].min()), int(times[street == each].max()))
        for each in np.unique(street).tolist()
    ]


_FORGET = (
    # Of what became known one after the other, the first that reaches back so far stands for all of them.
    """DELETE FROM street_since a USING street_since b WHERE a.street = b.street AND a.since <= $1 AND b.since <= $1
    AND (coalesce(b.known_from, '-infinity'), b.since) < (coalesce(a.known_from, '-infinity'), a.since)""",
    "UPDATE street_since SET since = $1 WHERE since < $1",
    "UPDATE street_watch SET since = $1 WHERE since < $1",
)


async def forget_before(conn: db.Connection, t: int) -> None:
    """Say nothing any more of the time before `t` (ms), whose visits are not kept."""
    async with conn.transaction():
        for statement in _FORGET:
            await conn.execute(statement, db.moment(t))


async def note_watched(conn: db.Connection, heard: list[tuple[str, int, int]], now: int) -> None:
    """Store what `watched` answers, known from `now` (ms); whatever the order of batches, oldest and newest remain."""
    await conn.executemany(
        """
        WITH put AS (
          INSERT INTO street_watch VALUES ($1, $2, $3) ON CONFLICT (street) DO UPDATE
          SET since = least(street_watch.since, excluded.since), heard = greatest(street_watch.heard, excluded.heard)
          RETURNING street, since)
        INSERT INTO street_since SELECT street, since, $4 FROM put ON CONFLICT DO NOTHING
        """,
        [(street, db.moment(oldest), db.moment(newest), db.moment(now)) for street, oldest, newest in heard],
    )
