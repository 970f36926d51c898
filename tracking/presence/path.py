"""The path inside one cell, and the short-term noise of a receiver by which it is measured. Pure.

Two errors are told apart (docs/coverage.md, ADR 101). The *absolute* error of a fix is slow: neighbouring fixes share
most of it, so it decides on which side of a boundary a device is, but walks nowhere by itself. The *relative* error is
what is left between neighbouring fixes: only it makes false path. It is learnt from the track itself.
"""

from array import array
from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import median

import numpy as np

from tracking.geometry.lookup import ASSUMED_ACCURACY_M, SIGMA_OF_68, UNSAID_SIGMA_M
from tracking.presence.fixes import FixColumns
from tracking.presence.points import Fixes, Place

KNOT_MS = 4_000
"""Fixes of so long are one knot: their mean. The noise of fast receivers is less by the root of their number."""
NOISY_M = 2.0
"""With more relative noise than this, knots are twice as long."""
LEARN_MS = 90_000
"""Three knots that span more tell of the way walked, not of noise."""
LEAST_NOISE_M, MOST_NOISE_M = 0.5, 20.0
LEARNT = 6
"""Knots after which the relative noise counts; until then all error is taken for noise."""
_LEAST_GAIN = 0.01
"""Hours of knots weigh in the end: one knot moves the estimate by a per cent."""
_MEDIAN_2 = 2 * log(2)
"""Squared median of the distance from the middle of a circular normal error, in variances per axis."""
MEMORY_S = 60.0
"""The slow error forgets itself in about so long."""
CLEAR_SIGMAS = 3.4
"""Standard deviations of both ends by which two places must differ to be two places: a standing device walks nowhere.
"""
LEAST_STEP_M, MOST_STEP_M = 10.0, 60.0
"""Bounds of that: among tall houses any way would be lost otherwise."""
WINDOW_MS = 60_000
"""Bends are looked for among the knots of so long: before that the device stood, and its bends are noise."""
DETOUR_SIGMAS = 0.7
"""Relative noise that a way round a bend must be longer than the straight one to be a bend."""
LEG_SIGMAS = 2.5
LEAST_LEG_M = 3.0
"""Relative noise, and metres, that a bend must be away from both ends."""
SLOW_TIMES = 4.0
"""A receiver that never says its accuracy is taken to have so many times its relative noise, within these bounds."""
BEST_ESTIMATE_M = 12.0

