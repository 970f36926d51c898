"""Checkpoints that a track passes, with times. Pure."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.presence.fixes import Float, Int
from tracking.routes.track import BelievedTrack

NEAR_M = 30.0
"""A fix within this distance, or within its accuracy if larger, is at the checkpoint (domain reference 2.3)."""
LEAST_MS = 30_000
"""Time at a checkpoint that counts as passing it (domain reference 2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """Stretches at checkpoints, as columns, in order of checkpoint and time."""

    checkpoint: NDArray[np.intp]
    """Index of the checkpoint."""
    t_in: Int
    """First fix at it, ms."""
    t_out: Int
    """Last one."""


class Checkpoints:
    """The checkpoints of a city.

    Args:
        x: place of each, m east of the city's centre.
        y: m north of it.
    """

    def __init__(self, x: Float, y: Float) -> None:
        self._tree = shapely.STRtree(shapely.points(x, y))
        self._n = len(x)

    def __len__(self) -> int:
        return self._n

    def passed(self, track: BelievedTrack) -> Passes:
        """Find the stretches of consecutive fixes at a checkpoint that last LEAST_MS or longer."""
        reach = np.maximum(track.acc, NEAR_M)
        fix, checkpoint = self._tree.query(shapely.points(track.x, track.y), predicate="dwithin", distance=reach)
        order = np.lexsort((fix, checkpoint))
        fix, checkpoint = fix[order], checkpoint[order]
        goes_on = np.zeros(len(fix), dtype=np.bool_)
        goes_on[1:] = (np.diff(checkpoint) == 0) & (np.diff(fix) == 1) & track.joined[fix[1:]]
        first = np.flatnonzero(~goes_on)
        last = np.append(first[1:], len(fix))[: len(first)] - 1
        t_in, t_out = track.t[fix[first]], track.t[fix[last]]
        long = t_out - t_in >= LEAST_MS
        return Passes(checkpoint=checkpoint[first][long], t_in=t_in[long], t_out=t_out[long])
