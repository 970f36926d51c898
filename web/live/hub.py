"""The live part of a web process: follows feed, lane and coverage, ticks, and wakes the viewers.

Each source is a loop of its own that goes on when the database or broker was away; none stops another.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import msgspec
import structlog

from ingest.run import feed_client
from runtime import loops
from runtime.parts import Parts
from schemas import feed
from schemas.live import DeviceName
from web.audit.audit import Recorder
from web.auth import accounts
from web.auth.access import Grant, Sights
from web.database import Database
from web.http import problems
from web.live import metrics
from web.live.audience import Audience
from web.live.audiences import Audiences
from web.live.frames.alarms import Alarms
from web.live.frames.directory import Directory
from web.live.frames.state import LiveState
from web.live.store import fleet, lane, snapshot
from web.live.store.judging import Judging
from web.live.watching import Watching

TICK_S = 0.2
SLOWEST_TICK_S = 0.5
CELLS_S = 1.0
LANE_POLL_S = 1.0
SESSIONS_S = 1.0
"""A session or right that ends is noticed by the live part within this."""
SIGHTS_S = 1.0
RETRY_S = 1.0
MAX_VIEWERS = 5_000
MAX_OF_ONE = 100
"""Of one account or token: nobody can take the places of all."""

log = structlog.get_logger(__name__)


def now_ms() -> int:
    """Server's time, ms since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Hub:
    """Shared by all viewers of a process. `run` drives it; viewers register with `join`."""

    database: Database
    mqtt_url: str
    audit: Recorder
    clock: Callable[[], datetime]
    """By which sessions and tokens end."""
    state: LiveState = field(default_factory=LiveState)
    ring: lane.Ring = field(default_factory=lane.Ring)
    directory: Directory = field(default_factory=Directory)
    epoch: str = ""
    judging: Judging = field(default_factory=Judging)
    """The newest coverage, for REST and viewers alike."""
    alarms: Alarms = field(default_factory=Alarms)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the lane and the last positions were read."""
    feed_connected: bool = False
    _viewers: set[Watching] = field(default_factory=set)
    _of_one: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Viewers by account or token."""
    _views_changed: bool = False
    _empty: asyncio.Event = field(default_factory=asyncio.Event)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _lane_hint: asyncio.Event = field(default_factory=asyncio.Event)
    _positions_due: asyncio.Event = field(default_factory=asyncio.Event)
    _check_sessions: asyncio.Event = field(default_factory=asyncio.Event)
    sights: Sights = field(init=False)
    _audiences: Audiences = field(init=False)

    def __post_init__(self) -> None:
        self.sights = Sights(self.database)
        self._audiences = Audiences(self.sights, self.state, self.judging)

    # Viewers

    def join(self, viewer: Watching) -> bool:
        """Take a viewer; False when the process has as many as it may, or as it may of one account or token."""
        who = viewer.principal
        if len(self._viewers) >= MAX_VIEWERS or self._of_one[who.kind, who.name] >= MAX_OF_ONE or self._stop.is_set():
            return False
        self._viewers.add(viewer)
        self._of_one[who.kind, who.name] += who.token_hash is not None  # the settings' token is the operator's own
        self._empty.clear()
        metrics.VIEWERS.set(len(self._viewers))
        return True

    def leave(self, viewer: Watching) -> None:
        """Forget a viewer."""
        if viewer not in self._viewers:
            return
        self._viewers.remove(viewer)
        who = viewer.principal
        self._of_one[who.kind, who.name] -= who.token_hash is not None
        if not self._of_one[who.kind, who.name]:
            del self._of_one[who.kind, who.name]
        self._views_changed = True
        if not self._viewers:
            self._empty.set()
        metrics.VIEWERS.set(len(self._viewers))

    def looked(self) -> None:
        """Take note that a viewer looks elsewhere: the next tick encodes for it, too."""
        self._views_changed = True

    def check_sessions(self) -> None:
        """Look at once whose session has ended."""
        self._check_sessions.set()

    async def end_all(self, within_s: float = 1.0) -> None:
        """Say goodbye to every viewer: the process stops. Waits until they heard it, or `within_s`."""
        for viewer in list(self._viewers):
            viewer.end("shutting_down")
        self._stop.set()
        if self._viewers:
            await self._pause(self._empty, within_s)

    async def audience(self, grant: Grant) -> Audience:
        """Those who see what this grant shows; made when the first of them comes.

        Raises:
            NotReadyError: the database was not reached yet.
        """
        return await self._audiences.get(grant)

    async def full_state(self, audience: Audience) -> snapshot.Snapshot:
        """The state message and the lane's offset it belongs to; shared by viewers that come together."""

        async def read() -> snapshot.Snapshot:
            return await snapshot.read(
                self.database.pool,
                self.epoch,
                audience.cells,
                floor=self.ring.floor,
                see=audience.see,
                names=audience.names,
            )

        return await audience.snapshot.get(read)

    # Sources

    async def run(self) -> None:
        """Follow everything until `stop`."""
        sources: dict[str, Callable[[], Awaitable[None]]] = {
            "live.lane": self._follow_lane,
            "live.positions": self._read_positions,
            "live.coverage": self._judge,
            "live.sessions": self._end_sessions,
            "live.sights": self._follow_sights,
        }
        async with asyncio.TaskGroup() as group:
            parts = Parts(group, self.stopping)
            for name, source in sources.items():
                parts.start(name, self._keep(name, source))
            parts.start("live.feed", self._follow_feed())
            parts.start("live.tick", self._tick())

    def stopping(self) -> bool:
        """Whether the process stops, so that `run` may end."""
        return self._stop.is_set()

    async def _keep(self, name: str, source: Callable[[], Awaitable[None]]) -> None:
        """Run one source again and again; a fault of it is logged and does not stop the others."""
        while not self._stop.is_set():
            try:
                await self.database.opened()
                await source()
            except (*problems.UNREACHABLE, problems.NotReadyError, asyncpg.PostgresError) as error:
                loops.unless_ending()
                log.warning("live.source_away", source=name, error=str(error), retry_s=RETRY_S)
                metrics.FAULTS.labels(name).inc()
            except Exception:
                loops.unless_ending()
                log.exception("live.source_failed", source=name, retry_s=RETRY_S)
                metrics.FAULTS.labels(name).inc()
            await self._pause(self._stop, RETRY_S)

    async def _pause(self, event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    async def _follow_feed(self) -> None:
        await feed_client.subscribe_feed(self.mqtt_url, on_payload=self.take, on_state=self._on_feed, stop=self._stop)

    def _on_feed(self, state: feed_client.FeedState) -> None:
        self.feed_connected = state is feed_client.FeedState.CONNECTED
        metrics.FEED_CONNECTED.set(self.feed_connected)
        metrics.FEED_LOST.inc(not self.feed_connected)
        if self.feed_connected:
            # What was published while nobody listened is gone: the database has it.
            self._positions_due.set()
            self._lane_hint.set()

    def take(self, payload: bytes) -> None:
        """Take a message of the feed."""
        try:
            message = feed.decode(payload)
            if isinstance(message, feed.LaneHead):
                self._lane_hint.set()
                return
            metrics.POSITIONS.inc(self.state.apply(feed.columns_of(message)))
        except (msgspec.DecodeError, ValueError) as error:
            metrics.BAD_FEED.inc()
            log.warning("live.bad_feed", error=str(error))

    async def _read_positions(self) -> None:
        while not self._stop.is_set():
            self._positions_due.clear()
            async with self.database.pool.acquire() as connection:
                for device in await fleet.read_devices(connection):
                    self.directory.put(device)
                self.state.set_named(self.directory.array())
                self.state.apply(await fleet.read_positions(connection))
            self._mark_alarms()
            await self._positions_due.wait()

    async def _follow_lane(self) -> None:
        async with self.database.pool.acquire() as connection:
            self.epoch = await lane.read_epoch(connection)
            if not self.ready.is_set():
                await lane.fill(connection, self.ring)
            self.alarms.replace(await snapshot.open_alarms(connection))
        self._mark_alarms()
        self.ready.set()
        while not self._stop.is_set():
            self._lane_hint.clear()
            async with self.database.pool.acquire() as connection:
                items = await lane.follow(connection, self.ring)
            for item in items:
                self._consider(item)
            if items:
                metrics.LANE_LAG.observe(max(0.0, now_ms() / 1000 - items[0].at.timestamp()))
                self._wake()
            if len(items) < lane.READ_AT_ONCE:
                await self._pause(self._lane_hint, LANE_POLL_S)

    def _consider(self, item: lane.Item) -> None:
        """Let the process's own state follow an item of the lane."""
        metrics.LANE_HEAD.set(item.seq)
        if item.kind == "stay":
            self.judging.visits_changed()
        elif item.kind == "grid":
            self.judging.city_changed()
        elif item.kind == "device":
            body = item.decoded()
            self.directory.put(DeviceName(body["slot"], body["id"], body["label"], body["unit"]))
            self.state.set_named(self.directory.array())
        elif item.kind == "alert":
            self.alarms.follow(item.decoded())
            self._mark_alarms()

    def _mark_alarms(self) -> None:
        self.state.set_alarms(self.alarms.slots(self.directory))

    async def _judge(self) -> None:
        while not self._stop.is_set():
            now = now_ms()
            await self.judging.read(self.database.pool, now)
            if self.judging.judge(now) and self._audiences.judged():
                self._wake()
            await self._pause(self._stop, CELLS_S)

    async def _end_sessions(self) -> None:
        while not self._stop.is_set():
            await self._pause(self._check_sessions, SESSIONS_S)
            self._check_sessions.clear()
            hashes = {viewer.principal.token_hash for viewer in self._viewers} - {None}
            if not hashes:
                continue
            known = [value for value in hashes if value is not None]
            valid = await accounts.still_valid(self.database.pool, known, self.clock())
            for viewer in list(self._viewers):
                if viewer.principal.token_hash is None:
                    continue
                now_is = valid.get(viewer.principal.token_hash)
                if now_is is None:
                    viewer.end("signed_out")
                elif now_is.permissions != viewer.principal.permissions or now_is.areas != viewer.principal.areas:
                    viewer.end("rights_changed")  # it comes again, and is let in with what it may see now

    async def _follow_sights(self) -> None:
        """Bring what audiences see up to date: devices change units, cells change hands."""
        while not self._stop.is_set():
            await self._pause(self._stop, SIGHTS_S)
            await self._audiences.refresh(self._viewers)

    # Ticks

    async def _tick(self) -> None:
        while not self._stop.is_set():
            started = time.perf_counter()
            try:
                self.tick(now_ms())
            except Exception:
                log.exception("live.tick_failed")
                metrics.FAULTS.labels("live.tick").inc()
            spent = time.perf_counter() - started
            metrics.TICK_SECONDS.observe(spent)
            # A tick that takes long comes less often: the process must have time for its viewers.
            await self._pause(self._stop, min(SLOWEST_TICK_S, max(TICK_S - spent, 2 * spent)))

    def tick(self, now: int) -> None:
        """Publish what changed by `now` (ms) and wake the viewers."""
        if self._views_changed:
            self._views_changed = False
            self._audiences.watch(self._viewers)
        self._expire()
        if self.state.unnamed():
            self._positions_due.set()
        self.state.fall_silent(now)
        if self._audiences.tick(now):
            self._wake()

    def _expire(self) -> None:
        moment = self.clock()
        for viewer in list(self._viewers):
            if viewer.principal.expires_at is not None and viewer.principal.expires_at <= moment:
                viewer.end("signed_out")

    def _wake(self) -> None:
        for viewer in self._viewers:
            viewer.wake.set()

    def time_zone(self) -> str | None:
        """IANA zone of the city, once known."""
        return None if self.judging.place is None else self.judging.place.city.time_zone
