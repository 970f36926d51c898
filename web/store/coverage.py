"""Coverage for REST and the live map: the stored city and its visits, judged by the core, rolled up to areas."""

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from alerts.coverage import arrival
from alerts.coverage.warning_rules import WarningRules
from alerts.rulebook.rulebook import WARNING
from alerts.store import prepare, reads
from runtime import db
from schemas import rest
from tracking.coverage import coverage
from tracking.plans.rule_version import RuleVersion
from tracking.presence.fixes import Int
from tracking.store.city import city as cities
from tracking.store.city import rule_store
from tracking.store.city.division_store import DivisionArea
from tracking.store.presence import versions
from web.live.frames.cells import STATE_NAMES, CellColumns

Level = Literal["grid", "street", "district"]

DRIVES_MS = 86_400_000
"""How far back drive-throughs are shown."""
_DRIVES = """
SELECT cell, t_in FROM stays WHERE kind = 'drive_through' AND t_in > $1 AND t_in <= $2 AND {holds}
"""
_DRIVES_NOW = _DRIVES.format(holds="known_to IS NULL")
_DRIVES_THEN = (
    _DRIVES.format(holds="coalesce(grown_at, known_from) <= $3 AND (known_to IS NULL OR known_to > $3)")
    + f"""
UNION ALL
SELECT cell, t_in FROM stay_growth
WHERE {versions.row_at("$3")} AND kind = 'drive_through' AND t_in > $1 AND t_in <= $2
"""  # noqa: S608 - our own texts
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CityAt:
    """The city as it is or was at a moment."""

    where: reads.CityState
    """The city as the watcher of alerts reads it, since both must agree on a cell."""

    @property
    def city(self) -> cities.City:
        """Cells, rules and calendar."""
        return self.where.city

    @property
    def areas(self) -> dict[str, DivisionArea]:
        """Its areas by code."""
        return self.where.city.areas


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Coverage at a moment and its data."""

    place: CityAt
    basis: cities.Basis
    coverage: coverage.Coverage


async def load_place(
    connection: db.Connection, before: CityAt | None = None, at: int | None = None, known: int | None = None
) -> CityAt:
    """Read the city as it is or was.

    Args:
        connection: a connection.
        before: returned if it is the same.
        at: a moment, ms; None: now.
        known: by the divisions known then, ms; None: by those known now.
    """
    where = await reads.read_city(connection, None if before is None else before.where, at, known)
    return before if before is not None and before.where is where else CityAt(where=where)


def area_of(cell: cities.CityCell, level: Level) -> str | None:
    """Area of a level that a cell belongs to."""
    if level == "grid":
        return cell.grid
    return cell.street if level == "street" else cell.district


async def read_inputs(
    connection: db.Connection, place: CityAt, now: int, known: int | None = None, rows: Int | None = None
) -> tuple[cities.Basis, Int]:
    """Read the data for coverage at `now` (ms): visits, and the time until an officer can be at each cell, ms.

    Args:
        connection: the database.
        place: the city.
        now: the moment, ms.
        known: by what was known then, ms; None: by what is known today.
        rows: cells that are asked about, by index: for others no way is searched; None: all.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rule = await reads.arrival_rule(connection, now)
        # Open alerts do not matter for coverage.
        seen = await reads.read_snapshot(connection, place.where, now, rule, known=known, standing=[])
        warnings = await rule_store.current(connection, WARNING, now)
    arrivals = np.full(len(place.city.cells), arrival.NOBODY, dtype=np.int64)
    wanted = np.arange(len(arrivals)) if rows is None else rows
    if len(wanted):
        arrivals[wanted] = await asyncio.to_thread(prepare.arrivals_at, place.where, seen, rule, wanted)
    return _by_rules(seen.basis, warnings, place.city, now), arrivals


def _by_rules(basis: cities.Basis, warnings: Sequence[RuleVersion], city: cities.City, now: int) -> cities.Basis:
    """Due soon on the map is defined by the rules of warnings, as for alerts."""
    if not warnings:
        return basis
    return replace(basis, soon_share=WarningRules(warnings, city.plans.sites).at(now, city.calendar).by.soon_share)


def judge(place: CityAt, basis: cities.Basis, arrivals: Int, now: int) -> Judged:
    """Judge every cell at `now` (ms)."""
    return Judged(place=place, basis=basis, coverage=cities.judge(place.city, basis, arrivals, now))


async def drive_throughs(connection: db.Connection, judged: Judged, known: int | None = None) -> Int:
    """Drive-throughs of each cell since its last valid visit, in the day before, by what was known at `known` (ms)."""
    city, at = judged.place.city, judged.coverage.at
    counts = np.zeros(len(city.cells), dtype=np.int64)
    day = db.moment(at - DRIVES_MS), db.moment(at)
    rows = (
        await connection.fetch(_DRIVES_NOW, *day)
        if known is None
        else await connection.fetch(_DRIVES_THEN, *day, db.moment(known))
    )
    for row in rows:
        cell = city.index.get(row["cell"])
        if cell is not None and db.millis(row["t_in"]) >= judged.basis.last_visit[cell]:
            counts[cell] += 1
    return counts


def limit_s(judged: Judged, at: int) -> float | None:
    """Limit of the cell with index `at`, s; None: it has none."""
    limit = int(judged.coverage.limit_ms[at])
    return None if limit >= coverage.NO_LIMIT else limit / 1000


def _required(judged: Judged, at: int) -> rest.RequiredVisits | None:
    quota = judged.basis.quota
    if not quota.required[at]:
        return None
    dwell = judged.place.city.dwells_ms(judged.coverage.at)
    due = int(quota.due(dwell)[at])
    return rest.RequiredVisits(
        required=int(quota.required[at]),
        done=int(quota.done[at]),
        window_from=db.moment(int(quota.start[at])),
        window_to=db.moment(int(quota.end[at])),
        begin_by=None if due >= coverage.FAR else db.moment(due - int(dwell[at])),
    )


def _unknown(judged: Judged, at: int) -> rest.UnknownWhy | None:
    """Why the state of the cell with index `at` is unknown; None: it is known."""
    basis = judged.basis
    if judged.coverage.state[at] != coverage.CellState.UNKNOWN:
        return None
    if basis.known_since[at] < 0:
        return "unheard"
    return "between" if basis.between[at] > basis.last_visit[at] else "hidden"


def of_cell(judged: Judged, at: int, drives: Int) -> rest.CellCoverage:
    """Coverage of the cell with index `at`; `drives` counts drive-throughs by cell."""
    states, basis = judged.coverage, judged.basis
    idle, due, last = int(states.idle_ms[at]), int(states.due[at]), int(basis.last_visit[at])
    return rest.CellCoverage(
        cell=judged.place.city.cells[at].code,
        state=STATE_NAMES[states.state[at]],
        idle_s=None if idle < 0 else idle / 1000,
        limit_s=limit_s(judged, at),
        due=None if due < 0 else db.moment(due),
        last_visit=None if last < 0 else db.moment(last),
        present=bool(basis.present[at]),
        unknown=_unknown(judged, at),
        visits=_required(judged, at),
        drive_throughs=int(drives[at]),
    )


def rows_seen(place: CityAt, areas: Collection[str] | None) -> Int:
    """Rows of the cells in sight, by the areas that are (None: all): a cell of the past is of the grid it was in."""
    cells = place.city.cells
    if areas is None:
        return np.arange(len(cells))
    return np.flatnonzero(np.fromiter((cell.grid in areas for cell in cells), dtype=np.bool_, count=len(cells)))


def columns(judged: Judged, rows: Int) -> CellColumns:
    """The cells at `rows` for viewers."""
    states, basis = judged.coverage, judged.basis
    return CellColumns(
        id=judged.place.where.cells.id[rows],
        state=states.state[rows],
        due=states.due[rows],
        last_visit=basis.last_visit[rows],
        present=basis.present[rows],
    )


def version(place: CityAt, rows: Int, areas: Collection[str] | None) -> str:
    """Version of the visible part of a city: it changes with the city or the sight.

    Args:
        place: the city.
        rows: of the cells in sight.
        areas: codes of the areas in sight; None: all.
    """
    digest = hashlib.sha256(f"{place.where.signature} {None if areas is None else sorted(areas)}".encode())
    digest.update(rows.tobytes())
    return digest.hexdigest()[:16]


def of_areas(
    judged: Judged, level: Level, drives: Int, areas: Collection[str] | None = None
) -> list[rest.AreaCoverage]:
    """Roll up to the areas of a level, in order of their codes, those of `areas` only; empty ones are left out."""
    rows: dict[str, list[int]] = {}
    for at, cell in enumerate(judged.place.city.cells):
        code = area_of(cell, level)
        if code is not None and (areas is None or code in areas):
            rows.setdefault(code, []).append(at)
    return [_area(judged, level, judged.place.areas[code], rows[code], drives) for code in sorted(rows)]


def _area(judged: Judged, level: Level, area: DivisionArea, rows: Iterable[int], drives: Int) -> rest.AreaCoverage:
    picked = np.fromiter(rows, dtype=np.intp)
    states = judged.coverage.state[picked]
    weights = judged.place.city.plans.at(judged.coverage.at).weight[picked]
    known = states != coverage.CellState.UNKNOWN
    total = float(weights[known].sum())
    fine = float(weights[known & (states != coverage.CellState.OVERDUE)].sum())
    counts = {name: int(np.count_nonzero(states == code)) for code, name in enumerate(STATE_NAMES)}
    return rest.AreaCoverage(
        area=area.code,
        level=level,
        name=area.name,
        owner=area.owner,
        cells=len(picked),
        covered=fine / total if total > 0 else None,
        known=float(known.mean()),
        drive_throughs=int(drives[picked].sum()),
        **counts,
    )
