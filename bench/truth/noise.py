"""The relative error of a track, and the accuracy of a device that never reports it ("Path", rules 1, 2 and 6)."""

from bisect import insort
from dataclasses import dataclass, field
from math import hypot, sqrt
from statistics import fmean, median

from bench.truth.fixes import Fix, sigma_of

KNOT_MS, LONG_KNOT_MS = 4_000, 8_000
LONG_FROM_M = 2.0
NEIGHBOURS_MS = 90_000
LEAST_LEARNT = 6
MEDIAN_OF_RAYLEIGH = 1.1774
LEAST_RELATIVE_M, MOST_RELATIVE_M = 0.5, 20.0
PER_RELATIVE = 4.0
LEAST_UNSAID_M, MOST_UNSAID_M = 12.0, 25.0


@dataclass(frozen=True, slots=True)
class Knot:
    """Mean place (m) and time (ms) of fixes, and their mean σ (m)."""

    t: float
    x: float
    y: float
    sigma: float

    @classmethod
    def of(cls, fixes: list[Fix], sigmas: list[float]) -> "Knot":
        """The mean of fixes."""
        mean = fmean(fix.t for fix in fixes), fmean(fix.x for fix in fixes), fmean(fix.y for fix in fixes)
        return cls(*mean, fmean(sigmas))


def knot_ms(relative: float, learnt: int) -> int:
    """How long the fixes of a knot last, by the relative error, once it is learnt."""
    return LONG_KNOT_MS if learnt and relative > LONG_FROM_M else KNOT_MS


@dataclass(slots=True)
class Noise:
    """What a run has shown of its error so far."""

    _knots: list[Knot] = field(default_factory=list)
    _offsets: list[float] = field(default_factory=list)
    """How far knots lay off, scaled to one axis; in order of size."""
    _fixes: list[Fix] = field(default_factory=list)
    """Of the knot that goes on."""
    _sigmas: list[float] = field(default_factory=list)

    @property
    def learnt(self) -> int:
        """Knots that the relative error is learnt from; 0 while they are too few."""
        return len(self._offsets) if len(self._offsets) >= LEAST_LEARNT else 0

    def relative(self, sigma: float) -> float:
        """The relative error, `sigma` until it is learnt."""
        if not self.learnt:
            return sigma
        return min(max(median(self._offsets), LEAST_RELATIVE_M), MOST_RELATIVE_M)

    def sigma(self, fix: Fix) -> float:
        """σ of a fix; of one that does not say its accuracy by the relative error."""
        if fix.acc is not None:
            return sigma_of(fix.acc)
        if not self.learnt:
            return sigma_of(MOST_UNSAID_M)
        return sigma_of(min(max(PER_RELATIVE * self.relative(0.0), LEAST_UNSAID_M), MOST_UNSAID_M))

    def hear(self, fix: Fix, sigma: float, *, jumped: bool) -> None:
        """Go on with the next fix of the run."""
        if jumped:
            self._close()
            self._knots.clear()
        elif self._fixes and fix.t - self._fixes[0].t >= knot_ms(self.relative(sigma), self.learnt):
            self._close()
        self._fixes.append(fix)
        self._sigmas.append(sigma)

    def _close(self) -> None:
        self._knots.append(Knot.of(self._fixes, self._sigmas))
        self._fixes, self._sigmas = [], []
        if len(self._knots) >= 3 and self._knots[-1].t - self._knots[-3].t <= NEIGHBOURS_MS:
            before, middle, after = self._knots[-3:]
            b = (middle.t - before.t) / (after.t - before.t)
            a = 1 - b
            off = hypot(middle.x - a * before.x - b * after.x, middle.y - a * before.y - b * after.y)
            insort(self._offsets, off / MEDIAN_OF_RAYLEIGH / sqrt(1 + a * a + b * b))
