"""Who can be at a cell soonest: the nearest eligible officer on foot. Pure, all cells and officers at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas import wire
from tracking.fixes import Bool, FixColumns, Float, Int

NOBODY = -1
"""Stands for "no eligible officer" in columns of arrivals."""

_CHUNK = 1 << 18
"""Pairs measured at once: three such float32 tables stay in the cache of a core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalRule:
    """How an arrival is estimated until streets and past estimates are known."""

    speed_mps: float = 1.3
    """On foot."""
    detour: float = 1.35
    """Way on the streets over the straight line."""
    prepare_ms: int = 60_000
    """From the order to the first step."""
    fresh_ms: int = 180_000
    """An officer whose newest fix is older is not counted on."""
    battery: float = 10.0
    """Per cent at or below which a device may be gone before the officer is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Nearest officer of n cells, and where m officers stand."""

    ms: Int
    """Time until the officer is there, by cell; NOBODY when no officer is eligible."""
    officer: NDArray[np.intp]
    """Index of that officer, by cell; NOBODY."""
    at: NDArray[np.intp]
    """Index of the cell whose centre is nearest, by officer."""


def eligible(newest: FixColumns, now: int, rule: ArrivalRule) -> Bool:
    """Tell who can be sent: on duty and not on a task, heard lately at a measured place, with battery left.

    Args:
        newest: the newest fix of each officer.
        now: the moment, ms.
        rule: what counts.
    """
    free = newest.duty == wire.DUTY_CODE[wire.Duty.DUTY]
    fresh = newest.t > now - rule.fresh_ms
    powered = np.isnan(newest.bat) | (newest.bat > rule.battery)
    return np.asarray(free & fresh & powered & newest.present())


def nearest(cell_x: Float, cell_y: Float, officer_x: Float, officer_y: Float, rule: ArrivalRule) -> Arrivals:
    """Find the nearest officer of each cell; places in m on one plane."""
    cells, officers = len(cell_x), len(officer_x)
    if not officers or not cells:
        nobody = np.full(cells, NOBODY, dtype=np.intp)
        return Arrivals(ms=nobody.astype(np.int64), officer=nobody, at=np.full(officers, NOBODY, dtype=np.intp))
    # float32 about the middle of the city is exact to centimetres and halves the work.
    x0, y0 = float(np.mean(cell_x)), float(np.mean(cell_y))
    cx, cy, ox, oy = (np.asarray(v, np.float32) for v in (cell_x - x0, cell_y - y0, officer_x - x0, officer_y - y0))
    officer, square = np.empty(cells, np.intp), np.empty(cells, np.float32)
    at, least = np.zeros(officers, np.intp), np.full(officers, np.inf, np.float32)
    step = max(1, _CHUNK // officers)
    for start in range(0, cells, step):
        rows = slice(start, min(start + step, cells))
        squares = np.subtract.outer(cx[rows], ox) ** 2
        squares += np.subtract.outer(cy[rows], oy) ** 2
        officer[rows] = squares.argmin(axis=1)
        square[rows] = squares[np.arange(len(squares)), officer[rows]]
        closest = squares.argmin(axis=0)
        distance = squares[closest, np.arange(officers)]
        nearer = distance < least
        at[nearer], least[nearer] = closest[nearer] + start, distance[nearer]
    way_m = np.sqrt(square.astype(np.float64)) * rule.detour
    return Arrivals(
        ms=np.rint(way_m / rule.speed_mps * 1000).astype(np.int64) + rule.prepare_ms, officer=officer, at=at
    )
