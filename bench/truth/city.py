"""The cells of a city in time, on a plane of metres."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import shapely

OUTSIDE = 0
"""Place of whoever is in no cell; cells are numbered from 1."""

FAR_M = 300.0
"""Beyond 3 σ of the worst fix that counts: how much farther does not matter."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: number, polygon with its holes in metres, and from when until before when it holds (ms)."""

    number: int
    polygon: shapely.Polygon
    begins: float = -inf
    ends: float = inf

    def holds(self, t: float) -> bool:
        """Whether it is a cell at `t`."""
        return self.begins <= t < self.ends


class City:
    """All cells that ever held.

    Args:
        cells: the cells.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = {cell.number: cell for cell in cells}
        self._tree = shapely.STRtree([cell.polygon for cell in cells])
        self._listed = list(cells)

    def place(self, x: float, y: float, t: float) -> int:
        """Number of the cell that holds a place at a time, or OUTSIDE."""
        met = [self._listed[each] for each in self._tree.query(shapely.Point(x, y), "intersects")]
        return next((cell.number for cell in met if cell.holds(t)), OUTSIDE)

    def margin(self, x: float, y: float, t: float, place: int) -> float:
        """Metres from a place to the boundary of its cell, from outside to the nearest cell."""
        point = shapely.Point(x, y)
        if place != OUTSIDE:
            return float(self.cells[place].polygon.boundary.distance(point))
        near = [self._listed[each] for each in self._tree.query(point, "dwithin", distance=FAR_M)]
        return min((float(cell.polygon.distance(point)) for cell in near if cell.holds(t)), default=inf)

    def along(self, line: shapely.LineString, begin: float, end: float) -> list[Cell]:
        """Cells that a line meets and that hold at some time from begin to end."""
        met = sorted(self._tree.query(line, "intersects"))
        return [cell for cell in map(self._listed.__getitem__, met) if cell.begins <= end and cell.ends > begin]
