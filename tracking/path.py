"""The path inside one cell, and the short-term noise of a receiver by which it is measured. Pure.

Two errors are told apart (docs/coverage.md, ADR 101). The *absolute* error of a fix is slow: neighbouring fixes share
most of it, so it decides on which side of a boundary a device is, but walks nowhere by itself. The *relative* error is
what is left between neighbouring fixes: only it makes false path. It is learnt from the track itself.
"""

from array import array
from math import exp, hypot, sqrt

from tracking.geometry.lookup import ASSUMED_ACCURACY_M, SIGMA_OF_68, UNSAID_SIGMA_M
from tracking.points import Fixes, Place

KNOT_MS = 4_000
"""Fixes of so long are one knot: their mean. The noise of fast receivers is less by the root of their number."""
NOISY_M = 3.0
"""With more relative noise than this, knots are twice as long."""
LEARN_MS = 90_000
"""Three knots that span more tell of the way walked, not of noise."""
LEAST_NOISE_M, MOST_NOISE_M = 0.5, 20.0
LEARNT = 6
"""Knots after which the relative noise counts; until then all error is taken for noise."""
_LEAST_GAIN = 0.01
"""Hours of knots weigh in the end: one knot moves the estimate by a per cent."""
MEMORY_S = 60.0
"""The slow error forgets itself in about so long."""
CLEAR_SIGMAS = 3.1
"""Standard deviations of both ends by which two places must differ to be two places: a standing device walks nowhere.
"""
LEAST_STEP_M, MOST_STEP_M = 10.0, 60.0
"""Bounds of that: among tall houses any way would be lost otherwise."""
WINDOW_MS = 60_000
"""Bends are looked for among the knots of so long: before that the device stood, and its bends are noise."""
DETOUR_SIGMAS = 0.7
"""Relative noise that a way round a bend must be longer than the straight one to be a bend."""
LEG_SIGMAS = 3.0
LEAST_LEG_M = 3.0
"""Relative noise, and metres, that a bend must be away from both ends."""
SLOW_TIMES = 6.0
"""A receiver that never says its accuracy is taken to have so many times its relative noise, within these bounds."""
BEST_ESTIMATE_M = 12.0

_KNOT = 4
"""Numbers of a knot: ms, x, y, standard deviation m."""
# Share of the variance of the slow error that two places so many seconds apart do not have in common.
_APART = [1 - exp(-s / MEMORY_S) for s in range(4 * int(MEMORY_S))]

Knot = tuple[float, float, float, float]


class Noise:
    """Relative noise of a device, learnt along one run of its fixes, knot by knot: a running median.

    By runs, so that it follows from the fixes of the run alone, in whatever order they came.
    """

    __slots__ = "_before", "_last", "knots", "learnt_m"

    def __init__(self) -> None:
        self.knots = 0
        self.learnt_m = 0.0
        """Standard deviation per axis, m, as learnt from `knots` knots."""
        self._before: Knot | None = None
        self._last: Knot | None = None

    @property
    def known(self) -> bool:
        """Whether enough was learnt to go by."""
        return self.knots >= LEARNT

    def relative_m(self, sigma: float) -> float:
        """Standard deviation of the relative error per axis, m; `sigma` is that of the absolute one."""
        return min(max(self.learnt_m, LEAST_NOISE_M), MOST_NOISE_M) if self.known else sigma

    def absolute_m(self, sigma: float) -> float:
        """Standard deviation of the absolute error per axis, m: as declared, or estimated where it never is."""
        if sigma != UNSAID_SIGMA_M:
            return sigma
        if not self.known:
            return ASSUMED_ACCURACY_M * SIGMA_OF_68
        return min(max(SLOW_TIMES * self.learnt_m, BEST_ESTIMATE_M), ASSUMED_ACCURACY_M) * SIGMA_OF_68

    @property
    def width_ms(self) -> int:
        """Length of a knot, ms."""
        return 2 * KNOT_MS if self.known and self.learnt_m > NOISY_M else KNOT_MS

    def learn(self, knot: Knot) -> None:
        """Take the next knot: how far the one before it lies off the straight and even way between its neighbours."""
        t, x, y, _ = knot
        before, last = self._before, self._last
        self._before, self._last = last, knot
        if before is None or last is None or t - before[0] > LEARN_MS:
            return
        share = (t - last[0]) / (t - before[0])
        off = hypot(last[1] - share * before[1] - (1 - share) * x, last[2] - share * before[2] - (1 - share) * y)
        # 1.1774: median of the distance from the middle of a circular normal error, in standard deviations.
        noise = off / (1.1774 * sqrt(1 + share * share + (1 - share) * (1 - share)))
        self.knots += 1
        if self.knots == 1:
            self.learnt_m = max(noise, LEAST_NOISE_M)
        else:
            gain = exp(max(1.5 / self.knots, _LEAST_GAIN))
            self.learnt_m *= gain if noise > self.learnt_m else 1 / gain

    def clear_m(self, sigma: float, ms: float) -> float:
        """Distance from which two places `ms` apart differ, m; `sigma` is the mean absolute error of both ends."""
        # What was learnt from few knots may be too small by chance.
        relative = self.relative_m(sigma) * (1 + 2 / sqrt(self.knots) if self.known else 1)
        seconds = int(ms) // 1000
        apart = _APART[seconds] if seconds < len(_APART) else 1.0
        error = sqrt(relative * relative + max(sigma * sigma - relative * relative, 0.0) * apart)
        return min(max(2 * CLEAR_SIGMAS * error, LEAST_STEP_M), MOST_STEP_M)