M_PER_DEGREE = 111_195.0
"""Near enough on the way of an hour."""
_ALL, _SELDOM = 24, 4
"""The first knots are all learnt from, later ones every so many."""
_GAINS = [exp(max(1.5 / knots, _LEAST_GAIN)) for knots in range(1, int(1.5 / _LEAST_GAIN) + 1)]
# Share of the variance of the slow error that two places so many seconds apart do not have in common.
_APART = [1 - exp(-s / MEMORY_S) for s in range(WINDOW_MS // 1000 + 1)]
_CLEAR_2 = (2 * CLEAR_SIGMAS) ** 2
_LEAST_STEP_2, _MOST_STEP_2 = LEAST_STEP_M**2, MOST_STEP_M**2

Knot = tuple[float, float, float, float]
"""ms, x, y, standard deviation m as it was looked up."""


class Noise:
    """Relative noise of a device, learnt along one run of its fixes, knot by knot: a running median.

    By runs, so that it follows from the fixes of the run alone, in whatever order they came.
    """

    __slots__ = "_before", "_first", "_last", "_sure_2", "knots", "learnt_m", "width_ms"

    def __init__(self) -> None:
        self.knots = 0
        self.learnt_m = 0.0
        """Standard deviation per axis, m, as learnt from `knots` knots."""
        self.width_ms = KNOT_MS
        """Length of a knot, ms."""
        self._sure_2 = -1.0
        self._before: Knot | None = None
        self._last: Knot | None = None
        # What the first knots showed, m²: one bad one to begin with would be in the estimate for minutes.
        self._first: Sequence[float] = ()

    def relative_m(self, sigma: float) -> float:
        """Standard deviation of the relative error per axis, m; `sigma` is that of the absolute one."""
        return sigma if self.knots < LEARNT else min(max(self.learnt_m, LEAST_NOISE_M), MOST_NOISE_M)

    def sure_2(self, sigma: float) -> float:
        """Its square, m², with room for what was learnt from few knots and may be too small by chance."""
        return self._sure_2 if self._sure_2 >= 0 else sigma * sigma

    def absolute_m(self, sigma: float) -> float:
        """Standard deviation of the absolute error per axis, m: as declared, or estimated where it never is."""
        if sigma != UNSAID_SIGMA_M:
            return sigma
        if self.knots < LEARNT:
            return ASSUMED_ACCURACY_M * SIGMA_OF_68
        return min(max(SLOW_TIMES * self.learnt_m, BEST_ESTIMATE_M), ASSUMED_ACCURACY_M) * SIGMA_OF_68

    def cut(self) -> None:
        """What comes next does not follow from what was before: a jump is no noise."""
        self._before = self._last = None

    def note(self, knot: Knot) -> None:
        """Take the next knot."""
        before, last = self._before, self._last
        # Whoever was elsewhere for a moment goes on with a knot that began before.
        if last is not None and knot[0] <= last[0]:
            return
        self._before, self._last = last, knot
        if before is not None and last is not None and knot[0] - before[0] <= LEARN_MS:
            self.knots += 1
            if self.knots <= _ALL or self.knots % _SELDOM == 0:
                self._learn(before, last, knot)

    def _learn(self, before: Knot, last: Knot, knot: Knot) -> None:
        """Learn how far a knot lies off the straight and even way between its neighbours."""
        share = (knot[0] - last[0]) / (knot[0] - before[0])
        rest = 1 - share
        off_x, off_y = last[1] - share * before[1] - rest * knot[1], last[2] - share * before[2] - rest * knot[2]
        noise_2 = (off_x * off_x + off_y * off_y) / (_MEDIAN_2 * (1 + share * share + rest * rest))
        knots, learnt = self.knots, self.learnt_m
        if knots <= LEARNT:
            self._first = [*self._first, noise_2]
            learnt = max(sqrt(median(self._first)), LEAST_NOISE_M)
        else:
            self._first = ()
            gain = _GAINS[min(knots if knots <= _ALL else _ALL + (knots - _ALL) // _SELDOM, len(_GAINS)) - 1]
            learnt = learnt * gain if noise_2 > learnt * learnt else learnt / gain
        self.learnt_m = learnt
        if knots >= LEARNT:
            self.width_ms = 2 * KNOT_MS if learnt > NOISY_M else KNOT_MS
            sure = self.relative_m(0.0) * (1 + 1.5 / sqrt(knots))
            self._sure_2 = sure * sure


def estimated_accuracy_m(fixes: FixColumns) -> float:
    """68 % radius (m) of a receiver that never says it, from its eligible fixes of some minutes, in order of time."""
    path, count = Path(Noise()), len(fixes)
    north = fixes.lat * M_PER_DEGREE
    east = fixes.lon * (M_PER_DEGREE * np.cos(np.radians(fixes.lat[:1].sum())))
    path.add((fixes.t.tolist(), east.tolist(), north.tolist(), [UNSAID_SIGMA_M] * count), 0, count)
    return path.noise.absolute_m(UNSAID_SIGMA_M) / SIGMA_OF_68


class Path:
    """Way inside a cell, from corner to corner: knots that are clear of the corner, or of a knot of the last minute."""

    __slots__ = "_corner", "_knot", "_since", "metres", "noise"

    def __init__(self, noise: Noise) -> None:
        self.metres = 0.0
        """Way up to the last corner, m."""
        self.noise = noise
        self._corner: Knot | None = None
        # Of the fixes of the next knot: ms of the first, sums of times, x and y, their number, and the last one's
        # standard deviation.
        self._knot: tuple[int, int, float, float, int, float] | None = None
        # ms, x, y of the knots since the corner, one after the other. No tuples: of a large fleet they would be
        # millions, and the garbage collector would go through all of them.
        self._since: array[float] = array("d")

    def add(self, fixes: Fixes, start: int, end: int) -> None:
        """Take the fixes inside from row `start` to row `end` (not included)."""
        times, xs, ys, sigmas = fixes
        noise, knot = self.noise, self._knot
        width = noise.width_ms
        for row in range(start, end):
            t = times[row]
            if knot is None:
                knot = t, t, xs[row], ys[row], 1, sigmas[row]
                continue
            first, sum_t, sum_x, sum_y, count, sigma = knot
            if t - first < width:
                knot = first, sum_t + t, sum_x + xs[row], sum_y + ys[row], count + 1, sigmas[row]
                continue
            self._take((sum_t, sum_x, sum_y, sigma) if count == 1 else _mean(knot))
            width = noise.width_ms
            knot = t, t, xs[row], ys[row], 1, sigmas[row]
        self._knot = knot

    def add_one(self, t: int, x: float, y: float, sigma: float) -> None:
        """`add` for one fix."""
        knot = self._knot
        if knot is not None:
            first, sum_t, sum_x, sum_y, count, _ = knot
            if t - first < self.noise.width_ms:
                self._knot = first, sum_t + t, sum_x + x, sum_y + y, count + 1, sigma
                return
            self._take(_mean(knot))
        self._knot = t, t, x, y, 1, sigma

    def turn(self, t: int, place: Place, sigma: float) -> None:
        """Begin or go on measuring at a crossing of the boundary, or where the device was found after a jump."""
        self.metres = self.whole_m()
        self.let_go()
        self._corner = t, place[0], place[1], sigma
        del self._since[:]

    def let_go(self) -> None:
        """Measure no further; what the last knot shows of the noise is learnt."""
        if self._knot is not None:
            self.noise.note(_mean(self._knot))
        self._knot = None

    def leave(self, t: int, place: Place, sigma: float) -> None:
        """Cross the boundary outwards: who stood would not be out, so the last step counts, however short."""
        if self._knot is not None:
            self._take(_mean(self._knot))
        if self._corner is not None:
            self._step_to((t, place[0], place[1], sigma), self._corner)
        self._knot = None

    def whole_m(self) -> float:
        """Way if nothing more comes: the rest counts from half a clear step on, as a mover is half way on average."""
        corner = self._corner
        if corner is None or self._knot is None:
            return self.metres
        t, x, y, sigma = last = _mean(self._knot)
        absolute = (self.noise.absolute_m(corner[3]) + self.noise.absolute_m(sigma)) / 2
        relative, ms = self.noise.sure_2(absolute), t - corner[0]
        apart = _APART[int(ms) // 1000] if ms < WINDOW_MS else 1.0
        clear = _CLEAR_2 * (relative + max(absolute * absolute - relative, 0.0) * apart)
        if (x - corner[1]) ** 2 + (y - corner[2]) ** 2 < min(max(clear, _LEAST_STEP_2), _MOST_STEP_2) / 4:
            return self.metres
        return self.metres + self._way_m(last, corner)

    def _take(self, knot: Knot) -> None:
        """Take the next knot: a corner, if the device has moved on from the last one, or within the last minute."""
        noise = self.noise
        noise.note(knot)
        corner = self._corner
        if corner is None:
            self._corner = knot
            return
        t, x, y, sigma = knot
        since, row = self._since, len(self._since)
        relative = slow = -1.0
        # One loop on plain numbers, from the newest knot back to the corner: most of the engine's time goes here.
        while row >= 0:
            row -= 3
            at, from_x, from_y = (since[row], since[row + 1], since[row + 2]) if row >= 0 else corner[:3]
            dx, dy, ms = x - from_x, y - from_y, t - at
            way = dx * dx + dy * dy
            if way < _LEAST_STEP_2 or (ms > WINDOW_MS and row >= 0):
                continue
            if relative < 0:
                absolute = (noise.absolute_m(corner[3]) + noise.absolute_m(sigma)) / 2
                relative = noise.sure_2(absolute)
                slow = absolute * absolute - relative
            apart = _APART[int(ms) // 1000] if ms < WINDOW_MS else 1.0
            if way >= _MOST_STEP_2 or way >= _CLEAR_2 * (relative + slow * apart if slow > 0 else relative):
                self._step_to(knot, corner)
                return
        since.extend((t, x, y))
        if since[0] < t - 2 * WINDOW_MS:
            del since[: _first_at(since, t - WINDOW_MS)]

    def _step_to(self, knot: Knot, corner: Knot) -> None:
        self.metres += self._way_m(knot, corner)
        self._corner = knot
        del self._since[:]

    def _way_m(self, end: Knot, corner: Knot) -> float:
        """Way from the corner: straight, or round bends where that is clearly longer."""
        since = self._since
        if not since:
            return sqrt((end[1] - corner[1]) ** 2 + (end[2] - corner[2]) ** 2)
        start = _first_at(since, end[0] - WINDOW_MS)
        bends = list(zip(since[start + 1 :: 3], since[start + 2 :: 3], strict=True))
        noise = self.noise.relative_m(self.noise.absolute_m(end[3]))
        return _bent_m(corner[1:3], bends, end[1:3], DETOUR_SIGMAS * noise, max(LEG_SIGMAS * noise, LEAST_LEG_M))


def _mean(knot: tuple[int, int, float, float, int, float]) -> Knot:
    _, sum_t, sum_x, sum_y, count, sigma = knot
    return (sum_t, sum_x, sum_y, sigma) if count == 1 else (sum_t / count, sum_x / count, sum_y / count, sigma)


def _first_at(since: "array[float]", t: float) -> int:
    """Where in ms, x, y, ms … the first at or after `t` (ms) begins."""
    row, end = 0, len(since)
    while row < end and since[row] < t:
        row += 3
    return row


def _bent_m(start: Place, since: list[Place], end: Place, least_m: float, leg_m: float) -> float:
    """Way from `start` to `end` round those bends alone that make it longer by `least_m` or more.

    A bend is at least `leg_m` away from both ends: what is nearer is noise about them.
    """
    (x, y), (end_x, end_y) = start, end
    longest = straight = sqrt((end_x - x) ** 2 + (end_y - y) ** 2)
    bend = -1
    for row, (bx, by) in enumerate(since):
        there, on = sqrt((bx - x) ** 2 + (by - y) ** 2), sqrt((end_x - bx) ** 2 + (end_y - by) ** 2)
        if there + on > longest and there >= leg_m and on >= leg_m:
            longest, bend = there + on, row
    if bend < 0 or longest - straight < least_m:
        return straight
    place = since[bend]
    return _bent_m(start, since[:bend], place, least_m, leg_m) + _bent_m(place, since[bend + 1 :], end, least_m, leg_m)
