"""Walking distances along the streets, from the middle of a cell to each square around it. Pure."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from tracking.presence.fixes import Float

SQUARE_M = 50.0
"""Side of a square: the middle, at most half a minute on foot away, stands for each place in it."""
SQUARES = 60
"""Squares on a side of the table around a cell."""
REACH_M = SQUARE_M * SQUARES / 2
"""Reach of the table in each direction, as a straight line."""
FARTHEST_M = 3 * REACH_M
"""Longest distance; longer ones count as this."""
JOIN_M = 25.0
"""Pieces of road whose middles are this near are joined: pieces are 20 m long, and drawn to some metres."""
OFF_M = 150.0
"""Largest distance to a street; places farther off have no distance."""
UNKNOWN = np.iinfo(np.uint16).max
"""Of a square: no distance is known."""

Squares = NDArray[np.uint16]
"""Whole metres of n cells, shape (n, SQUARES, SQUARES): row by row to the north, each from west to east."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetWays:
    """Distances to n cells."""

    x: Float
    """Middle of the squares of each cell, m on the city's plane: a corner of four of them."""
    y: Float
    squares: Squares

    def some(self, rows: NDArray[np.intp]) -> "StreetWays":
        """Those to the cells with these indices."""
        return StreetWays(x=self.x[rows], y=self.y[rows], squares=self.squares[rows])

    def metres(self, cells: NDArray[np.intp], x: Float, y: Float) -> Float:
        """Distance to each of the cells, by index, from a place each, m; NaN: not known."""
        east = np.floor((x - self.x[cells]) / SQUARE_M).astype(np.int64) + SQUARES // 2
        north = np.floor((y - self.y[cells]) / SQUARE_M).astype(np.int64) + SQUARES // 2
        inside = (east >= 0) & (east < SQUARES) & (north >= 0) & (north < SQUARES)
        metres = self.squares[cells, np.where(inside, north, 0), np.where(inside, east, 0)]
        return np.where(inside & (metres != UNKNOWN), metres, np.nan)


class Network:
    """The streets of a city, made of the middles of their pieces.

    Streets are joined where their pieces are near, since surveys rarely say where streets cross. A bridge
    over a street is joined to it by this.

    Args:
        x: of the middles, m on the city's plane.
        y: likewise.
    """

    def __init__(self, x: Float, y: Float) -> None:
        places = np.column_stack([x, y])
        self._tree = scipy.spatial.cKDTree(places)
        start, end = self._tree.query_pairs(JOIN_M, output_type="ndarray").T.reshape(2, -1)
        # The solver takes a length of 0 as no edge.
        length = np.maximum(np.hypot(*(places[start] - places[end]).T), 0.01)
        self._graph = scipy.sparse.csr_array((length, (start, end)), shape=(len(places), len(places)))
        _, self._part = scipy.sparse.csgraph.connected_components(self._graph, directed=False)

    def around(self, x: float, y: float) -> Squares:
        """Metres to a place from each square around it, shape (SQUARES, SQUARES).

        UNKNOWN: off the streets, or not connected to the place because the map is not complete.
        """
        square = np.full((SQUARES, SQUARES), UNKNOWN, dtype=np.uint16)
        off, node = self._tree.query([x, y], distance_upper_bound=OFF_M) if self._tree.n else (np.inf, 0)
        if np.isinf(off):
            return square
        along = scipy.sparse.csgraph.dijkstra(self._graph, directed=False, indices=int(node), limit=FARTHEST_M)
        offsets = (np.arange(SQUARES) - SQUARES // 2 + 0.5) * SQUARE_M
        mid_x, mid_y = middle(np.array([x, y]))
        north, east = (mesh.ravel() for mesh in np.meshgrid(mid_y + offsets, mid_x + offsets, indexing="ij"))
        aside, nearest = self._tree.query(np.column_stack([east, north]), distance_upper_bound=OFF_M)
        on = np.flatnonzero(np.isfinite(aside))
        joined = on[self._part[nearest[on]] == self._part[node]]
        metres = np.minimum(along[nearest[joined]] + aside[joined] + off, FARTHEST_M)
        square.ravel()[joined] = np.rint(metres).astype(np.uint16)
        return square


def middle(place: Float) -> Float:
    """Middle of the squares around places, on either axis: the corner of squares nearest to each."""
    return np.round(place / SQUARE_M) * SQUARE_M
