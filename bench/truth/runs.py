"""Runs of fixes without a gap, jumps set aside ("Where a device is", rule 1, and "Jumps")."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.truth.fixes import Fix, Heard, metres
from bench.truth.noise import Noise

GAP_MS = 120_000
FASTEST_M_PER_S = 35.0
SIGMAS_OF_JUMP = 3.0
NEW_PLACE_FIXES = 3
LEAST_NEW_MS, MOST_NEW_MS = 60_000, 300_000


@dataclass(slots=True)
class _Run:
    """A run that goes on."""

    heard: list[Heard] = field(default_factory=list)
    noise: Noise = field(default_factory=Noise)
    since: int = 0
    """Since when it has been where it is now held, ms."""

    def judge(self, fix: Fix) -> Heard:
        """The fix with its error as the run knows it."""
        sigma = self.noise.sigma(fix)
        return Heard(fix, sigma, self.noise.relative(sigma), self.noise.learnt)

    def add(self, fix: Fix, *, jumped: bool = False) -> None:
        """Go on with a fix."""
        sigma = self.noise.sigma(fix)
        self.noise.hear(fix, sigma, jumped=jumped)
        sigma = self.noise.sigma(fix)
        self.heard.append(Heard(fix, sigma, self.noise.relative(sigma), self.noise.learnt, jumped))
        if jumped or len(self.heard) == 1:
            self.since = fix.t

    @property
    def last(self) -> Heard:
        """The last good fix."""
        return self.heard[-1]


class Runs:
    """Takes the fixes of a device in order of time."""

    def __init__(self) -> None:
        self._done: list[list[Heard]] = []
        self._run = _Run()
        self._strange: list[Heard] = []

    @classmethod
    def of(cls, fixes: Iterable[Fix]) -> list[list[Heard]]:
        """The runs of a device."""
        made = cls()
        for fix in fixes:
            made._take(fix)
        made._silence()
        return made._done

    def _take(self, fix: Fix) -> None:
        heard = self._strange or self._run.heard
        if heard and fix.t - heard[-1].fix.t > GAP_MS:
            self._silence()
        if not self._run.heard:
            self._run.add(fix)
            return
        each = self._run.judge(fix)
        if self._is_strange(each):
            follows = bool(self._strange) and reachable(self._strange[-1], each)
            self._strange = [*self._strange, each] if follows else [each]
            held = self._run.last.fix.t - self._run.since
            self._believe(min(max(held, LEAST_NEW_MS), MOST_NEW_MS))
            return
        self._strange = []
        if fix.t - self._run.last.fix.t > GAP_MS:
            self._silence()
        self._run.add(fix)

    def _is_strange(self, each: Heard) -> bool:
        last = self._run.last
        if not reachable(last, each):
            return True
        if not self._strange or not reachable(self._strange[-1], each):
            return False
        return metres(self._strange[-1].fix, each.fix) < metres(last.fix, each.fix)

    def _believe(self, least_ms: int) -> None:
        """Take strange fixes for a new place if they are enough and last so long."""
        strange = self._strange
        if len(strange) < NEW_PLACE_FIXES or strange[-1].fix.t - strange[0].fix.t < least_ms:
            return
        self._strange = []
        if strange[0].fix.t - self._run.last.fix.t > GAP_MS:
            self._end()
        for number, each in enumerate(strange):
            self._run.add(each.fix, jumped=number == 0 and bool(self._run.heard))

    def _silence(self) -> None:
        """A gap follows."""
        self._believe(LEAST_NEW_MS)
        self._strange = []
        self._end()

    def _end(self) -> None:
        if self._run.heard:
            self._done.append(self._run.heard)
        self._run = _Run()


def reachable(a: Heard, b: Heard) -> bool:
    """Whether a step can have been made."""
    reach = FASTEST_M_PER_S * (b.fix.t - a.fix.t) / 1000 + SIGMAS_OF_JUMP * (a.sigma + b.sigma)
    return metres(a.fix, b.fix) <= reach
