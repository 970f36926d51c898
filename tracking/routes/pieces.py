"""Roads cut into pieces of equal length, each identified by its place. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyproj
from numpy.typing import NDArray

from tracking.presence.fixes import Float

LONGEST_M = 20.0
"""Longest piece. A piece counts as a whole, by its middle: the length walked is exact to half of this at each end."""
_GEOD = pyproj.Geod(ellps="WGS84")
_QUARTERS = (0.25, 0.5, 0.75)
_MICRO = 1e6
"""Places that agree to a millionth of a degree (a decimetre) are the same road."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """n pieces, as columns of length n."""

    key: tuple[bytes, ...]
    """Identity of a piece across imports: the places of its quarters. Unique."""
    lat: Float
    """Middle, WGS-84 degrees."""
    lon: Float
    length_m: Float

    def __len__(self) -> int:
        return len(self.key)


def cut(lines: Sequence[Float]) -> Pieces:
    """Cut lines into equal pieces of at most LONGEST_M.

    The direction of a line does not matter, and duplicates count once.

    Args:
        lines: vertices of each, (n, 2) longitude and latitude in WGS-84 degrees, two or more.
    """
    parts = [_cut(line) for line in lines]
    quarters = np.concatenate([part for part, _ in parts]) if parts else np.empty((0, 3, 2))
    length = np.repeat([length_m for _, length_m in parts], [len(part) for part, _ in parts])
    ends = np.round(quarters[:, (0, 2)] * _MICRO).astype("<i4").reshape(-1, 4)
    _, first = np.unique(ends, axis=0, return_index=True)
    first.sort()
    return Pieces(
        key=tuple(row.tobytes() for row in ends[first]),
        lat=quarters[first, 1, 1],
        lon=quarters[first, 1, 0],
        length_m=length[first],
    )


def _cut(line: Float) -> tuple[NDArray[np.float64], float]:
    """Quarters of the pieces, shape (pieces, 3, 2), and the length of each, m."""
    # Always from the same end, so that both directions give exactly the same places.
    drawn = line if line.tolist() <= line[::-1].tolist() else line[::-1]
    along = np.concatenate([[0.0], np.cumsum(_GEOD.line_lengths(drawn[:, 0], drawn[:, 1]))])
    n = int(np.ceil(along[-1] / LONGEST_M - 1e-6))
    if n == 0:
        return np.empty((0, 3, 2)), 0.0
    at = (np.arange(n)[:, None] + np.array(_QUARTERS)[None, :]) * (along[-1] / n)
    places = np.stack([np.interp(at, along, drawn[:, axis]) for axis in (0, 1)], axis=-1)
    return places, float(along[-1] / n)
