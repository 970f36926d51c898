"""The walk of one device through the cells: fixes go in by time, stays come out. All rules of presence are here.

The result depends on the sequence of fixes alone, never on batches: a stay is reported when it ends and, once it is a
valid visit, at the first fix after every 30 s of it.
"""

from bisect import bisect_left
from collections.abc import Callable

from tracking.geometry.depth import SURE_SIGMAS, Depth
from tracking.geometry.lookup import CityGrid
from tracking.presence import crossing
from tracking.presence.between import MERGE_MS
from tracking.presence.crossing import LEAST_PASS_M_2
from tracking.presence.noise import Noise
from tracking.presence.path import Path
from tracking.presence.plausibility import step_possible
from tracking.presence.points import Fixes, Place, Point, Rows
from tracking.presence.presence import OpenStay
from tracking.presence.reports import RUN_REPORT_MS, Report
from tracking.presence.stays import Stay, StayKind, classify
from tracking.presence.trail import GAP_MS
from tracking.presence.undecided import Undecided
from tracking.presence.visit_rules import VisitRules

REPORT_MS = 30_000
"""Interval of reports of an open valid visit."""


class Walk(Undecided):
    """The walk of one device; arguments as of `Reports`."""

    __slots__ = ("_first_out", "_mark", "settled")

    def __init__(self, device: int, grid: CityGrid, rules: VisitRules, report: Callable[[Report], None]) -> None:
        super().__init__(device, grid, rules, report)
        self.settled = True
        # The first fix outside the cell in which it is held.
        self._first_out: Point | None = None
        # Time, dwell, path and fixes of the stay at its newest mark.
        self._mark: tuple[int, int, float, int] | None = None

    @property
    def has_news(self) -> bool:
        """Whether `flush` has anything to report."""
        between = self._between
        return self._run_at is not None or self._mark is not None or (between is not None and between.news)

    @property
    def quiet_until(self) -> int:
        """Time (ms) until which similar fixes change only sums; 0: the next fix may have effects."""
        last, inside = self.last, self._inside
        if last is None or self._outliers or self._between is not None or last.inner != self.held:
            return 0
        minute = (last.t // RUN_REPORT_MS + 1) * RUN_REPORT_MS
        if inside is None:
            return minute
        return min(minute, inside.t_in + ((inside.inside_at - inside.t_in) // REPORT_MS + 1) * REPORT_MS)

    def goes_on(self, rows: Rows, row: int, inner: int) -> bool:
        """Whether `row` and the similar rows after it, without a gap or a jump, change only sums.

        `inner` is the index of their cell.
        """
        last, t = self.last, rows.t[row]
        if last is None or last.inner != inner or t - last.t > GAP_MS or self._outliers:
            return False
        if self._between is not None:
            return False
        if inner != (-1 if self._inside is None else self._inside.index):
            return False
        dx, dy = rows.x[row] - last.x, rows.y[row] - last.y
        if dx * dx + dy * dy >= LEAST_PASS_M_2:
            return False
        return step_possible(dx, dy, t - last.t, rows.sigma[row], last.sigma)

    def run(self, rows: Rows, start: int, end: int, last: Point) -> None:
        """Take the rows from `start` to `end` (not included) for which `goes_on` is true; `last` is the last."""
        inside, here = self._inside, self._here
        minute = last.t // RUN_REPORT_MS
        if self.last is None or self.last.t // RUN_REPORT_MS != minute:
            first = next(row for row in range(start, end) if rows.t[row] // RUN_REPORT_MS == minute)
            self._run_at = last if first == end - 1 else rows.point(first)
        if inside is not None:
            if start + 1 == end:
                self._count_one(inside, last)
            else:
                self._count(inside, rows[:4], start, end)
        elif here is not None:
            here.add(rows[:4], start, end)
        self.last = last
        self.settled = False

    def settle(self) -> bool:
        """Report the stay that silence has ended; if the device continues after all, it is reported again.

        Returns:
            Whether the walk can continue from here. It cannot if something depends on the silence: an accepted strange
            place, or a step out of a cell that counts as leaving it.
        """
        if self.settled:
            return True
        moved, out = self._believe_silent(), self._first_out is not None
        if out:
            self._leave()
        elif self._inside is not None:
            self._report_ended(self._inside)
        self._mark = None
        self._report_between(self.last)
        self._report_run(self.last, is_open=False)
        self.settled = True
        return not (moved or out)

    def flush(self) -> None:
        """Report the newest state of an open visit and run; earlier states are skipped."""
        if self._run_at is not None:
            self._report_run(self._run_at, is_open=True)
        if self._mark is not None and self._inside is not None:
            inside, (t, dwell_ms, path_m, fixes) = self._inside, self._mark
            # Judged without the path since the last corner, which may be noise.
            rule, logged = self._rules.at(inside.index, inside.t_in), self._logged_in(inside, t)
            if classify(rule, dwell_ms, path_m, 0.0, logged=logged) is StayKind.VISIT:
                self.report(
                    Stay(
                        device=self.device, cell=inside.cell, t_in=inside.t_in, t_out=t, dwell_ms=dwell_ms,
                        path_m=round(path_m, 1), fixes=fixes, kind=StayKind.VISIT, open=True,
                    )
                )  # fmt: skip
        self._mark = None
        if self._between is not None and self._between.news:
            self._between.news = False
            for maybe in self._between.may:
                self._report_maybe(self._between, maybe, is_open=True)

    def _take(self, last: Point | None, point: Point) -> None:
        self._note_run(last, point)
        self.settled = False
        if last is not None:
            self._pass_through(last, point)
        inside = self._inside
        if inside is not None and inside.index == point.inner:
            self._first_out = None
            if self._here is not None:
                self._let_here_go()
            self._count_one(inside, point)
            if self._between is not None:
                self._undecided_inside(self._between, last or point, point)
        else:
            self._take_outside(inside, last, point)

    def _take_outside(self, inside: OpenStay | None, last: Point | None, point: Point) -> None:
        """Take a fix that is not in the cell `inside` in which the device is held."""
        between = self._between
        if inside is not None and self._first_out is None:
            self._first_out = point
        here = self._here
        if here is None or here.index != point.inner:
            here = self._arrive(last, point)
        here.add_one(point.t, point.x, point.y, point.sigma)
        if self._surely_here(point):
            self._be_sure(here.t_in)
            self._leave()
            if point.inner >= 0:
                self._enter(here)
            return
        if inside is not None and self._first_out is not None and point.t - self._first_out.t >= MERGE_MS:
            self._leave()
            if between is not None:
                between.reach_back(inside.inside_at)
        # A device that was last surely outside all cells, and still is, is not undecided.
        if between is not None or point.inner >= 0 or inside is not None or last is None:
            between = between or self._resume_undecided(point)
            between.back = None
            self._stay_undecided(between, last, point)

    def _count(self, inside: OpenStay, fixes: Fixes, start: int, end: int) -> None:
        """Count fixes inside; note the state of the stay at the first fix after every REPORT_MS."""
        times, t_in = fixes[0], inside.t_in
        newest = (times[end - 1] - t_in) // REPORT_MS
        if newest == (inside.inside_at - t_in) // REPORT_MS:
            inside.add(fixes, start, end)
            return
        # Of several marks only the newest is ever reported.
        mark = bisect_left(times, t_in + newest * REPORT_MS, start, end) + 1
        inside.add(fixes, start, mark)
        self._mark = inside.inside_at, inside.dwell_ms, inside.path.metres, inside.fixes
        if mark < end:
            inside.add(fixes, mark, end)

    def _count_one(self, inside: OpenStay, point: Point) -> None:
        """`_count` for one fix."""
        t, t_in = point.t, inside.t_in
        marks = (t - t_in) // REPORT_MS != (inside.inside_at - t_in) // REPORT_MS
        inside.add_one(t, point.x, point.y, point.sigma)
        if marks:
            self._mark = t, inside.dwell_ms, inside.path.metres, inside.fixes

    def _arrive(self, last: Point | None, point: Point) -> OpenStay:
        """Start counting where the device is seen now, from the crossing on; it may become held there."""
        self._let_here_go()
        before = last if point.inner >= 0 else None
        t, place = crossing.crossing_of(self._grid, point.inner, before, point, entering=True)
        here = self._here = self._presence(point.inner, t, place)
        if before is not None:
            here.path.turn(t, place, point.sigma)
        return here

    def _let_here_go(self) -> None:
        """Drop the counts where the device was not held, except for the learnt noise."""
        if self._here is not None:
            self._here.path.let_go()
        self._here = self._sure_since = None

    def _enter(self, here: OpenStay) -> None:
        before = self._recall(here.index, here.t_in)
        if before is not None:
            before.back(here)
        self._left.pop(here.index, None)
        if before is None:
            self._led = None if self._paused is None else (here.t_in, self._paused)
        inside = self._inside = before or here
        self._here = self._first_out = None
        self._mark = inside.inside_at, inside.dwell_ms, inside.path.metres, inside.fixes
        if not self._seen:
            self._report_begun(inside)

    def _presence(self, index: int, t: int, place: Place) -> OpenStay:
        cell = int(self._grid.ids[index]) if index >= 0 else -1
        return OpenStay(
            device=self.device, cell=cell, index=index, t_in=t, entry=place, inside_at=t, place=place,
            path=Path(self._noise),
        )  # fmt: skip

    def _leave(self) -> None:
        inside = self._inside
        if inside is None:
            return
        out = self._first_out
        if out is not None:
            start = Point(inside.inside_at, *inside.place, out.sigma, inside.index, Depth.UNSURE, out.lat, out.lon)
            t, place = crossing.crossing_of(self._grid, inside.index, start, out, entering=False)
            inside.leave(t, place, out.sigma)
        self._mark = None
        self._report_ended(inside)
        self._keep_left(inside)
        self._inside = self._first_out = None
        # A stay may continue within a minute; events before all such stays belong to none.
        self._forget_logged(min(left.t_in for left in self._left.values()))

    def _set_aside(self, point: Point) -> None:
        # Silence may make it a new place, so the settled state is not final.
        self.settled = False
        super()._set_aside(point)

    def _move(self, first: Point) -> None:
        """Continue at a new place; a stay in the same cell continues, without path for the jump."""
        inside, last = self._inside, self.last
        self._report_run(last, is_open=False)
        self._end_between()
        if inside is not None and last is not None and inside.index == first.inner:
            jump = first.x - last.x, first.y - last.y
            inside.entry = inside.entry[0] + jump[0], inside.entry[1] + jump[1]
            inside.path.turn(first.t, first.place, first.sigma)
        else:
            self._leave()
        self._let_here_go()
        self._noise.cut()
        self._first_out = None

    def _break(self) -> None:
        """End everything at a gap: a stay ends at the last crossing out of its cell, or with its last fix."""
        self._report_run(self.last, is_open=False)
        self._leave()
        self._end_between()
        if self.last is not None:
            self._forget_logged(self.last.t + 1)
        self._inside = self._here = self._first_out = self._led = None
        self._sure_since = self._mark = None
        self._noise = Noise()
        self._seen = False
        self._left.clear()
        super()._break()

    def _pass_through(self, last: Point, point: Point) -> None:
        """Report cells crossed between two fixes."""
        depth = SURE_SIGMAS * max(self._noise.absolute_m(last.sigma), self._noise.absolute_m(point.sigma))
        for index, t_in, t_out, start, end, way in crossing.cells_crossed(self._grid, last, point, depth, self.held):
            passed = self._recall(index, t_in) or self._presence(index, t_in, start)
            passed.cross(t_in, t_out, end, way)
            self._keep_left(passed)
            self._report_ended(passed)
