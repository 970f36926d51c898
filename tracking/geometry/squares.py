"""Cache of squares of a city's plane with the cell of their middle: places near it need no search. Pure."""

from dataclasses import dataclass
from math import sqrt
from threading import Lock

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.presence.fixes import Bool, Float, Ints

SIDE_M = 12.5
"""Side of a square. Smaller ones help more near boundaries, and take longer to fill."""
MOST_SQUARES = 1 << 22
"""Most squares; if the cells fill more, the squares are larger."""
MOST_BLOCKS = 1 << 20
"""Most blocks of squares over the extent of the cells, which may lie far apart; likewise."""
NEW = -3
"""Instead of a cell: nothing is known of the square."""
UNKNOWN = -2
"""Likewise: it is not usable, since cells overlap and the boundary of another is nearer to its middle."""

_BITS = 5
_BLOCK = 1 << _BITS
"""Squares on a side of a block, the unit of allocation: 4 KiB."""
_UNIT_M = 0.5
"""Resolution of distances."""
_FAR = 255
"""Stands for this many units or more."""
_ROUNDING_M = 0.01
_REACH = 0.71
"""Largest distance of a place to the middle of its square of side 1: cells farther away do not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareLookup:
    """Known facts of n places, as columns of length n."""

    cell: Ints
    """Index of the cell that the middle of the place's square is in, -1 outside every cell, or NEW, or UNKNOWN."""
    alike: Bool
    """No boundary lies between that middle and the place: both are in `cell`."""
    least: Float
    """m from the place to the boundary of `cell` at least, whichever side it is on."""
    most: Float
    """The same, m at most."""


class Squares:
    """Squares over the cells of a city. A square is unknown until `learn` is called with a place in it.

    Threads may read and fill at once: a square is one word, which is the same whoever writes it.

    Args:
        polygons: the cells, m on the city's plane; None for those that are not in force.
        boundaries: of each of them.
        tree: of the polygons.
    """

    def __init__(self, polygons: NDArray[np.object_], boundaries: NDArray[np.object_], tree: shapely.STRtree) -> None:
        self._polygons, self._boundaries, self._tree = polygons, boundaries, tree
        bounds = np.nan_to_num(shapely.total_bounds(polygons)) if len(polygons) else np.zeros(4)
        self._west, self._south = float(bounds[0]), float(bounds[1])
        width, height = float(bounds[2]) - self._west, float(bounds[3]) - self._south
        self._side = max(SIDE_M, sqrt(float(np.nansum(shapely.area(polygons))) / MOST_SQUARES))
        while _blocks(width, self._side) * _blocks(height, self._side) > MOST_BLOCKS:
            self._side *= 2
        self._columns, self._rows = _blocks(width, self._side), _blocks(height, self._side)
        # Block of words of each block of squares: 0, which stays empty, until one of its squares is known.
        self._blocks = np.zeros(self._columns * self._rows, dtype=np.int32)
        self._used, self._lock = 0, Lock()
        # Twice what the cells fill, since many blocks lie on the edge of the city. Untouched pages take no memory.
        self._room = min(len(self._blocks), 2 * MOST_SQUARES // _BLOCK**2)
        self._words = np.zeros((self._room + 1) * _BLOCK**2, dtype=np.int32)

    def look(self, x: Float, y: Float) -> SquareLookup:
        """Known facts of n places, m."""
        east, north = self._from_corner(x, y)
        column, row = _whole(east, self._columns), _whole(north, self._rows)
        word = self._words.take(_place(self._blocks.take(self._block(column, row)), column, row))
        away = np.hypot(east - column - 0.5, north - row - 0.5) * self._side
        units = word & _FAR
        clear = units * _UNIT_M
        return SquareLookup(
            cell=(word >> 8) + NEW,
            alike=away < clear,
            least=clear - away,
            most=np.where(units == _FAR, np.inf, clear + away + (_UNIT_M + 2 * _ROUNDING_M)),
        )

    def learn(self, x: Float, y: Float) -> None:
        """Fill the squares of places, m. Each should be in a cell, as the number of squares is limited."""
        east, north = self._from_corner(x, y)
        width = self._columns * _BLOCK
        row, column = np.divmod(np.unique(_whole(north, self._rows) * width + _whole(east, self._columns)), width)
        block = self._taken(self._block(column, row))
        kept = block > 0
        block, column, row = block[kept], column[kept], row[kept]
        middles = self._west + (column + 0.5) * self._side, self._south + (row + 0.5) * self._side
        self._words[_place(block, column, row)] = self._survey(*middles)

    def _from_corner(self, x: Float, y: Float) -> tuple[Float, Float]:
        """Places in sides of a square east and north of the south-west corner."""
        return (x - self._west) / self._side, (y - self._south) / self._side

    def _block(self, column: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
        return (row >> _BITS) * self._columns + (column >> _BITS)

    def _taken(self, blocks: NDArray[np.int64]) -> Ints:
        """Assign a block of words to each of these; 0: there is no room."""
        for block in np.unique(blocks[self._blocks[blocks] == 0]).tolist():
            with self._lock:
                if self._blocks[block] == 0 and self._used < self._room:
                    self._used += 1
                    self._blocks[block] = self._used
        return self._blocks[blocks]

    def _survey(self, x: Float, y: Float) -> Ints:
        """Words of the squares with these middles: the cell, and the distance to the nearest boundary."""
        middles = shapely.points(x, y)
        of, cells = self._tree.query(middles, predicate="dwithin", distance=_REACH * self._side + _ROUNDING_M)
        order = np.argsort(-cells, kind="stable")
        of, cells = of[order], cells[order]
        away = shapely.distance(middles[of], self._boundaries[cells])
        holds = shapely.intersects_xy(self._polygons[cells], x[of], y[of])
        cell, own, nearest = np.full(len(x), -1, dtype=np.int32), np.zeros(len(x)), np.full(len(x), np.inf)
        # Where several cells contain a middle, the lowest index is written last.
        cell[of[holds]], own[of[holds]] = cells[holds], away[holds]
        np.minimum.at(nearest, of, away)
        units = np.clip(np.floor((nearest - _ROUNDING_M) / _UNIT_M), 0, _FAR).astype(np.int32)
        sure = (own <= (units + 1) * _UNIT_M + _ROUNDING_M) | (units == _FAR)
        return np.where(sure, (cell - NEW) << 8 | units, np.int32((UNKNOWN - NEW) << 8))


def _blocks(length: float, side: float) -> int:
    """Blocks that cover a length, m."""
    return 1 + int(length / (side * _BLOCK))


def _whole(at: Float, blocks: int) -> NDArray[np.int64]:
    """Squares of places along one axis; a place beyond all of them has the last one: it is in no cell."""
    return np.clip(at.astype(np.int64), 0, blocks * _BLOCK - 1)


def _place(block: Ints, column: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Addresses of the words of squares."""
    inside = _BLOCK - 1
    return (block.astype(np.int64) << 2 * _BITS) | (row & inside) << _BITS | (column & inside)
