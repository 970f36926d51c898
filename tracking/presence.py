"""A stay in the making: time, way and fixes inside one cell, whatever the batches in which the fixes came."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import chain
from math import hypot, sqrt

from tracking.points import Fixes, Place
from tracking.stays import Stay, worth
from tracking.visit_rules import VisitRule

CLEAR_SIGMAS = 3.0
"""Standard deviations of both ends by which two places must differ to be two places: a standing device walks nowhere.
"""
LEAST_STEP_M = 12.0
MOST_STEP_M = 60.0
"""Bounds of that: receivers that claim more are not believed, and among tall houses any way would be lost."""
LEAST_STEP_M_2 = LEAST_STEP_M**2
MOST_STEP_M_2 = MOST_STEP_M**2
DETOUR_SIGMAS = 1.0
"""Standard deviations that a way round a bend must be longer than the straight one to be a bend."""
BEND_MS = 60_000
"""Bends are looked for among the fixes of so long: before that the device stood, and its bends are noise."""


@dataclass(slots=True)
class Presence:
    """What is known of a stay that may still grow. Places are (x, y) in m, times ms."""

    device: int
    cell: int
    """Number of the cell in the store."""
    index: int
    """Index of the cell in the grid."""
    t_in: int
    entry: Place
    inside_at: int
    """Latest moment known inside."""
    place: Place
    """Where that was."""
    dwell_ms: int = 0
    fixes: int = 0
    path_m: float = 0.0
    """Way inside without jitter, up to the last corner."""
    _corner: Place | None = None
    _corner_sigma: float = 0.0
    _since: "array[float]" = field(default_factory=lambda: array("d"))
    """ms, x, y of the fixes since the corner that may be bends, in order, one after the other.

    No tuples: of a large fleet they would be millions, and the garbage collector would go through all of them.
    """

    def add(self, fixes: Fixes, start: int, end: int) -> None:
        """Count the fixes inside from row `start` to row `end` (not included)."""
        times, xs, ys, sigmas = fixes
        self.dwell_ms += times[end - 1] - self.inside_at
        self.inside_at, self.place = times[end - 1], (xs[end - 1], ys[end - 1])
        self.fixes += end - start
        if self._corner is None:
            self.turn((xs[start], ys[start]), sigmas[start])
            start += 1
        (x, y), sigma = self._corner or self.place, self._corner_sigma
        # One loop on plain numbers: this is where most of the engine's time goes.
        for row in range(start, end):
            dx, dy = xs[row] - x, ys[row] - y
            way = dx * dx + dy * dy
            if way < LEAST_STEP_M_2:
                continue
            clear = CLEAR_SIGMAS * (sigma + sigmas[row])
            if way >= clear * clear or way >= MOST_STEP_M_2:
                self._keep(times[start:row], xs[start:row], ys[start:row])
                self._step_to(times[row], (xs[row], ys[row]), sigmas[row])
                (x, y), sigma, start = (xs[row], ys[row]), sigmas[row], row + 1
        self._remember(fixes, start, end)

    def add_one(self, t: int, x: float, y: float, sigma: float) -> None:
        """`add` for one fix, as most live batches have of a device: the same to the last bit."""
        self.dwell_ms += t - self.inside_at
        self.inside_at, self.place = t, (x, y)
        self.fixes += 1
        corner = self._corner
        if corner is None:
            self.turn(self.place, sigma)
            return
        dx, dy = x - corner[0], y - corner[1]
        way = dx * dx + dy * dy
        if way >= LEAST_STEP_M_2:
            clear = CLEAR_SIGMAS * (self._corner_sigma + sigma)
            if way >= clear * clear or way >= MOST_STEP_M_2:
                self._step_to(t, self.place, sigma)
                return
        since = self._since
        since.extend((t, x, y))
        if since[0] < t - 2 * BEND_MS:
            del since[: self._first_since(t - BEND_MS)]

    def turn(self, place: Place, sigma: float) -> None:
        """Begin or go on measuring the way at a crossing of the boundary."""
        self._corner, self._corner_sigma = place, sigma
        del self._since[:]

    def leave(self, t: int, place: Place, sigma: float) -> None:
        """Cross the boundary outwards at `t` and `place`."""
        if self._corner is not None:
            # Who stood would not be out: the last step counts, however short.
            self._step_to(t, place, sigma)
        self.dwell_ms += t - self.inside_at
        self.inside_at, self.place = t, place

    def stay(self, rule: VisitRule, *, logged: bool) -> Stay:
        """The stay as it is when it ends, or silence ends it. `logged`: an event was logged in it."""
        path = self.path_m + self._unfinished_m()
        way = hypot(self.place[0] - self.entry[0], self.place[1] - self.entry[1])
        return Stay(
            device=self.device, cell=self.cell, t_in=self.t_in, t_out=self.inside_at, dwell_ms=self.dwell_ms,
            path_m=round(path, 1), fixes=self.fixes, kind=worth(rule, self.dwell_ms, path, way, logged=logged),
            open=False,
        )  # fmt: skip

    def _step_to(self, t: int, place: Place, sigma: float) -> None:
        self.path_m += self._way_m(t, place, sigma)
        self.turn(place, sigma)

    def _remember(self, fixes: Fixes, start: int, end: int) -> None:
        """Keep the fixes since the corner that may yet be bends, and some that are too old, to tidy up seldom."""
        times, xs, ys, _ = fixes
        oldest = times[end - 1] - BEND_MS
        start = bisect_left(times, oldest, start, end)
        self._keep(times[start:end], xs[start:end], ys[start:end])
        if self._since and self._since[0] < oldest - BEND_MS:
            del self._since[: self._first_since(oldest)]

    def _keep(self, times: list[int], xs: list[float], ys: list[float]) -> None:
        self._since.extend(chain.from_iterable(zip(times, xs, ys, strict=True)))

    def _first_since(self, t: int) -> int:
        """Where in `_since` the first fix at or after `t` (ms) begins."""
        return 3 * bisect_left(self._since[::3], t)

    def _way_m(self, t: int, place: Place, sigma: float) -> float:
        """Way from the last corner to `place`: straight, or round bends where that is clearly longer."""
        bends = self._since[self._first_since(t - BEND_MS) :]
        since = list(zip(bends[::3], bends[1::3], bends[2::3], strict=True))
        return _bent_m(self._corner or place, since, place, DETOUR_SIGMAS * sigma)

    def _unfinished_m(self) -> float:
        """Way from the last corner to where it ends: half of a clear step, for a mover is on average half way."""
        if self._corner is None:
            return 0.0
        step = hypot(self.place[0] - self._corner[0], self.place[1] - self._corner[1])
        least = 0.5 * _clear_m(2 * self._corner_sigma)
        return self._way_m(self.inside_at, self.place, self._corner_sigma) if step >= least else 0.0


def _bent_m(start: Place, since: list[tuple[float, float, float]], end: Place, least_m: float) -> float:
    """Way from `start` to `end` round those bends alone that make it longer by `least_m` or more."""
    (x, y), (end_x, end_y) = start, end
    longest = straight = sqrt((end_x - x) ** 2 + (end_y - y) ** 2)
    bend = None
    for each in since:
        _, bx, by = each
        way = sqrt((bx - x) ** 2 + (by - y) ** 2) + sqrt((end_x - bx) ** 2 + (end_y - by) ** 2)
        if way > longest:
            longest, bend = way, each
    if bend is None or longest - straight < least_m:
        return straight
    if len(since) == 1:
        return longest
    row, place = since.index(bend), bend[1:]
    return _bent_m(start, since[:row], place, least_m) + _bent_m(place, since[row + 1 :], end, least_m)


def _clear_m(sigmas: float) -> float:
    """Distance from which two places differ, m, by the sum of the standard deviations of both."""
    return min(max(CLEAR_SIGMAS * sigmas, LEAST_STEP_M), MOST_STEP_M)
