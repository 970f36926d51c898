"""All divisions that a city had, has and will have, as the engine judges by them: each moment by its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from runtime import db
from tracking.geometry.lookup import EVER, FOR_EVER, CityGrid, GridCell
from tracking.plans import plans
from tracking.presence.visit_rules import VisitRules
from tracking.store.city import division_store, plan_store
from tracking.store.city.division_store import DivisionCell, DivisionRecord
from tracking.store.city.plan_store import PlanRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Atlas:
    """The cells of all times, and what counts as a visit to each at each time."""

    grid: CityGrid
    rules: VisitRules
    """By index of the cell in the grid."""


async def load(conn: db.Connection) -> Atlas:
    """Read it; call it within one snapshot."""
    divisions = await division_store.all_divisions(conn)
    cells = await division_store.cells(conn, [division.id for division in divisions])
    rules = await plan_store.read(conn)
    return Atlas(grid=await _grid(conn, divisions, cells), rules=visit_rules(divisions, cells, rules))


async def grid(conn: db.Connection) -> CityGrid:
    """Read the cells alone."""
    divisions = await division_store.all_divisions(conn)
    return await _grid(conn, divisions, await division_store.cells(conn, [division.id for division in divisions]))


async def _grid(conn: db.Connection, divisions: Sequence[DivisionRecord], entries: Sequence[DivisionCell]) -> CityGrid:
    begins, ends = _lives(divisions, entries)
    shapes = await division_store.geometries(conn, begins)
    cells = [
        GridCell(id=cell, rings=json.loads(shapes[cell])["coordinates"], begins=begins[cell], ends=ends[cell])
        for cell in sorted(begins)
    ]
    return CityGrid(cells, await division_store.centre(conn))


def visit_rules(divisions: Sequence[DivisionRecord], entries: Sequence[DivisionCell], rules: PlanRules) -> VisitRules:
    """What counts as a visit to each cell, by the begin of the stay. Pure.

    Args:
        divisions: all that are in force at any time.
        entries: their properties of cells.
        rules: the plans.
    """
    begins, _ = _lives(divisions, entries)
    of: dict[int, list[tuple[int, DivisionCell]]] = {cell: [] for cell in sorted(begins)}
    starts = {division.id: division.starts for division in divisions}
    for entry in entries:
        of[entry.cell].append((starts[entry.division], entry))
    changes = sorted({division.starts for division in divisions} | {EVER})
    parts = []
    for start, end in pairwise([*changes, FOR_EVER]):
        # Cells that are not in force are never looked up: any version will do.
        cells = [_at(start, versions) for versions in of.values()]
        sites = [rules.site(cell, begins[cell.cell]) for cell in cells]
        parts.append(plans.Plans(rules.versions, sites).visit_rules(start, end))
    return VisitRules.joined(parts)


def _at(moment: int, versions: Sequence[tuple[int, DivisionCell]]) -> DivisionCell:
    """The last version of a cell that had begun by a moment, else the first."""
    begun = [version for version in versions if version[0] <= moment]
    return max(begun, key=lambda version: version[0])[1] if begun else min(versions, key=lambda version: version[0])[1]


def _lives(divisions: Sequence[DivisionRecord], cells: Sequence[DivisionCell]) -> tuple[dict[int, int], dict[int, int]]:
    """Start and end of the time in force of each cell, ms."""
    of = {division.id: division for division in divisions}
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    for cell in cells:
        division = of[cell.division]
        begins[cell.cell] = min(division.starts, begins.get(cell.cell, FOR_EVER))
        ends[cell.cell] = max(division.ends, ends.get(cell.cell, EVER))
    return begins, ends
