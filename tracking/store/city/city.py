"""The city as stored, as it is or was at a moment: cells, areas, rules and duty times."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime import db
from tracking.coverage import coverage
from tracking.geometry.lookup import CityGrid, GridCell
from tracking.plans import plans
from tracking.plans.calendars import DutyCalendar
from tracking.presence import silence
from tracking.presence.silence import UNHEARD_MS
from tracking.store.city import calendar_store, division_store, plan_store
from tracking.store.presence import between_store, observation, quotas, run_store, sighting_store, versions
from tracking.store.records import settings_store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracking.presence.fixes import Float, Int
    from tracking.store.city.division_store import DivisionArea


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCell:
    """A unit cell as it is at a moment."""

    id: int
    code: str
    name: str | None
    cls: str
    weight: float
    """From the grid file; a plan may override it."""
    road_m: float | None
    """Length of its roads, m; None: not known."""
    grid: str
    """Code of its responsibility grid."""
    street: str
    """Code of its street."""
    district: str | None
    """Code of its district."""
    synthetic: bool
    begins: int
    """Start of its time in force, ms; EVER: no start."""
    geometry: dict[str, Any]
    """GeoJSON Polygon, WGS-84."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """Everything about the city that rules need. Columns are by cell, in the order of `cells`."""

    cells: tuple[CityCell, ...]
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
    begins: Int
    """Start of the time in force of each cell, ms; EVER: no start. Nothing is required before."""
    areas: dict[str, DivisionArea]
    """Districts, streets and grids by code."""

    def limits(self, now: int) -> coverage.LimitSteps:
        """Limits of the cells from `now` (ms) on."""
        return self.plans.limits_ahead(now, self.calendar)

    def dwells_ms(self, now: int) -> Int:
        """Least dwell of each cell at `now` (ms), ms."""
        return self.plans.at(now).dwell_ms


async def load(conn: db.Connection, at: int | None = None, known: int | None = None) -> City:
    """Read the city as it is or was. An empty store gives a city without cells.

    Args:
        conn: a connection.
        at: a moment, ms; None: now, by the database's clock.
        known: by the divisions known then, ms; None: by those known now.
    """
    at = db.millis(await conn.fetchval("SELECT now()")) if at is None else at
    held = await division_store.in_force(conn, at, known)
    entries = await division_store.cells(conn, held)
    shapes = await division_store.geometries(conn, (cell.cell for cell in entries))
    since = await division_store.held_since(conn, known)
    cells = tuple(
        CityCell(
            id=cell.cell, code=cell.code, name=cell.name, cls=cell.cls, weight=cell.weight, road_m=cell.road_m,
            grid=cell.grid, street=cell.street, district=cell.district, synthetic=cell.synthetic,
            begins=since[cell.cell], geometry=json.loads(shapes[cell.cell]),
        )
        for cell in entries
    )  # fmt: skip
    streets = tuple(sorted({cell.street for cell in cells}))
    number = {street: at for at, street in enumerate(streets)}
    rules = await plan_store.read(conn)
    planned = plans.Plans(rules.versions, [rules.site(cell, since[cell.cell]) for cell in entries])
    time_zone = (await settings_store.time_zone(conn)).key
    return City(
        cells=cells,
        plans=planned,
        calendar=DutyCalendar(time_zone, duties=planned.duties(), holidays=await calendar_store.holidays(conn)),
        time_zone=time_zone,
        grid=CityGrid(
            [GridCell(id=cell.id, rings=cell.geometry["coordinates"]) for cell in cells],
            await division_store.centre(conn),
        ),
        street=np.array([number[cell.street] for cell in cells], dtype=np.int32),
        streets=streets,
        index={cell.id: at for at, cell in enumerate(cells)},
        begins=np.array([cell.begins for cell in cells], dtype=np.int64),
        areas={area.code: area for area in await division_store.areas(conn, held)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Stored data on which coverage is judged, as columns by cell of a city."""

    last_visit: Int
    """End of the last valid visit, ms; coverage.NEVER if none."""
    present: NDArray[np.bool_]
    """A valid visit is going on."""
    known_since: Int
    """Start of observation of each cell, ms; NEVER if the city was never observed."""
    possible: Int
    """Latest end of a visit that may have been made in silence or between cells, ms; NEVER if none may."""
    between: Int
    """Latest end of those between cells alone."""
    quota: coverage.Quota
    """Required visits of open windows."""
    heard: int
    """Newest fix heard from the city, ms; NEVER if none."""
    soon_share: Float | float = coverage.DUE_SOON_SHARE
    """A cell is due soon if less than this share of its limit is left, by the rules of warnings."""


