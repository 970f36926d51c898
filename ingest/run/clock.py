"""Upper bound of the true time, whatever happens to the machine's clock. Pure except for the given clocks."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from runtime.clock import wall_clock

log = structlog.get_logger(__name__)

TRUSTED_MS = 86_400_000
"""Time after a step back during which the earlier time still counts."""
STEP_MS = 2_000
"""Smaller steps are ordinary corrections."""


def steady_clock() -> int:
    """Monotonic time, ms."""
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class Latest:
    """Upper bound of the true time, so that a clock set back does not make correct fixes look like the future.

    A fix refused for its time is acknowledged and lost, so doubtful ones are accepted.
    """

    wall: Callable[[], int] = wall_clock
    steady: Callable[[], int] = steady_clock
    _ahead: int | None = None
    """Largest observed difference of the two clocks, ms."""
    _seen: int = 0
    """Time of that observation, by the monotonic clock."""
    _warned: bool = False

    def __call__(self) -> int:
        """The bound, ms since 1970-01-01 UTC."""
        steady, wall = self.steady(), self.wall()
        self.hear(wall, steady)
        return steady + (self._ahead or 0)

    def hear(self, at: int, steady: int | None = None) -> None:
        """Add the present time of a clock."""
        steady = self.steady() if steady is None else steady
        ahead = at - steady
        if self._ahead is None or ahead >= self._ahead - STEP_MS or steady - self._seen > TRUSTED_MS:
            if self._ahead is None or ahead > self._ahead or steady - self._seen > TRUSTED_MS:
                self._ahead = ahead
            self._seen, self._warned = steady, False
        elif not self._warned:
            self._warned = True
            back = round((self._ahead - ahead) / 1000)
            log.error("the clock of this machine went back: set it by NTP", seconds=back)
