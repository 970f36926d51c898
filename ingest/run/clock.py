"""How late it may be, whatever happens to the machine's clock. Pure but for the clocks it is given."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from runtime.clock import wall_clock

log = structlog.get_logger(__name__)

TRUSTED_MS = 86_400_000
"""So long after a step back the earlier time still counts; by then somebody has set the clock, or means it."""
STEP_MS = 2_000
"""A clock that is set by less is only corrected."""


def steady_clock() -> int:
    """Time since some moment, ms, that nobody can set."""
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class Latest:
    """The latest time that it may be: a clock set back must not make fixes of right devices look like the future.

    A fix that is refused for its time is acknowledged and lost, so what is uncertain is taken.
    """

    wall: Callable[[], int] = wall_clock
    steady: Callable[[], int] = steady_clock
    _ahead: int | None = None
    """Largest difference of the two clocks that was seen, ms."""
    _seen: int = 0
    """When it was seen last, by the steady clock."""
    _told: bool = False

    def __call__(self) -> int:
        """Tell it, ms since 1970-01-01 UTC."""
        steady, wall = self.steady(), self.wall()
        self.hear(wall, steady)
        return steady + (self._ahead or 0)

    def hear(self, at: int, steady: int | None = None) -> None:
        """Take what a clock says now, the machine's or another's."""
        steady = self.steady() if steady is None else steady
        ahead = at - steady
        if self._ahead is None or ahead >= self._ahead - STEP_MS or steady - self._seen > TRUSTED_MS:
            if self._ahead is None or ahead > self._ahead or steady - self._seen > TRUSTED_MS:
                self._ahead = ahead
            self._seen, self._told = steady, False
        elif not self._told:
            self._told = True
            back = round((self._ahead - ahead) / 1000)
            log.error("the clock of this machine went back: set it by NTP", seconds=back)
