"""The short-term noise of a receiver, learnt from its track. Pure.

Two errors are distinguished (docs/coverage.md, ADR 101). The *absolute* error of a fix changes slowly, and neighbouring
fixes share most of it: it matters for boundaries, but adds no path. The *relative* error is what remains between
neighbouring fixes: it alone causes false path.
"""

from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import median

from tracking.geometry.depth import ASSUMED_ACCURACY_M, SIGMA_OF_68, UNSAID_SIGMA_M

KNOT_MS = 4_000
"""Fixes within this time form one knot, their mean, which reduces the noise of fast receivers."""
NOISY_M = 2.0
"""Above this relative noise, knots are twice as long."""
LEARN_MS = 90_000
"""Three knots that span more show movement, not noise."""
LEAST_NOISE_M, MOST_NOISE_M = 0.5, 20.0
LEARNT = 6
"""Knots after which the relative noise is used; until then all error counts as noise."""
_LEAST_GAIN = 0.01
"""Weight of one knot after hours: it moves the estimate by a per cent."""
_MEDIAN_2 = 2 * log(2)
"""Squared median of the distance from the middle of a circular normal error, in variances per axis."""
SLOW_TIMES = 4.0
"""Assumed accuracy of a receiver that never reports it: a multiple of its relative noise, within these bounds."""
BEST_ESTIMATE_M = 12.0
_ALL, _SELDOM = 24, 4
"""All of the first knots are used, then one in this many."""
_GAINS = [exp(max(1.5 / knots, _LEAST_GAIN)) for knots in range(1, int(1.5 / _LEAST_GAIN) + 1)]

Knot = tuple[float, float, float, float]
"""ms, x, y, standard deviation m as it was looked up."""


class Noise:
    """Relative noise of a device, learnt along one run of its fixes, knot by knot: a running median.

    It depends on the fixes of the run alone, in whatever order they arrive.
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
        # Values of the first knots, m²: a single bad one would affect the estimate for minutes.
        self._first: Sequence[float] = ()

    def relative_m(self, sigma: float) -> float:
        """Standard deviation of the relative error per axis, m; `sigma` is that of the absolute one."""
        return sigma if self.knots < LEARNT else min(max(self.learnt_m, LEAST_NOISE_M), MOST_NOISE_M)

    def sure_2(self, sigma: float) -> float:
        """Its square, m², increased for few knots, which may give too small a value by chance."""
        return self._sure_2 if self._sure_2 >= 0 else sigma * sigma

    def absolute_m(self, sigma: float) -> float:
        """Standard deviation of the absolute error per axis, m: as declared, or estimated if never declared."""
        if sigma != UNSAID_SIGMA_M:
            return sigma
        if self.knots < LEARNT:
            return ASSUMED_ACCURACY_M * SIGMA_OF_68
        return min(max(SLOW_TIMES * self.learnt_m, BEST_ESTIMATE_M), ASSUMED_ACCURACY_M) * SIGMA_OF_68

    def cut(self) -> None:
        """Separate the next knot from the previous ones: a jump is not noise."""
        self._before = self._last = None

    def note(self, knot: Knot) -> None:
        """Take the next knot."""
        before, last = self._before, self._last
        # After a moment elsewhere, a device continues with a knot that began before.
        if last is not None and knot[0] <= last[0]:
            return
        self._before, self._last = last, knot
        if before is not None and last is not None and knot[0] - before[0] <= LEARN_MS:
            self.knots += 1
            if self.knots <= _ALL or self.knots % _SELDOM == 0:
                self._learn(before, last, knot)

    def _learn(self, before: Knot, last: Knot, knot: Knot) -> None:
        """Learn from the distance of a knot to the straight and uniform movement between its neighbours."""
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
