"""Lookup of places in the cells in force during a period."""

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.geometry.squares import NEW, SquareLookup, Squares
from tracking.presence.fixes import Float, Ints


class Division:
    """One division. Cells that are not in force are None among the polygons."""

    def __init__(self, polygons: NDArray[np.object_], boundaries: NDArray[np.object_]) -> None:
        self._polygons, self._boundaries = polygons, boundaries

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Spatial index of the cells. Built at first use, since old divisions are rarely asked for."""
        return shapely.STRtree(self._polygons)

    @cached_property
    def squares(self) -> Squares:
        """Cache of squares."""
        return Squares(self._polygons, self._boundaries, self.tree)


def inner_of(division: Division, x: Float, y: Float) -> tuple[Ints, SquareLookup]:
    """Index of the cell of each place, and what the squares know of it; unknown squares are filled."""
    seen = division.squares.look(x, y)
    inner = seen.cell.copy()
    rows = np.flatnonzero(~seen.alike)
    inner[rows] = cell = _search(division, x[rows], y[rows])
    fresh = rows[(seen.cell[rows] == NEW) & (cell >= 0)]
    if len(fresh):
        division.squares.learn(x[fresh], y[fresh])
    return inner, seen


def _search(division: Division, x: Float, y: Float) -> Ints:
    inner = np.full(len(x), -1, dtype=np.int32)
    if len(division.tree) and len(x):
        rows, cells = division.tree.query(shapely.points(x, y), predicate="intersects")
        # A point on a shared edge meets both cells: the lower index wins, independent of the order of the tree.
        order = np.argsort(-cells, kind="stable")
        inner[rows[order]] = cells[order]
    return inner
