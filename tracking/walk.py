"""One device's way through the cells: fix by fix in time order, stays out. The rules of presence are all here.

What comes out depends on the sequence of fixes alone, never on how they were batched: a stay is told when it ends, and,
while it goes on, at the first fix after every 30 s of it once it is a valid visit.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from tracking.geometry.lookup import SURE_SIGMAS, CityGrid, Depth
from tracking.plausibility import step_possible
from tracking.points import Fixes, Place, Point, Rows
from tracking.presence import Presence
from tracking.stays import Run, Stay, StayKind, worth
from tracking.trail import GAP_MS, Trail, metres
from tracking.visit_rules import VisitRules

CONFIRM_MS = 30_000
"""A fix that is sure but not deep changes the cell only when another as sure came so much earlier."""
MERGE_MS = 60_000
"""Who is back within it has not left."""
TELL_MS = 30_000
"""A valid visit that goes on is told so often."""
RUN_TELL_MS = 60_000
"""A run that goes on is told at its first fix of every minute."""
LEAST_PASS_MS = 1_000
LEAST_PASS_M = 30.0
"""Shorter steps cross no cell that matters."""
LEAST_PASS_M_2 = LEAST_PASS_M**2


class Walk(Trail):
    """The way of one device.

    Args:
        device: number of the device in the store.
        grid: the cells.
        rules: what makes a visit valid, by index of the cell.
        tell: called with every stay and run as it becomes known, again when it changes; keys (device, t_in) and
            (device, t_first).
    """

    __slots__ = (
        "_arrival", "_first_out", "_grid", "_inside", "_left", "_logged", "_mark", "_rules", "_run_at", "_sure_since",
        "device", "settled", "tell",
    )  # fmt: skip

    def __init__(self, device: int, grid: CityGrid, rules: VisitRules, tell: Callable[[Stay | Run], None]) -> None:
        super().__init__()
        self.device = device
        self.tell = tell
        self.settled = True
        self._grid, self._rules = grid, rules
        self._inside: Presence | None = None
        self._left: dict[int, Presence] = {}
        # The step that led to where the device is seen now, and the step out of the cell it is held in.
        self._arrival: tuple[Point | None, Point] | None = None
        self._first_out: Point | None = None
        # When the device was first surely in the cell it is seen in now.
        self._sure_since: int | None = None
        # Time, dwell, path and fixes of the stay at its newest mark.
        self._mark: tuple[int, int, float, int] | None = None
        self._run_at: Point | None = None
        # (ms, number of the cell in the store) of what was logged, as far as it may belong to a stay not ended.
        self._logged: Sequence[tuple[int, int]] = ()

    @property
    def has_news(self) -> bool:
        """Whether `flush` has anything to tell."""
        return self._run_at is not None or self._mark is not None

    @property
    def held(self) -> int:
        """Index of the cell the device is held to be in, -1 for none."""
        return self._inside.index if self._inside else -1

    @property
    def quiet_until(self) -> int:
        """Until when (ms) fixes like the last one tell nothing and change nothing but sums; 0: the next one may."""
        last, inside = self.last, self._inside
        if last is None or self._strangers or last.inner != self.held:
            return 0
        minute = (last.t // RUN_TELL_MS + 1) * RUN_TELL_MS
        if inside is None:
            return minute
        return min(minute, inside.t_in + ((inside.inside_at - inside.t_in) // TELL_MS + 1) * TELL_MS)

    def log(self, logged: list[tuple[int, int]]) -> None:
        """Take what was logged, as (ms, number of the cell in the store), that is newer than any stay told as ended."""
        self._logged = [*self._logged, *logged]

    def logged_after(self, t: int) -> list[tuple[int, int]]:
        """What was logged after `t` (ms)."""
        return [each for each in self._logged if each[0] > t]

    def goes_on(self, rows: Rows, row: int, inner: int) -> bool:
        """Whether `row` and those alike that follow it, without a gap or a jump, change nothing but sums.

        `inner` is the index of the cell they are in.
        """
        last, t = self.last, rows.t[row]
        if last is None or last.inner != inner or t - last.t > GAP_MS or self._strangers:
            return False
        if inner != (-1 if self._inside is None else self._inside.index):
            return False
        dx, dy = rows.x[row] - last.x, rows.y[row] - last.y
        if dx * dx + dy * dy >= LEAST_PASS_M_2:
            return False
        return step_possible(dx, dy, t - last.t, rows.sigma[row], last.sigma)

    def run(self, rows: Rows, start: int, end: int, last: Point) -> None:
        """Take the rows from `start` to `end` (not included), for which `goes_on` holds; `last` is the last of them."""
        inside = self._inside
        minute = last.t // RUN_TELL_MS
        if self.last is None or self.last.t // RUN_TELL_MS != minute:
            first = next(row for row in range(start, end) if rows.t[row] // RUN_TELL_MS == minute)
            self._run_at = last if first == end - 1 else rows.point(first)
        if inside is not None:
            if start + 1 == end:
                self._count_one(inside, last)
            else:
                self._count(inside, rows[:4], start, end)
        self.last = last
        self.settled = False

    def settle(self) -> None:
        """Tell the stay that silence has ended; should the device go on after all, it is told again."""
        if not self.settled and self._inside is not None:
            self._tell_ended(self._inside)
        if not self.settled:
            self._tell_run(self.last, is_open=False)
        self.settled = True

    def flush(self) -> None:
        """Tell the newest state of a visit and of a run that go on; states between are not worth telling."""
        if self._run_at is not None:
            self._tell_run(self._run_at, is_open=True)
        if self._mark is not None and self._inside is not None:
            inside, (t, dwell_ms, path_m, fixes) = self._inside, self._mark
            # Judged without the way since the last corner: it may yet turn out to be noise.
            rule, logged = self._rules.at(inside.index, inside.t_in), self._logged_in(inside, t)
            if worth(rule, dwell_ms, path_m, 0.0, logged=logged) is StayKind.VISIT:
                self.tell(
                    Stay(
                        device=self.device, cell=inside.cell, t_in=inside.t_in, t_out=t, dwell_ms=dwell_ms,
                        path_m=round(path_m, 1), fixes=fixes, kind=StayKind.VISIT, open=True,
                    )
                )  # fmt: skip
        self._mark = None

    def _take(self, last: Point | None, point: Point) -> None:
        self._note_run(last, point)
        self.settled = False
        if last is not None:
            self._pass_through(last, point)
        if self._arrival is None or last is None or last.inner != point.inner:
            self._arrival, self._sure_since = (last, point), None
        inside = self._inside
        if inside is not None and inside.index == point.inner:
            self._first_out = None
            self._count_one(inside, point)
            return
        if inside is not None and self._first_out is None:
            self._first_out = point
        if self._surely_here(point):
            self._leave()
            self._enter(point)
        elif self._first_out is not None and point.t - self._first_out.t >= MERGE_MS:
            self._leave()

    def _surely_here(self, point: Point) -> bool:
        if point.depth == Depth.SURE and self._sure_since is None:
            self._sure_since = point.t
        confirmed = self._sure_since is not None and point.t - self._sure_since >= CONFIRM_MS
        return point.depth == Depth.DEEP or (point.depth == Depth.SURE and confirmed)

    def _count(self, inside: Presence, fixes: Fixes, start: int, end: int) -> None:
        """Count fixes inside; note how the stay goes on at the first fix after every TELL_MS of it."""
        times, t_in = fixes[0], inside.t_in
        newest = (times[end - 1] - t_in) // TELL_MS
        if newest == (inside.inside_at - t_in) // TELL_MS:
            inside.add(fixes, start, end)
            return
        # Of several marks only the newest is ever told.
        mark = bisect_left(times, t_in + newest * TELL_MS, start, end) + 1
        inside.add(fixes, start, mark)
        self._mark = inside.inside_at, inside.dwell_ms, inside.path_m, inside.fixes
        if mark < end:
            inside.add(fixes, mark, end)

    def _count_one(self, inside: Presence, point: Point) -> None:
        """`_count` for one fix."""
        t, t_in = point.t, inside.t_in
        marks = (t - t_in) // TELL_MS != (inside.inside_at - t_in) // TELL_MS
        inside.add_one(t, point.x, point.y, point.sigma)
        if marks:
            self._mark = t, inside.dwell_ms, inside.path_m, inside.fixes

    def _enter(self, point: Point) -> None:
        before, first = self._arrival or (None, point)
        t, place = self._cross(point.inner, before, first, entering=True)
        left = self._left.pop(point.inner, None)
        if left is not None and t - left.inside_at < MERGE_MS:
            left.inside_at, left.place = t, place
            self._inside = left
            left.turn(place, point.sigma)
        else:
            self._inside = Presence(
                device=self.device, cell=int(self._grid.ids[point.inner]), index=point.inner,
                t_in=t, entry=place, inside_at=t, place=place,
            )  # fmt: skip
            if before is not None:
                self._inside.turn(place, point.sigma)
        self._first_out = None
        self._count_one(self._inside, point)

    def _leave(self) -> None:
        inside = self._inside
        if inside is None:
            return
        out = self._first_out
        if out is not None:
            start = Point(inside.inside_at, *inside.place, out.sigma, inside.index, Depth.UNSURE, out.lat, out.lon)
            t, place = self._cross(inside.index, start, out, entering=False)
            inside.leave(t, place, out.sigma)
        self._tell_ended(inside)
        bound = self._arrival[0].t if self._arrival and self._arrival[0] else inside.inside_at
        self._left = {cell: left for cell, left in self._left.items() if left.inside_at + MERGE_MS > bound}
        self._left[inside.index] = inside
        self._inside = self._first_out = None
        # A stay that was left may go on within a minute; what was logged before all of those belongs to none.
        self._forget_logged(min(left.t_in for left in self._left.values()))

    def _break(self) -> None:
        """End everything at a gap: the last moment known inside is the end."""
        self._tell_run(self.last, is_open=False)
        if self._inside is not None:
            self._tell_ended(self._inside)
        if self.last is not None:
            self._forget_logged(self.last.t + 1)
        self._inside = self._first_out = self._arrival = None
        self._sure_since = None
        self._left.clear()
        super()._break()

    def _pass_through(self, last: Point, point: Point) -> None:
        """Tell of cells crossed between two fixes."""
        depth = SURE_SIGMAS * max(last.sigma, point.sigma)
        way = metres(last, point)
        if way < max(2 * depth, LEAST_PASS_M):
            return
        # The usual step, within a cell or over a boundary that both cells share, passes through nothing.
        times = last.t, point.t
        if (
            min(last.inner, point.inner) >= 0
            and not self._grid.divided(*times)
            and self._grid.adjoin(last.inner, point.inner, last.place, point.place, least_m=2 * depth)
        ):
            return
        own = {last.inner, point.inner, self.held}
        for index, enter, leave in self._grid.crossed(last.place, point.place, least_depth_m=depth, times=times):
            t_in, t_out = (last.t + round((point.t - last.t) * part) for part in (enter, leave))
            if index not in own and t_out - t_in >= LEAST_PASS_MS:
                inside = (leave - enter) * way
                self.tell(
                    Stay(
                        device=self.device, cell=int(self._grid.ids[index]), t_in=t_in, t_out=t_out,
                        dwell_ms=t_out - t_in, path_m=round(inside, 1), fixes=0,
                        kind=worth(self._rules.at(index, t_in), t_out - t_in, inside, inside), open=False,
                    )
                )  # fmt: skip

    def _cross(self, index: int, before: Point | None, after: Point, *, entering: bool) -> tuple[int, Place]:
        """Moment and place at which the step from `before` to `after` crosses the boundary of a cell."""
        if before is None:
            return after.t, after.place
        times = before.t, after.t
        part = self._grid.crossing(index, before.place, after.place, entering=entering, times=times)
        place = before.x + (after.x - before.x) * part, before.y + (after.y - before.y) * part
        return before.t + round((after.t - before.t) * part), place

    def _note_run(self, last: Point | None, point: Point) -> None:
        if last is None or last.t // RUN_TELL_MS != point.t // RUN_TELL_MS:
            self._run_at = point

    def _tell_run(self, last: Point | None, *, is_open: bool) -> None:
        self._run_at = None
        if self._began is not None and last is not None:
            first = self._began
            self.tell(
                Run(
                    device=self.device, t_first=first.t, lat_first=first.lat, lon_first=first.lon,
                    t_last=last.t, lat_last=last.lat, lon_last=last.lon, open=is_open,
                )
            )  # fmt: skip

    def _tell_ended(self, inside: Presence) -> None:
        self._mark = None
        logged = self._logged_in(inside, inside.inside_at)
        self.tell(inside.stay(self._rules.at(inside.index, inside.t_in), logged=logged))

    def _logged_in(self, inside: Presence, until: int) -> bool:
        return any(cell == inside.cell and inside.t_in <= t <= until for t, cell in self._logged)

    def _forget_logged(self, since: int) -> None:
        if self._logged:
            self._logged = [each for each in self._logged if each[0] >= since]