class Path:
    """Way inside a cell, from corner to corner: knots that are clear of the corner, or of a knot of the last minute."""

    __slots__ = "_corner", "_noise", "_since", "_sum", "metres"

    def __init__(self, noise: Noise) -> None:
        self.metres = 0.0
        """Way up to the last corner, m."""
        self._noise = noise
        self._corner: Knot | None = None
        # Begin, sums of times, x and y, number, and the standard deviation of the last of the fixes of the next knot.
        self._sum: tuple[int, int, float, float, int, float] | None = None
        # Knots since the corner, one after the other. No tuples: of a large fleet they would be millions, and the
        # garbage collector would go through all of them.
        self._since: array[float] = array("d")

    def add(self, fixes: Fixes, start: int, end: int) -> None:
        """Take the fixes inside from row `start` to row `end` (not included)."""
        for t, x, y, sigma in zip(*(column[start:end] for column in fixes), strict=True):
            self.add_one(t, x, y, sigma)

    def add_one(self, t: int, x: float, y: float, sigma: float) -> None:
        """`add` for one fix."""
        if self._sum is not None:
            begin, sum_t, sum_x, sum_y, count, _ = self._sum
            if t - begin < self._noise.width_ms:
                self._sum = begin, sum_t + t, sum_x + x, sum_y + y, count + 1, sigma
                return
            self._knot(self._mean())
        self._sum = t, t, x, y, 1, sigma

    def turn(self, t: int, place: Place, sigma: float) -> None:
        """Begin or go on measuring at a crossing of the boundary, or where the device was found after a jump."""
        self._corner, self._sum = (t, *place, self._noise.absolute_m(sigma)), None
        del self._since[:]

    def leave(self, t: int, place: Place, sigma: float) -> None:
        """Cross the boundary outwards: who stood would not be out, so the last step counts, however short."""
        if self._sum is not None:
            self._knot(self._mean())
        if self._corner is not None:
            self._step_to((t, *place, self._noise.absolute_m(sigma)))
        self._sum = None

    def whole_m(self) -> float:
        """Way if nothing more comes: the rest counts from half a clear step on, as a mover is half way on average."""
        if self._corner is None or self._sum is None:
            return self.metres
        last = self._mean()
        step = hypot(last[1] - self._corner[1], last[2] - self._corner[2])
        if step < 0.5 * self._noise.clear_m((self._corner[3] + last[3]) / 2, last[0] - self._corner[0]):
            return self.metres
        return self.metres + self._way_m(last)

    def _mean(self) -> Knot:
        assert self._sum is not None  # noqa: S101 - asked by callers
        _, sum_t, sum_x, sum_y, count, sigma = self._sum
        return sum_t / count, sum_x / count, sum_y / count, self._noise.absolute_m(sigma)

    def _knot(self, knot: Knot) -> None:
        self._noise.learn(knot)
        if self._corner is None:
            self._corner = knot
        elif self._is_clear(knot):
            self._step_to(knot)
        else:
            self._since.extend(knot)
            if self._since[0] < knot[0] - 2 * WINDOW_MS:
                del self._since[: self._first_since(knot[0] - WINDOW_MS)]

    def _is_clear(self, knot: Knot) -> bool:
        """Whether the device has moved on: from the corner, or from where it was within the last minute."""
        t, x, y, sigma = knot
        assert self._corner is not None  # noqa: S101 - asked by the caller
        since = self._since
        for row in range(len(since) - _KNOT, -1, -_KNOT):
            if since[row] < t - WINDOW_MS:
                break
            if self._clear_of(since[row], since[row + 1], since[row + 2], since[row + 3], t, x, y, sigma):
                return True
        return self._clear_of(*self._corner, t, x, y, sigma)

    def _clear_of(
        self, t0: float, x0: float, y0: float, sigma0: float, t: float, x: float, y: float, sigma: float
    ) -> bool:
        dx, dy = x - x0, y - y0
        way = dx * dx + dy * dy
        if way < LEAST_STEP_M * LEAST_STEP_M:
            return False
        clear = self._noise.clear_m((sigma0 + sigma) / 2, t - t0)
        return way >= clear * clear

    def _step_to(self, knot: Knot) -> None:
        self.metres += self._way_m(knot)
        self._corner = knot
        del self._since[:]

    def _first_since(self, t: float) -> int:
        """Where in `_since` the first knot at or after `t` (ms) begins."""
        return next((row for row in range(0, len(self._since), _KNOT) if self._since[row] >= t), len(self._since))

    def _way_m(self, end: Knot) -> float:
        """Way from the last corner: straight, or round bends where that is clearly longer."""
        assert self._corner is not None  # noqa: S101 - asked by callers
        bends = self._since[self._first_since(end[0] - WINDOW_MS) :]
        since = list(zip(bends[1::_KNOT], bends[2::_KNOT], strict=True))
        noise = self._noise.relative_m(end[3])
        return _bent_m(self._corner[1:3], since, end[1:3], DETOUR_SIGMAS * noise, max(LEG_SIGMAS * noise, LEAST_LEG_M))


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
