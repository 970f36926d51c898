"""Located fixes for the walk: a single one, or many as lists by column."""

from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Place = tuple[float, float]
"""(x, y) in m."""
Fixes = tuple[list[int], list[float], list[float], list[float]]
"""Columns of fixes in order: ms, x m, y m, standard deviation m."""


class Logged(NamedTuple):
    """An event or checkpoint logged by a device: number of the device, time ms, WGS-84 degrees."""

    device: int
    t: int
    lat: float
    lon: float


class Point(Struct, frozen=True, gc=False):
    """A located fix: time ms, position m, standard deviation m, cell index (-1 outside), and its depth there.

    Not a tuple: one is kept for each device of a fleet, and the garbage collector would traverse all of them.
    """

    t: int
    x: float
    y: float
    sigma: float
    inner: int
    depth: float
    """`lookup.FixCells.depth`."""
    lat: float
    lon: float

    @classmethod
    def of(cls, values: list[float]) -> "Point":
        """The fix of a row of `placed.LocatedFixes.values`."""
        t, x, y, sigma, inner, depth, lat, lon = values
        return cls(int(t), x, y, sigma, int(inner), depth, lat, lon)

    @property
    def place(self) -> Place:
        """(x, y) in m."""
        return self.x, self.y


class Rows(NamedTuple):
    """Lists of values: a tuple for each fix would keep the garbage collector as busy as the engine."""

    t: list[int]
    x: list[float]
    y: list[float]
    sigma: list[float]
    values: NDArray[np.float64]
    """`placed.LocatedFixes.values`."""

    def point(self, row: int) -> Point:
        """One of them."""
        return Point.of(self.values[row].tolist())
