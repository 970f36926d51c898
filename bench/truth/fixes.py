"""A fix as the written rules see it."""

from dataclasses import dataclass
from math import hypot

SIGMA_PER_ACCURACY = 1.515
LEAST_ACCURACY_M = 3.0


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix that is not refused and may be presence: ms, metres on the plane of the city, m (None: not said)."""

    t: int
    x: float
    y: float
    acc: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A fix of a run, with what is known of its error when it comes."""

    fix: Fix
    sigma: float
    """Standard deviation per axis, m."""
    relative: float
    """Relative error r, m."""
    learnt: int
    """Knots that r is learnt from; 0 while it is not."""
    jumped: bool = False
    """It is the first of a new place: the step to it was no way."""


def metres(a: Fix, b: Fix) -> float:
    """Distance between two fixes."""
    return hypot(b.x - a.x, b.y - a.y)


def sigma_of(accuracy: float) -> float:
    """Standard deviation per axis of an accuracy (m)."""
    return max(accuracy, LEAST_ACCURACY_M) / SIGMA_PER_ACCURACY