# Two short index scans: the newest visit of each cell that had ended by then, and those that were open then, also
# where somebody else's ended after what is known of them.
_LAST_VISITS = """
SELECT v.cell, v.t_out, v.open
FROM unnest({cells}::int[]) AS c (id) CROSS JOIN LATERAL (
  SELECT s.cell, s.t_out, s.open FROM stays s
  WHERE s.cell = c.id AND s.kind = 'visit' AND s.t_out <= $1 AND {holds}
  ORDER BY s.t_out DESC LIMIT 1
) v
UNION ALL
SELECT s.cell, s.t_out, s.open FROM stays s
WHERE s.kind = 'visit' AND s.t_in <= $1 AND (s.open OR s.t_out >= $1) AND {holds}
AND tstzrange(s.t_in, greatest(s.t_in, s.t_out), '[]') && tstzrange($1::timestamptz - interval '{present}', $1, '[]')
"""
_PRESENT = f"{UNHEARD_MS} ms"
_VISITS_NOW = _LAST_VISITS.format(cells="$2", holds="s.known_to IS NULL", present=_PRESENT)
_VISITS_THEN = (
    _LAST_VISITS.format(
        cells="$3",
        holds="coalesce(s.grown_at, s.known_from) <= $2 AND (s.known_to IS NULL OR s.known_to > $2)",
        present=_PRESENT,
    )
    + f"""
UNION ALL
SELECT g.cell, g.t_out, g.open FROM stay_growth g
WHERE {versions.row_at("$2", "g.")} AND g.kind = 'visit' AND g.t_in <= $1
"""  # noqa: S608 - our own texts
)
_HEARD_NOW = "SELECT max(t_last) FROM runs"
_HEARD_THEN = f"""
SELECT max(t) FROM (
  SELECT t_last AS t FROM runs WHERE coalesce(known_from, '-infinity') <= $1
  UNION ALL SELECT t_last FROM run_history WHERE {versions.row_at("$1")}) r
"""  # noqa: S608 - our own texts


async def basis(conn: db.Connection, city: City, now: int, known: int | None = None) -> Basis:
    """Read the data for coverage at `now` (ms), as known at `known` (ms; None: as known now)."""
    arguments = [] if known is None else [db.moment(known)]
    since = await observation.observed_since(conn, known)
    heard = await conn.fetchval(_HEARD_NOW if known is None else _HEARD_THEN, *arguments)
    none = np.full(len(city.cells), coverage.NEVER, dtype=np.int64)
    last_visit = none.copy()
    present = np.zeros(len(city.cells), dtype=np.bool_)
    query, cells = _VISITS_NOW if known is None else _VISITS_THEN, [cell.id for cell in city.cells]
    for row in await conn.fetch(query, db.moment(now), *arguments, cells):
        at = city.index.get(row["cell"])
        if at is not None:
            ended = db.millis(row["t_out"])
            last_visit[at] = max(last_visit[at], min(ended, now))
            # For a moment in the past, a visit that ended later was open.
            present[at] |= ended >= now or (row["open"] and ended >= now - UNHEARD_MS)
    silences = await run_store.silences_before(conn, now, known)
    sightings = await sighting_store.read(conn, city.index, now - run_store.LOOK_BACK_MS, now, known)
    dwell = city.dwells_ms(now)
    # In a thread: each silence is compared with each cell, and a whole fleet may have been silent.
    possible = await asyncio.to_thread(silence.possible_visits, silences, city.grid, dwell)
    between = await between_store.read(conn, city.index, now - between_store.LOOK_BACK_MS, now, known)
    return Basis(
        last_visit=last_visit,
        present=present,
        known_since=np.maximum(city.begins, since) if coverage.NEVER < since <= now else none,
        possible=silence.later(silence.later(possible, silence.sighted_visits(sightings, dwell)), between),
        between=silence.later(none, between),
        quota=await quotas.read(conn, city.plans, city.calendar, cells, now, known),
        heard=coverage.NEVER if heard is None else db.millis(heard),
    )


def judge(city: City, basis: Basis, arrivals_ms: Int, now: int) -> coverage.Coverage:
    """Judge every cell of the city at `now` (ms). Pure.

    Args:
        city: the city.
        basis: the stored data.
        arrivals_ms: time until an officer can be at each cell, ms; negative: nobody can be sent.
        now: the moment.
    """
    known = coverage.CoverageInput(
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
        soon_share=basis.soon_share,
    )
