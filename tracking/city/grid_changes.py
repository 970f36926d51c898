"""Changes of an imported grid against the stored one, and those that are refused. Pure.

A code never gets another boundary, and never returns after it went out of force: earlier visits refer to what it
meant then.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from tracking.city import grids
from tracking.city.grid_faults import FaultKind, Faults

AreaRow = tuple[str, str, str, str | None]
"""Code, level, name and parent of an area in a division."""
CellRow = tuple[str, str | None, str, str, float, float | None, bool]
"""Code, name, grid, class, weight, length of streets and whether it is synthetic, of a cell in a division."""


@dataclass(frozen=True, slots=True)
class StoredCell:
    """A cell of the database."""

    id: int
    geometry: str
    """GeoJSON."""
    until: datetime | None
    """End of its time in force if the next division began now; None: it was never in force."""


@dataclass(frozen=True, slots=True)
class StoredDivision:
    """The newest division of a district; empty if it has none."""

    id: int | None = None
    begins: datetime | None = None
    cells: Mapping[int, CellRow] = field(default_factory=dict)
    areas: frozenset[AreaRow] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictChange:
    """Content of a grid for a district, and what of it is new."""

    cells: Mapping[int, CellRow]
    """By number of the cell."""
    areas: frozenset[AreaRow]
    added: int
    changed: int
    ended: int
    changed_areas: frozenset[str]
    """Codes of areas that are new, changed or removed."""

    def __bool__(self) -> bool:
        """Whether it makes a new division."""
        return bool(self.added or self.ended or self.changed or self.changed_areas)


def change(grid: grids.Grid, district: str, ids: Mapping[str, int], before: StoredDivision) -> DistrictChange:
    """Compare a grid of a district with its newest division; `ids` are numbers by 15-digit codes."""
    areas = frozenset((area.code, area.level, area.name, area.parent) for area in grid.of(district))
    cells = {ids[grids.full_code(cell.code)]: _row(cell) for cell in grid.cells if cell.code[:6] == district}
    return DistrictChange(
        cells=cells,
        areas=areas,
        added=len(cells.keys() - before.cells.keys()),
        changed=sum(cell in before.cells and before.cells[cell] != row for cell, row in cells.items()),
        ended=len(before.cells.keys() - cells.keys()),
        changed_areas=frozenset(code for code, *_ in areas ^ before.areas),
    )


def check_begin(before: Mapping[str, StoredDivision], begins: datetime, faults: Faults) -> None:
    """Refuse a division that begins before the newest one of its district."""
    for district, division in sorted(before.items()):
        if division.begins is not None and division.begins > begins:
            faults.add(FaultKind.TOO_EARLY, None, district, district=district, since=division.begins.isoformat())


def check_levels(areas: Sequence[grids.Area], levels: Mapping[str, str], faults: Faults) -> None:
    """Refuse an area whose code is stored with another level."""
    for area in areas:
        if levels.get(area.code, area.level) != area.level:
            faults.add(FaultKind.LEVEL, area.index, area.code, level=levels[area.code])


def check_codes(
    cells: Sequence[grids.Cell], stored: Mapping[str, StoredCell], begins: datetime, faults: Faults
) -> None:
    """Refuse codes that went out of force, or stand for another boundary; `stored` is by 15-digit codes."""
    for cell in cells:
        old = stored.get(grids.full_code(cell.code))
        if old is None:
            continue
        if old.until is not None and old.until < begins:
            when = old.until.isoformat(timespec="seconds")
            faults.add(FaultKind.REUSED, cell.index, cell.code, when=when)
        elif not _same_rings(json.loads(old.geometry)["coordinates"], _coordinates(cell)):
            faults.add(FaultKind.CHANGED, cell.index, cell.code)


def geojson(cell: grids.Cell) -> str:
    """The boundary as it is stored."""
    return json.dumps({"type": "Polygon", "coordinates": _coordinates(cell)})


def _row(cell: grids.Cell) -> CellRow:
    # As the database returns values in single precision.
    road_m = None if cell.road_m is None else float(np.float32(cell.road_m))
    return cell.code, cell.name, cell.grid, cell.cls, float(np.float32(cell.weight)), road_m, cell.synthetic


def _coordinates(cell: grids.Cell) -> list[list[list[float]]]:
    return [ring.tolist() for ring in cell.rings]


def _same_rings(old: list[list[list[float]]], new: list[list[list[float]]]) -> bool:
    """Whether two polygons have the same rings, wherever each begins."""
    return [_rotated(ring) for ring in old] == [_rotated(ring) for ring in new]


def _rotated(ring: list[list[float]]) -> list[list[float]]:
    """An open ring that begins at its least position."""
    start = ring.index(min(ring[:-1]))
    return [*ring[start:-1], *ring[:start]]
