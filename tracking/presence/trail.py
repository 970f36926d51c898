"""The track of a device: distinguishes steps from silences and jumps of the receiver. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import hypot

from tracking.presence.plausibility import NEW_PLACE_FIXES, NEW_PLACE_MS, step_possible
from tracking.presence.points import Point

GAP_MS = 120_000
"""Longest time between two fixes in which the position is known."""
_LEAST_PATIENCE_MS = 60_000


class Trail(ABC):
    """The accepted fixes of one device in order; subclasses define their consequences.

    Small, with slots and without usually empty values, since there is one for each device of a fleet.
    """

    __slots__ = "_began", "_outliers", "last"

    def __init__(self) -> None:
        self.last: Point | None = None
        self._began: Point | None = None
        self._outliers: Sequence[Point] = ()

    def step(self, point: Point) -> None:
        """Take the next fix."""
        last = self.last
        heard = self._outliers[-1] if self._outliers else last
        if last is not None and heard is not None:
            gone = point.t - heard.t > GAP_MS
            if gone:
                self._believe_silent()
                last = self.last or last
            elif self._is_outlier(last, point):
                self._set_aside(point)
                return
            # A silence, or the return from a jump: the position meanwhile is unknown.
            if gone or point.t - last.t > GAP_MS:
                self._break()
                last = None
        self._outliers = ()
        if last is None:
            self._began = point
        self._take(last, point)
        self.last = point

    @abstractmethod
    def _take(self, last: Point | None, point: Point) -> None:
        """Take an accepted fix; `last` is the start of the step, None after a silence or at a new place."""

    def _break(self) -> None:
        """End everything open at the last accepted fix."""
        self.last = None
        self._outliers = ()

    @abstractmethod
    def _move(self, first: Point) -> None:
        """Continue at an accepted new place; `first` is its first fix."""

    def _believe_silent(self) -> bool:
        """Accept a new place that lasted until a silence without a return; returns whether there was one."""
        if not self._lasted(_LEAST_PATIENCE_MS):
            return False
        self._believe()
        return True

    def _is_outlier(self, last: Point, point: Point) -> bool:
        """Whether a fix is unreachable for its device, or continues at such a place instead of returning."""
        if not _possible(last, point):
            return True
        if not self._outliers or not _possible(self._outliers[-1], point):
            return False
        return metres(self._outliers[-1], point) < metres(last, point)

    def _set_aside(self, point: Point) -> None:
        """Set aside an unreachable fix; several that agree for long enough are a new place."""
        if self._outliers and not _possible(self._outliers[-1], point):
            self._outliers = ()
        self._outliers = [*self._outliers, point]
        if self._lasted(self._patience()):
            self._believe()

    def _lasted(self, patience_ms: int) -> bool:
        """Whether enough fixes agree on a strange place for long enough."""
        outliers = self._outliers
        return len(outliers) >= NEW_PLACE_FIXES and outliers[-1].t - outliers[0].t >= patience_ms

    def _believe(self) -> None:
        points = self._outliers
        self._move(points[0])
        self.last, self._outliers = None, ()
        for point in points:
            self.step(point)

    def _patience(self) -> int:
        """Time a new place must last to be accepted, ms: as long as the old one, within bounds."""
        old = self.last.t - self._began.t if self.last and self._began else 0
        return min(max(old, _LEAST_PATIENCE_MS), NEW_PLACE_MS)


def metres(one: Point, other: Point) -> float:
    """Straight line between two fixes, m."""
    return hypot(other.x - one.x, other.y - one.y)


def _possible(before: Point, after: Point) -> bool:
    return step_possible(after.x - before.x, after.y - before.y, after.t - before.t, after.sigma, before.sigma)
