"""One device's way through the cells: fix by fix in time order, stays out. The rules of presence are all here.

What comes out depends on the sequence of fixes alone, never on how they were batched: a stay is told when it ends, and,
while it goes on, at the first fix after every 30 s of it once it is a valid visit.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from tracking.geometry.lookup import SURE_SIGMAS, CityGrid, Depth, depth_by
from tracking.presence.between import MERGE_MS, Between, Maybe
from tracking.presence.path import Noise, Path
from tracking.presence.plausibility import step_possible
from tracking.presence.points import Fixes, Place, Point, Rows
from tracking.presence.presence import Presence
from tracking.presence.stays import Run, Stay, StayChange, StayKind, worth
from tracking.presence.trail import GAP_MS, Trail, metres
from tracking.presence.visit_rules import VisitRules

CONFIRM_MS = 30_000
"""A fix that is sure but not deep changes the cell only when another as sure came so much earlier."""
TELL_MS = 30_000
"""A valid visit that goes on is told so often."""
RUN_TELL_MS = 60_000
"""A run that goes on is told at its first fix of every minute."""
LEAST_PASS_MS = 1_000
LEAST_PASS_M = 30.0
"""Shorter steps cross no cell that matters."""
LEAST_PASS_M_2 = LEAST_PASS_M**2


Told = Stay | Run | StayChange
"""A stay or run as it is known now; or that there is none, where one was told."""


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
        "_between", "_first_out", "_grid", "_here", "_inside", "_led", "_left", "_logged", "_mark", "_noise",
        "_paused", "_rules", "_run_at", "_seen", "_sure_since", "device", "settled", "tell",
    )  # fmt: skip

    def __init__(self, device: int, grid: CityGrid, rules: VisitRules, tell: Callable[[Told], None]) -> None:
        super().__init__()
        self.device = device
        self.tell = tell
        self.settled = True
        self._grid, self._rules = grid, rules
        self._noise = Noise()
        self._inside: Presence | None = None
        self._left: dict[int, Presence] = {}
        # What it does where it is seen but not held, or outside every cell: the beginning of a stay, if it is held yet.
        self._here: Presence | None = None
        # The step out of the cell it is held in.
        self._first_out: Point | None = None
        # When the device was first surely in the cell it is seen in now.
        self._sure_since: int | None = None
        # Time, dwell, path and fixes of the stay at its newest mark.
        self._mark: tuple[int, int, float, int] | None = None
        self._run_at: Point | None = None
        # A stay of this run was told. The first one is told as it begins: since then the city is observed.
        self._seen = False
        # Since no fix says surely where the device is, and the time before in which none did.
        self._between: Between | None = None
        self._paused: Between | None = None
        # The beginning of the newest stay, and the time that led to it, which may have been one with it.
        self._led: tuple[int, Between] | None = None
        # (ms, number of the cell in the store) of what was logged, as far as it may belong to a stay not ended.
        self._logged: Sequence[tuple[int, int]] = ()

    @property
    def has_news(self) -> bool:
        """Whether `flush` has anything to tell."""
        between = self._between
        return self._run_at is not None or self._mark is not None or (between is not None and between.news)

    @property
    def held(self) -> int:
        """Index of the cell the device is held to be in, -1 for none."""
        return self._inside.index if self._inside else -1

    @property
    def quiet_until(self) -> int:
        """Until when (ms) fixes like the last one tell nothing and change nothing but sums; 0: the next one may."""
        last, inside = self.last, self._inside
        if last is None or self._strangers or self._between is not None or last.inner != self.held:
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
        if self._between is not None:
            return False
        if inner != (-1 if self._inside is None else self._inside.index):
            return False
        dx, dy = rows.x[row] - last.x, rows.y[row] - last.y
        if dx * dx + dy * dy >= LEAST_PASS_M_2:
            return False
        return step_possible(dx, dy, t - last.t, rows.sigma[row], last.sigma)

    def run(self, rows: Rows, start: int, end: int, last: Point) -> None:
        """Take the rows from `start` to `end` (not included), for which `goes_on` holds; `last` is the last of them."""
        inside, here = self._inside, self._here
        minute = last.t // RUN_TELL_MS
        if self.last is None or self.last.t // RUN_TELL_MS != minute:
            first = next(row for row in range(start, end) if rows.t[row] // RUN_TELL_MS == minute)
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
        """Tell the stay that silence has ended; should the device go on after all, it is told again.

        Returns:
            Whether the walk can go on from here. It cannot where something holds only because of the silence: a strange
            place that was believed, or that the step out of a cell left it.
        """
        if self.settled:
            return True
        moved, out = self._believe_silent(), self._first_out is not None
        if out:
            self._leave()
        elif self._inside is not None:
            self._tell_ended(self._inside)
        self._mark = None
        self._tell_between(self.last)
        self._tell_run(self.last, is_open=False)
        self.settled = True
        return not (moved or out)

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
        if self._between is not None and self._between.news:
            self._between.news = False
            for maybe in self._between.may:
                self._tell_maybe(self._between, maybe, is_open=True)

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
                self._doubt_inside(self._between, last or point, point)
        else:
            self._take_outside(inside, last, point)

    def _take_outside(self, inside: Presence | None, last: Point | None, point: Point) -> None:
        """Take a fix that is not in the cell `inside` that the device is held in."""
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
        # Whoever was last surely outside every cell, and is there still, is in no doubt.
        if between is not None or point.inner >= 0 or inside is not None or last is None:
            between = between or self._doubt_again(point)
            between.back = None
            self._doubt(between, last, point)

    def _doubt_inside(self, between: Between, last: Point, point: Point) -> None:
        """Take a fix in the cell where the device is held, which others left in doubt."""
        if between.back is None:
            between.back = last.t
        if self._surely_here(point):
            self._be_sure(between.back)
        else:
            self._doubt(between, last, point)

    def _doubt(self, between: Between, last: Point | None, point: Point) -> None:
        """Take a fix that does not say surely where the device is."""
        if last is not None and self._grid.divided(last.t, point.t):
            self._end_between()
            between = Between(self._grid, point)
        self._between = between
        if between.add(point):
            sigma, held = self._noise.absolute_m(point.sigma), self.held
            for maybe in between.look(point.t, sigma, held, self._left):
                self._tell_maybe(between, maybe)

    def _doubt_again(self, point: Point) -> Between:
        paused, self._paused = self._paused, None
        if paused is None or point.t - paused.ended >= MERGE_MS:
            return Between(self._grid, point)
        if self._led is not None and self._led[1] is paused:
            self._led = None
        paused.resume(point)
        return paused

    def _be_sure(self, end: int) -> None:
        """The device is surely somewhere since `end` (ms): until then nobody could tell."""
        between = self._between
        if between is None:
            return
        between.ended = end
        may = self._until(between, end)
        for maybe in may:
            self._tell_maybe(between, maybe)
        between.may = [each for each in may if each.ms]
        # Hardly ever there is anything to go on with, and it would be kept of each device of a fleet.
        self._between, self._paused = None, between if between.may else None

    def _until(self, between: Between, end: int) -> list[Maybe]:
        sigma = self._noise.absolute_m(self.last.sigma) if self.last is not None else 0.0
        return between.until(end, sigma, self.held, self._left)

    def _end_between(self) -> None:
        self._tell_between(self.last)
        self._between = self._paused = None

    def _tell_between(self, end: Point | None) -> None:
        """Tell what the time up to the last fix comes to."""
        if self._between is not None and end is not None:
            for maybe in self._until(self._between, end.t):
                self._tell_maybe(self._between, maybe)

    def _tell_maybe(self, between: Between, maybe: Maybe, *, is_open: bool = False, after: Stay | None = None) -> None:
        """Tell of a cell in which the device may have made a valid visit, `after` included, if it may."""
        rule = self._rules.at(maybe.index, maybe.t_in)
        dwell_ms, path_m = maybe.before_ms + maybe.ms, maybe.before_m + maybe.metres
        if after is not None:
            dwell_ms, path_m = dwell_ms + after.dwell_ms, path_m + after.path_m
        logged = any(maybe.t_in <= t <= maybe.t_out for t, _ in self._logged)
        told = between.told.get(maybe.t_in)
        if maybe.ms < MERGE_MS or worth(rule, dwell_ms, path_m, 0.0, logged=logged) is not StayKind.VISIT:
            if told is not None:
                del between.told[maybe.t_in]
                self.tell(StayChange(device=self.device, t_in=maybe.t_in, stay=None))
            return
        stay = Stay(
            device=self.device, cell=int(self._grid.ids[maybe.index]), t_in=maybe.t_in, t_out=maybe.t_out,
            dwell_ms=maybe.ms, path_m=round(maybe.metres, 1), fixes=maybe.fixes, kind=StayKind.BETWEEN, open=is_open,
            other=int(self._grid.ids[maybe.other]) if maybe.other >= 0 else None,
        )  # fmt: skip
        if stay != told:
            between.told[maybe.t_in] = stay
            self.tell(stay)

    def _surely_here(self, point: Point) -> bool:
        """Whether the device is where the fix falls: in a cell, or outside every cell."""
        depth = depth_by(point.depth, self._noise.absolute_m(point.sigma))
        if depth == Depth.SURE and self._sure_since is None:
            self._sure_since = point.t
        confirmed = self._sure_since is not None and point.t - self._sure_since >= CONFIRM_MS
        return depth == Depth.DEEP or (depth == Depth.SURE and confirmed)

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
        self._mark = inside.inside_at, inside.dwell_ms, inside.path.metres, inside.fixes
        if mark < end:
            inside.add(fixes, mark, end)

    def _count_one(self, inside: Presence, point: Point) -> None:
        """`_count` for one fix."""
        t, t_in = point.t, inside.t_in
        marks = (t - t_in) // TELL_MS != (inside.inside_at - t_in) // TELL_MS
        inside.add_one(t, point.x, point.y, point.sigma)
        if marks:
            self._mark = t, inside.dwell_ms, inside.path.metres, inside.fixes

    def _arrive(self, last: Point | None, point: Point) -> Presence:
        """Begin to count where the device is seen now, from the crossing on; it may yet turn out to be held there."""
        self._let_here_go()
        before = last if point.inner >= 0 else None
        t, place = self._cross(point.inner, before, point, entering=True)
        here = self._here = self._presence(point.inner, t, place)
        if before is not None:
            here.path.turn(t, place, point.sigma)
        return here

    def _let_here_go(self) -> None:
        """Forget what was counted where the device was not held, but for the noise that it showed."""
        if self._here is not None:
            self._here.path.let_go()
        self._here = self._sure_since = None

    def _enter(self, here: Presence) -> None:
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
            self._tell_begun(inside)

    def _presence(self, index: int, t: int, place: Place) -> Presence:
        cell = int(self._grid.ids[index]) if index >= 0 else -1
        return Presence(
            device=self.device, cell=cell, index=index, t_in=t, entry=place, inside_at=t, place=place,
            path=Path(self._noise),
        )  # fmt: skip

    def _recall(self, index: int, t: int) -> Presence | None:
        """The stay that goes on when the device is in a cell again at `t` (ms), less than a minute after it left it."""
        left = self._left.get(index)
        return left if left is not None and t - left.inside_at < MERGE_MS else None

    def _leave(self) -> None:
        inside = self._inside
        if inside is None:
            return
        out = self._first_out
        if out is not None:
            start = Point(inside.inside_at, *inside.place, out.sigma, inside.index, Depth.UNSURE, out.lat, out.lon)
            t, place = self._cross(inside.index, start, out, entering=False)
            inside.leave(t, place, out.sigma)
        self._mark = None
        self._tell_ended(inside)
        self._keep_left(inside)
        self._inside = self._first_out = None
        # A stay that was left may go on within a minute; what was logged before all of those belongs to none.
        self._forget_logged(min(left.t_in for left in self._left.values()))

    def _keep_left(self, left: Presence) -> None:
        """Keep a stay that may go on, and forget those that cannot: nothing is entered before the arrival here."""
        bound = left.inside_at if self._here is None else self._here.t_in
        self._left = {cell: each for cell, each in self._left.items() if each.inside_at + MERGE_MS > bound}
        self._left[left.index] = left

    def _stranger(self, point: Point) -> None:
        # Silence may yet make it a place: what was settled before is not the end.
        self.settled = False
        super()._stranger(point)

    def _move(self, first: Point) -> None:
        """Go on at a new place: a stay that both places agree on goes on, without the way that nobody walked."""
        inside, last = self._inside, self.last
        self._tell_run(last, is_open=False)
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
        """End everything at a gap: a stay ends where the last step left its cell, or with its last fix."""
        self._tell_run(self.last, is_open=False)
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
        """Tell of cells crossed between two fixes."""
        depth = SURE_SIGMAS * max(self._noise.absolute_m(last.sigma), self._noise.absolute_m(point.sigma))
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
                place_in, place_out = (_between(last, point, part) for part in (enter, leave))
                passed = self._recall(index, t_in) or self._presence(index, t_in, place_in)
                passed.cross(t_in, t_out, place_out, (leave - enter) * way)
                self._keep_left(passed)
                self._tell_ended(passed)

    def _cross(self, index: int, before: Point | None, after: Point, *, entering: bool) -> tuple[int, Place]:
        """Moment and place at which the step from `before` to `after` crosses the boundary of a cell."""
        if before is None:
            return after.t, after.place
        times = before.t, after.t
        part = self._grid.crossing(index, before.place, after.place, entering=entering, times=times)
        return before.t + round((after.t - before.t) * part), _between(before, after, part)

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

    def _tell_begun(self, inside: Presence) -> None:
        self._seen = True
        self.tell(
            Stay(
                device=self.device, cell=inside.cell, t_in=inside.t_in, t_out=inside.inside_at,
                dwell_ms=inside.dwell_ms, path_m=0.0, fixes=inside.fixes, kind=StayKind.SHORT, open=True,
            )
        )  # fmt: skip

    def _tell_ended(self, inside: Presence) -> None:
        logged = self._logged_in(inside, inside.inside_at)
        stay = inside.stay(self._rules.at(inside.index, inside.t_in), logged=logged)
        self.tell(stay)
        if self._led is not None and self._led[0] == stay.t_in:
            between, after = self._led[1], None if stay.kind is StayKind.VISIT else stay
            for maybe in between.may:
                if maybe.index == inside.index and stay.t_in - maybe.t_out < MERGE_MS:
                    self._tell_maybe(between, maybe, after=after)

    def _logged_in(self, inside: Presence, until: int) -> bool:
        return any(cell == inside.cell and inside.t_in <= t <= until for t, cell in self._logged)

    def _forget_logged(self, since: int) -> None:
        if self._logged:
            self._logged = [each for each in self._logged if each[0] >= since]


def _between(start: Point, end: Point, part: float) -> Place:
    """Where the straight step between two fixes has come after `part` (0 to 1) of it."""
    return start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part
