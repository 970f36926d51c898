"""The live part of a web process: its sources, and its interface to viewers and routes.

Each source is a separate loop that continues after an outage of the database or broker; none stops another.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from runtime.parts import Parts
from web.audit.recorder import Recorder
from web.auth.access import SightGrant, Sights
from web.database import Database
from web.live.frames.alarms import Alarms
from web.live.frames.directory import Directory
from web.live.frames.state import LiveState
from web.live.run import sights
from web.live.run.coverage import CoverageSource
from web.live.run.event_log import EventLog
from web.live.run.feed import FeedSource
from web.live.run.positions import PositionSource
from web.live.run.sessions import SessionSource
from web.live.run.source import keep
from web.live.run.ticks import Ticks
from web.live.run.viewers import Viewers
from web.live.store import snapshot
from web.live.store.judging import Judging
from web.live.visibility_scope import VisibilityScope
from web.live.visibility_scopes import VisibilityScopes
from web.live.watching import Watching


class Hub:
    """Shared by all viewers of a process. `run` drives it; viewers register with `join`.

    Args:
        database: of the web process.
        mqtt_url: the broker of the feed.
        audit: where viewers record what they look at.
        clock: by which sessions and tokens end.
    """

    def __init__(self, database: Database, mqtt_url: str, audit: Recorder, clock: Callable[[], datetime]) -> None:
        self.database, self.audit = database, audit
        self.state = LiveState()
        self.directory = Directory()
        self.alarms = Alarms()
        self.judging = Judging()
        """The newest coverage, for REST and viewers alike."""
        self.sights = Sights(database)
        self.viewers = Viewers()
        self._scopes = VisibilityScopes(self.sights, self.state, self.judging)
        self._stop = asyncio.Event()
        self.event_log = EventLog(
            database,
            self.viewers,
            state=self.state,
            directory=self.directory,
            alarms=self.alarms,
            judging=self.judging,
        )
        self._positions = PositionSource(database, self.state, self.directory, self.alarms)
        self.feed = FeedSource(mqtt_url, self.state, self.event_log.hint, (self._positions.due, self.event_log.hint))
        self._sessions = SessionSource(database, self.viewers, clock)
        self._coverage = CoverageSource(database, self.judging, self._scopes, self.viewers)
        self._ticks = Ticks(self.state, self._scopes, self.viewers, self._sessions, self._positions.due)

    async def run(self) -> None:
        """Follow every source until `end_all`."""
        stop = self._stop
        sources: dict[str, Callable[[], Awaitable[None]]] = {
            "live.event_log": lambda: self.event_log.run(stop),
            "live.positions": lambda: self._positions.run(stop),
            "live.coverage": lambda: self._coverage.run(stop),
            "live.sessions": lambda: self._sessions.run(stop),
            "live.sights": lambda: sights.run(self._scopes, self.viewers, stop),
        }
        async with asyncio.TaskGroup() as group:
            parts = Parts(group, self.stopping)
            for name, source in sources.items():
                parts.start(name, keep(name, source, self.database, stop))
            parts.start("live.feed", self.feed.run(stop))
            parts.start("live.tick", self._ticks.run(stop))

    def stopping(self) -> bool:
        """Whether the process stops, so that `run` may end."""
        return self._stop.is_set()

    async def end_all(self, within_s: float = 1.0) -> None:
        """End all connections, since the process stops. Waits until they are closed, or `within_s`."""
        self.viewers.end("shutting_down")
        self._stop.set()
        await self.viewers.gone(within_s)

    # What viewers ask

    def join(self, viewer: Watching) -> bool:
        """Add a viewer; False: the limit is reached, or the process stops."""
        return not self.stopping() and self.viewers.join(viewer)

    def looked(self) -> None:
        """Note that the view of a viewer changed: the next tick encodes for it, too."""
        self.viewers.views_changed = True

    async def scope(self, grant: SightGrant) -> VisibilityScope:
        """The scope of a grant, created with its first viewer.

        Raises:
            NotReadyError: the database was not reached yet.
        """
        return await self._scopes.get(grant)

    async def full_state(self, scope: VisibilityScope) -> snapshot.Snapshot:
        """The state message and its offset; shared by viewers that connect at the same time."""

        async def read() -> snapshot.Snapshot:
            return await snapshot.read(
                self.database.pool,
                self.event_log.epoch,
                scope.cells,
                floor=self.event_log.ring.floor,
                see=scope.see,
                names=scope.names,
            )

        return await scope.snapshot.get(read)

    # What routes ask

    @property
    def ready(self) -> asyncio.Event:
        """Set once the event log was read."""
        return self.event_log.ready

    def check_sessions(self) -> None:
        """Check at once which sessions have ended."""
        self._sessions.check.set()

    def time_zone(self) -> str | None:
        """IANA zone of the city, once known."""
        return self.judging.time_zone()
