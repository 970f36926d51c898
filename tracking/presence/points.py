"""Eligible fixes, looked up: one by itself, or many as lists by column, as the walk takes them."""

from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Place = tuple[float, float]
"""(x, y) in m."""
Fixes = tuple[list[int], list[float], list[float], list[float]]
"""Columns of fixes in order: ms, x m, y m, standard deviation m."""


class Logged(NamedTuple):
    """An event or a checkpoint that a device logged: number of the device, time ms, WGS-84 degrees."""

    device: int
    t: int
    lat: float
    lon: float


class Point(Struct, frozen=True, gc=False):
    """An eligible fix, looked up: time ms, place m, standard deviation m, cell index (-1 outside), how surely there.

    No tuple: one is kept of each device of a fleet, and the garbage collector would go through all of them.
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
        """The fix of a row of `Placed.values`."""
        t, x, y, sigma, inner, depth, lat, lon = values
        return cls(int(t), x, y, sigma, int(inner), depth, lat, lon)

    @property
    def place(self) -> Place:
        """(x, y) in m."""
        return self.x, self.y


class Rows(NamedTuple):
    """Lists of what is asked of each fix: a tuple for each would keep the garbage collector as busy as the engine."""

    t: list[int]
    x: list[float]
    y: list[float]
    sigma: list[float]
    values: NDArray[np.float64]
    """`Placed.values`."""

    def point(self, row: int) -> Point:
        """One of them."""
        return Point.of(self.values[row].tolist())
