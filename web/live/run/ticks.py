"""Ticks: changes are published to the viewers a few times a second."""

import asyncio
import time

import structlog

from runtime.clock import wall_clock
from runtime.stopping import pause
from web.live import metrics
from web.live.frames.state import LiveState
from web.live.run.sessions import SessionSource
from web.live.run.viewers import Viewers
from web.live.visibility_scopes import VisibilityScopes

TICK_S = 0.2
SLOWEST_TICK_S = 0.5

log = structlog.get_logger(__name__)


class Ticks:
    """Publishes changes.

    Args:
        state: positions of all devices.
        scopes: encode what changed, each what it may see.
        viewers: are woken.
        sessions: end viewers whose time is over.
        unnamed: set when a device of the feed has no name yet.
    """

    def __init__(
        self,
        state: LiveState,
        scopes: VisibilityScopes,
        viewers: Viewers,
        sessions: SessionSource,
        unnamed: asyncio.Event,
    ) -> None:
        self._state, self._scopes, self._viewers = state, scopes, viewers
        self._sessions, self._unnamed = sessions, unnamed

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop`."""
        while not stop.is_set():
            started = time.perf_counter()
            try:
                self.tick(wall_clock())
            except Exception:
                log.exception("live.tick_failed")
                metrics.FAULTS.labels("live.tick").inc()
            spent = time.perf_counter() - started
            metrics.TICK_SECONDS.observe(spent)
            # Long ticks come less often, so that the process has time for its viewers.
            await pause(stop, min(SLOWEST_TICK_S, max(TICK_S - spent, 2 * spent)))

    def tick(self, now: int) -> None:
        """Publish changes up to `now` (ms) and wake the viewers."""
        if self._viewers.views_changed:
            self._viewers.views_changed = False
            self._scopes.watch(self._viewers)
        self._sessions.expire()
        if self._state.unnamed():
            self._unnamed.set()
        self._state.fall_silent(now)
        if self._scopes.tick(now):
            self._viewers.wake()
