"""Which fixes of a device belong to its way: silences and jumps of the receiver are told apart from steps. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import hypot

from tracking.presence.plausibility import NEW_PLACE_FIXES, NEW_PLACE_MS, step_possible
from tracking.presence.points import Point

GAP_MS = 120_000
"""Where a device was during a longer silence cannot be reported."""
_LEAST_PATIENCE_MS = 60_000


class Trail(ABC):
    """The believed fixes of one device, one after the other; who inherits says what follows from them.

    Small, with slots and nothing for what is usually empty: there is one for each device of a fleet.
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
            # A silence, or back from a jump: nobody can tell where the device was meanwhile.
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
        """Take a believed fix; `last` is the one that a step leads from, None after a silence or at a new place."""

    def _break(self) -> None:
        """End what goes on: the last believed fix is the end."""
        self.last = None
        self._outliers = ()

    @abstractmethod
    def _move(self, first: Point) -> None:
        """Go on at a new place that was found to be true; `first` is its first fix."""

    def _believe_silent(self) -> bool:
        """Believe a new place that lasted, since silence follows and nobody came back; whether there was one."""
        if not self._lasted(_LEAST_PATIENCE_MS):
            return False
        self._believe()
        return True

    def _is_outlier(self, last: Point, point: Point) -> bool:
        """Whether a fix lies where its device cannot have come, or goes on at such a place rather than return."""
        if not _possible(last, point):
            return True
        if not self._outliers or not _possible(self._outliers[-1], point):
            return False
        return metres(self._outliers[-1], point) < metres(last, point)

    def _set_aside(self, point: Point) -> None:
        """Set aside a fix that cannot be reached from the last; several that agree for long are a new place."""
        if self._outliers and not _possible(self._outliers[-1], point):
            self._outliers = ()
        self._outliers = [*self._outliers, point]
        if self._lasted(self._patience()):
            self._believe()

    def _lasted(self, patience_ms: int) -> bool:
        """Whether fixes that agree on a strange place are enough, for long enough."""
        outliers = self._outliers
        return len(outliers) >= NEW_PLACE_FIXES and outliers[-1].t - outliers[0].t >= patience_ms

    def _believe(self) -> None:
        points = self._outliers
        self._move(points[0])
        self.last, self._outliers = None, ()
        for point in points:
            self.step(point)

    def _patience(self) -> int:
        """How long a new place must last to be believed, ms: as long as the old one has, within bounds."""
        old = self.last.t - self._began.t if self.last and self._began else 0
        return min(max(old, _LEAST_PATIENCE_MS), NEW_PLACE_MS)


def metres(one: Point, other: Point) -> float:
    """Straight line between two fixes, m."""
    return hypot(other.x - one.x, other.y - one.y)


def _possible(before: Point, after: Point) -> bool:
    return step_possible(after.x - before.x, after.y - before.y, after.t - before.t, after.sigma, before.sigma)
