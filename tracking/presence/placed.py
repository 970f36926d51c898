"""Located fixes of many devices as columns, for walking and deferring."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracking.geometry.lookup import FixCells
from tracking.presence.fixes import Bool, FixColumns, Float, Int, Ints
from tracking.presence.points import Rows

WIDTH = 8
"""Columns of `LocatedFixes.values`: ms, x, y, sigma (m), cell index, depth, WGS-84 degrees north and east."""
T, X, Y, SIGMA, INNER, DEPTH, LAT, LON = range(WIDTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedFixes:
    """n eligible fixes, looked up."""

    device: Ints
    """(n) number of the device in the store."""
    values: Float
    """(n, WIDTH): one cache line for each fix. Whole numbers, also times, are exact."""

    @classmethod
    def of(cls, fixes: FixColumns, places: FixCells, rows: NDArray[np.intp]) -> Self:
        """The fixes at `rows`, in that order."""
        columns = (
            fixes.t, places.x, places.y, places.sigma, places.inner, places.depth, fixes.lat, fixes.lon,
        )  # fmt: skip
        return cls(device=fixes.device[rows], values=np.stack([column[rows] for column in columns], axis=1, dtype="f8"))

    def __len__(self) -> int:
        return len(self.device)

    @property
    def t(self) -> Int:
        """Times, ms since 1970-01-01 UTC."""
        return self.values[:, T].astype(np.int64)

    @property
    def inner(self) -> Ints:
        """Index of the cell that contains each, -1 outside all cells."""
        return self.values[:, INNER].astype(np.int32)

    def take(self, rows: NDArray[np.intp] | Bool) -> Self:
        """The fixes at `rows`, in that order."""
        return type(self)(device=self.device[rows], values=self.values[rows])

    def ordered(self) -> Self:
        """By device and time."""
        return self.take(np.lexsort((self.values[:, T], self.device)))

    def joined(self, other: Self) -> Self:
        """Both, by device and time."""
        if not len(other):
            return self
        device, values = np.append(self.device, other.device), np.append(self.values, other.values, axis=0)
        return type(self)(device=device, values=values).ordered()

    def lists(self) -> Rows:
        """The values as lists, for the walk of single devices."""
        x, y, sigma = self.values[:, [X, Y, SIGMA]].T.tolist()
        return Rows(self.t.tolist(), x, y, sigma, self.values)


def ends(device: Ints) -> Bool:
    """Last rows of each device in a sorted column."""
    last = np.ones(len(device), dtype=np.bool_)
    last[:-1] = device[1:] != device[:-1]
    return last
