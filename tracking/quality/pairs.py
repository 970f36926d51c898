"""Devices of two officers that move together, as if carried by one person 代巡. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.presence.fixes import Float, Int

MINUTE_MS = 60_000
WITHIN_M = 5.0
LEAST_MINUTES = 30
_MOSTLY = 0.9
"""Share of minutes in which they must be near; two receivers side by side are within 5 m a third of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutePlaces:
    """Median places of one device by minute."""

    number: Int
    """Minutes since 1970, rising."""
    x: Float
    """m east of the city's centre."""
    y: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Time that two devices were together."""

    since: int
    """ms."""
    until: int
    minutes: int
    median_m: float
    """Median distance, m."""


def minutes(t: Int, x: Float, y: Float) -> MinutePlaces:
    """Thin the fixes of a device, in any order, to one place a minute."""
    order = np.lexsort((x, t))
    number, start = np.unique(t[order] // MINUTE_MS, return_index=True)
    ends = np.append(start[1:], len(t))
    spans = list(zip(start.tolist(), ends.tolist(), strict=True))
    return MinutePlaces(
        number=number,
        x=np.array([np.median(x[order][lo:hi]) for lo, hi in spans]),
        y=np.array([np.median(y[order][lo:hi]) for lo, hi in spans]),
    )


def together(one: MinutePlaces, other: MinutePlaces) -> Together | None:
    """The longest stretch with both within 5 m in nearly every minute; None: less than half an hour."""
    common, mine, theirs = np.intersect1d(one.number, other.number, return_indices=True)
    off = np.hypot(one.x[mine] - other.x[theirs], one.y[mine] - other.y[theirs])
    stretch = _longest(common, off < WITHIN_M)
    if stretch is None:
        return None
    first, last = stretch
    return Together(
        since=int(common[first]) * MINUTE_MS,
        until=(int(common[last]) + 1) * MINUTE_MS - 1,
        minutes=int(common[last] - common[first]) + 1,
        median_m=round(float(np.median(off[first : last + 1])), 1),
    )


def _longest(number: Int, near: NDArray[np.bool_]) -> tuple[int, int] | None:
    """First and last index of the longest stretch of half an hour or more that begins and ends near."""
    at = np.flatnonzero(near)
    counted = np.concatenate([[0], np.cumsum(near)])
    best: tuple[int, int] | None = None
    for first in at.tolist():
        lasts = at[number[at] - number[first] + 1 >= LEAST_MINUTES]
        spans = number[lasts] - number[first] + 1
        good = lasts[(counted[lasts + 1] - counted[first]) >= _MOSTLY * spans]
        if len(good) and (best is None or number[good[-1]] - number[first] > number[best[1]] - number[best[0]]):
            best = (first, int(good[-1]))
    return best
