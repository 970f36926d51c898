"""What silence may hide: visits that nobody saw and nobody can rule out. Pure."""

from dataclasses import dataclass

import numpy as np

from tracking.coverage import NEVER
from tracking.fixes import Float, Int
from tracking.geometry.lookup import CityGrid

FASTEST_WALK_M_PER_S = 1.5
"""How fast an officer may have walked unseen, in a straight line: more than is likely, so that nobody is wronged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silences:
    """n stretches without an eligible fix of a device that was not signed off, as columns of length n."""

    t_from: Int
    """Last fix before, ms."""
    t_to: Int
    """First fix after, or until when the silence counts, ms."""
    lat_from: Float
    lon_from: Float
    """Where the last fix before was, degrees."""
    lat_to: Float
    lon_to: Float
    """Where the first fix after was; NaN where none came yet."""

    def __len__(self) -> int:
        return len(self.t_from)


def possible_visits(silences: Silences, grid: CityGrid, dwell_ms: Int) -> Int:
    """Latest moment, ms, at which a visit that silence hides may have ended in each cell; NEVER where none may.

    A visit may be hidden when the device can have walked from where it was last seen to the cell, stayed for the least
    dwell, and walked on to where it was seen next.
    """
    latest = np.full(len(grid), NEVER, dtype=np.int64)
    if not len(silences) or not len(grid):
        return latest
    x, y = grid.centroids()
    radius = np.sqrt(grid.areas_m2 / np.pi)
    away = _walk_ms(*grid.xy(silences.lat_from, silences.lon_from), x, y, radius)
    heard_again = ~np.isnan(silences.lat_to)
    back = _walk_ms(*grid.xy(np.nan_to_num(silences.lat_to), np.nan_to_num(silences.lon_to)), x, y, radius)
    back[~heard_again] = 0
    earliest_end = silences.t_from[:, None] + away + dwell_ms[None, :]
    latest_end = silences.t_to[:, None] - back
    ends = np.where(earliest_end <= latest_end, latest_end, NEVER)
    return np.asarray(ends.max(axis=0), dtype=np.int64)


def _walk_ms(from_x: Float, from_y: Float, x: Float, y: Float, radius: Float) -> Int:
    """Least time on foot from each place to each cell, ms, shape (places, cells)."""
    metres = np.hypot(from_x[:, None] - x[None, :], from_y[:, None] - y[None, :]) - radius[None, :]
    return np.asarray(np.maximum(metres, 0) / FASTEST_WALK_M_PER_S * 1000, dtype=np.int64)
