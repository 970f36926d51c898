"""Time in which no fix tells surely where a device is: the possible cells, and the end of that time."""

from collections.abc import Callable

from tracking.geometry.depth import Depth, depth_by
from tracking.geometry.lookup import CityGrid
from tracking.presence.between import MERGE_MS, Between, Maybe
from tracking.presence.noise import Noise
from tracking.presence.points import Point
from tracking.presence.presence import OpenStay
from tracking.presence.reports import Report, Reports
from tracking.presence.visit_rules import VisitRules

CONFIRM_MS = 30_000
"""A sure but not deep fix changes the cell only if another sure fix is this much earlier."""


class Undecided(Reports):
    """The undecided time of a device; arguments as of `Reports`."""

    __slots__ = ("_between", "_here", "_inside", "_left", "_noise", "_paused", "_sure_since")

    def __init__(self, device: int, grid: CityGrid, rules: VisitRules, report: Callable[[Report], None]) -> None:
        super().__init__(device, grid, rules, report)
        self._noise = Noise()
        self._inside: OpenStay | None = None
        self._left: dict[int, OpenStay] = {}
        # Presence where it is seen but not held, or outside all cells: the beginning of a stay, if it becomes held.
        self._here: OpenStay | None = None
        # First sure fix in the cell where the device is seen now.
        self._sure_since: int | None = None
        # The present undecided time, and the one before.
        self._between: Between | None = None
        self._paused: Between | None = None

    @property
    def held(self) -> int:
        """Index of the cell in which the device is held, -1 for none."""
        return self._inside.index if self._inside else -1

    def _undecided_inside(self, between: Between, last: Point, point: Point) -> None:
        """Take a fix in the cell where the device is held, after others left it undecided."""
        if between.back is None:
            between.back = last.t
        if self._surely_here(point):
            self._be_sure(between.back)
        else:
            self._stay_undecided(between, last, point)

    def _stay_undecided(self, between: Between, last: Point | None, point: Point) -> None:
        """Take a fix that does not tell surely where the device is."""
        if last is not None and self._grid.divided(last.t, point.t):
            self._end_between()
            between = Between(self._grid, point)
        self._between = between
        if between.add(point):
            sigma, held = self._noise.absolute_m(point.sigma), self.held
            for maybe in between.look(point.t, sigma, held, self._left):
                self._report_maybe(between, maybe)

    def _resume_undecided(self, point: Point) -> Between:
        paused, self._paused = self._paused, None
        if paused is None or point.t - paused.ended >= MERGE_MS:
            return Between(self._grid, point)
        if self._led is not None and self._led[1] is paused:
            self._led = None
        paused.resume(point)
        return paused

    def _be_sure(self, end: int) -> None:
        """End the undecided time at `end` (ms): the position is sure from then on."""
        between = self._between
        if between is None:
            return
        between.ended = end
        may = self._until(between, end)
        for maybe in may:
            self._report_maybe(between, maybe)
        between.may = [maybe for maybe in may if maybe.ms]
        # Rarely needed, and it would be kept for each device of a fleet.
        self._between, self._paused = None, between if between.may else None

    def _until(self, between: Between, end: int) -> list[Maybe]:
        sigma = self._noise.absolute_m(self.last.sigma) if self.last is not None else 0.0
        return between.until(end, sigma, self.held, self._left)

    def _end_between(self) -> None:
        self._report_between(self.last)
        self._between = self._paused = None

    def _report_between(self, end: Point | None) -> None:
        """Report the undecided time up to the last fix."""
        if self._between is not None and end is not None:
            for maybe in self._until(self._between, end.t):
                self._report_maybe(self._between, maybe)

    def _surely_here(self, point: Point) -> bool:
        """Whether the device is surely where the fix is: in a cell, or outside all cells."""
        depth = depth_by(point.depth, self._noise.absolute_m(point.sigma))
        if depth == Depth.SURE and self._sure_since is None:
            self._sure_since = point.t
        confirmed = self._sure_since is not None and point.t - self._sure_since >= CONFIRM_MS
        return depth == Depth.DEEP or (depth == Depth.SURE and confirmed)

    def _recall(self, index: int, t: int) -> OpenStay | None:
        """The stay that continues when the device returns to a cell at `t` (ms), less than a minute after it left."""
        left = self._left.get(index)
        return left if left is not None and t - left.inside_at < MERGE_MS else None

    def _keep_left(self, left: OpenStay) -> None:
        """Keep a stay that may continue, and drop those that cannot: no cell is entered before the arrival here."""
        bound = left.inside_at if self._here is None else self._here.t_in
        self._left = {cell: stay for cell, stay in self._left.items() if stay.inside_at + MERGE_MS > bound}
        self._left[left.index] = left
