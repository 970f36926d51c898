"""Coverage for REST and the live map: the stored city and its visits, judged by the core, rolled up to areas."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alerts import arrival, reads
from schemas import rest
from tracking import city as cities
from tracking import coverage, db
from tracking.fixes import Int
from web.live.cells import STATE_NAMES

Level = Literal["grid", "street", "district"]

_ARRIVAL = arrival.ArrivalRule()
_AREAS = "SELECT code, level, name, parent, owner FROM areas ORDER BY code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A grid, street or district."""

    code: str
    level: Level
    name: str
    parent: str | None
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The city and its areas by code."""

    where: reads.Place
    """The city as the watcher of alerts reads it: both must say the same of a cell."""
    areas: dict[str, Area]

    @property
    def city(self) -> cities.City:
        """Cells, rules and calendar."""
        return self.where.city

    def district(self, cell: cities.Cell) -> str | None:
        """District of a cell."""
        street = self.areas.get(cell.street)
        return None if street is None else street.parent

    def area_of(self, cell: cities.Cell, level: Level) -> str | None:
        """Area of a level that a cell belongs to."""
        if level == "grid":
            return cell.grid
        return cell.street if level == "street" else self.district(cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Coverage at a moment and what it was judged on."""

    place: Place
    basis: cities.Basis
    coverage: coverage.Coverage


async def load_areas(connection: db.Connection) -> dict[str, Area]:
    """Read the areas."""
    return {row["code"]: Area(**dict(row)) for row in await connection.fetch(_AREAS)}


async def load_place(connection: db.Connection, known: Place | None = None) -> Place:
    """Read the city and its areas; `known` when nothing changed."""
    where = await reads.place(connection, None if known is None else known.where)
    if known is not None and known.where is where:
        return known
    return Place(where=where, areas=await load_areas(connection))


async def look(connection: db.Connection, place: Place, now: int, known: int | None = None) -> tuple[cities.Basis, Int]:
    """Read what coverage at `now` (ms) is judged on: visits, and how soon an officer can be at each cell, ms.

    `known` (ms): by what was known then; None: by what is known today.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        seen = await reads.look(connection, place.where, now, _ARRIVAL, known=known)
    if not place.city.cells:
        return seen.basis, np.empty(0, dtype=np.int64)
    situation = await asyncio.to_thread(reads.situation, place.where, seen, _ARRIVAL)
    return seen.basis, situation.arrivals.ms


def judge(place: Place, basis: cities.Basis, arrivals: Int, now: int) -> Judged:
    """Judge every cell at `now` (ms)."""
    return Judged(place=place, basis=basis, coverage=cities.judge(place.city, basis, arrivals, now))


def of_cell(judged: Judged, at: int) -> rest.CellCoverage:
    """Spell the coverage of the cell with index `at`."""
    made, basis = judged.coverage, judged.basis
    idle, due, last = int(made.idle_ms[at]), int(made.due[at]), int(basis.last_visit[at])
    return rest.CellCoverage(
        cell=judged.place.city.cells[at].code,
        state=STATE_NAMES[made.state[at]],
        idle_s=None if idle < 0 else idle / 1000,
        limit_s=int(made.limit_ms[at]) / 1000,
        due=None if due < 0 else db.moment(due),
        last_visit=None if last < 0 else db.moment(last),
        present=bool(basis.present[at]),
    )


def rows_seen(judged: Judged, cells: Collection[int] | None) -> Int:
    """Rows of the cells in sight, given by their numbers; None: all."""
    ids = np.array([cell.id for cell in judged.place.city.cells], dtype=np.int64)
    if cells is None:
        return np.arange(len(ids))
    return np.flatnonzero(np.isin(ids, np.fromiter(cells, dtype=np.int64, count=len(cells))))


def of_areas(judged: Judged, level: Level, areas: Collection[str] | None = None) -> list[rest.AreaCoverage]:
    """Roll up to the areas of a level, in order of their codes, those of `areas` only; empty ones are left out."""
    rows: dict[str, list[int]] = {}
    for at, cell in enumerate(judged.place.city.cells):
        code = judged.place.area_of(cell, level)
        if code is not None and (areas is None or code in areas):
            rows.setdefault(code, []).append(at)
    return [_area(judged, judged.place.areas[code], rows[code]) for code in sorted(rows)]


def _area(judged: Judged, area: Area, rows: Iterable[int]) -> rest.AreaCoverage:
    picked = np.fromiter(rows, dtype=np.intp)
    states = judged.coverage.state[picked]
    weights = np.array([judged.place.city.cells[at].weight for at in picked.tolist()])
    known = states != coverage.CellState.UNKNOWN
    total = float(weights[known].sum())
    fine = float(weights[known & (states != coverage.CellState.OVERDUE)].sum())
    counts = {name: int(np.count_nonzero(states == code)) for code, name in enumerate(STATE_NAMES)}
    return rest.AreaCoverage(
        area=area.code,
        level=area.level,
        name=area.name,
        owner=area.owner,
        cells=len(picked),
        covered=fine / total if total > 0 else None,
        **counts,
    )
