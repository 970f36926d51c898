"""Pieces of road along a track. Pure."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.presence.fixes import Bool, Float, Int
from tracking.routes.track import BelievedTrack

BESIDE_M = 20.0
"""Distance from the track within which a road counts as walked (domain reference 2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Pieces along a track, as columns; unique, in order."""

    piece: NDArray[np.intp]
    """Index of the piece."""
    first: Int
    """Time at which the device was nearest to the middle of the piece on its first step along it, ms."""
    last: Int
    """The same on its last step."""


class Roads:
    """The pieces of a city.

    Args:
        x: middle of each, m east of the city's centre.
        y: m north of it.
    """

    def __init__(self, x: Float, y: Float) -> None:
        self._x, self._y = x, y
        self._tree = shapely.STRtree(shapely.points(x, y))

    def __len__(self) -> int:
        return len(self._x)

    def near(self, x: Float, y: Float, within_m: float) -> Bool:
        """Which places (m) lie within `within_m` of the middle of a piece."""
        near = np.zeros(len(x), dtype=np.bool_)
        near[self._tree.query(shapely.points(x, y), predicate="dwithin", distance=within_m)[0]] = True
        return near

    def walked(self, track: BelievedTrack, start: int, end: int) -> Walked:
        """Find the pieces within BESIDE_M of the steps that end from `start` to `end` (ms, not included)."""
        to = np.flatnonzero(track.joined & (track.t >= start) & (track.t < end))
        ends = np.stack([np.column_stack([track.x[at], track.y[at]]) for at in (to - 1, to)], axis=1)
        step, piece = self._tree.query(shapely.linestrings(ends), predicate="dwithin", distance=BESIDE_M)
        t = self._nearest(track, to[step], piece)
        pieces, of = np.unique(piece, return_inverse=True)
        first, last = np.full(len(pieces), end, dtype=np.int64), np.full(len(pieces), start, dtype=np.int64)
        np.minimum.at(first, of, t)
        np.maximum.at(last, of, t)
        return Walked(piece=pieces, first=np.maximum(first, start), last=last)

    def _nearest(self, track: BelievedTrack, to: NDArray[np.intp], piece: NDArray[np.intp]) -> Int:
        """Time at which the step that ends at fix `to` was nearest to the middle of `piece`, ms."""
        x, y, t = track.x[to - 1], track.y[to - 1], track.t[to - 1]
        dx, dy = track.x[to] - x, track.y[to] - y
        along = (self._x[piece] - x) * dx + (self._y[piece] - y) * dy
        part = np.clip(along / np.maximum(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        return np.asarray(t + np.round(part * (track.t[to] - t)), dtype=np.int64)
