"""A timer for the earliest of several times."""

import asyncio
from collections.abc import Callable


class Timer:
    """Calls `wake` once at the earliest of the times asked for since the last call.

    It keeps that time itself: uvloop gives a timer that is due within half a millisecond no time of its own.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._timer: asyncio.Handle | None = None
        self._at = 0.0
        """When it is due, by the loop's clock, s."""

    def within(self, seconds: float) -> None:
        """Call after at most this many seconds."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._timer is not None:
            if self._at <= at:
                return
            self._timer.cancel()
        self._timer, self._at = loop.call_later(seconds, self._due), at

    def cancel(self) -> None:
        """Cancel."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self._wake()
