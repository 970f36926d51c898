"""Source of alerts and events: the event log, read in order into the ring that viewers follow."""

import asyncio

from runtime.clock import wall_clock
from runtime.stopping import pause
from schemas.live import DeviceName
from web.database import Database
from web.live import metrics
from web.live.frames.alarms import Alarms
from web.live.frames.directory import Directory
from web.live.frames.state import LiveState
from web.live.run.viewers import Viewers
from web.live.store import event_log, snapshot
from web.live.store.judging import Judging

POLL_S = 1.0


class EventLog:
    """Follows the event log; the process's own state follows its items, too."""

    def __init__(
        self,
        database: Database,
        viewers: Viewers,
        *,
        state: LiveState,
        directory: Directory,
        alarms: Alarms,
        judging: Judging,
    ) -> None:
        self.ring = event_log.Ring()
        self.epoch = ""
        self.ready = asyncio.Event()
        """Set once the newest items and the open alerts were read."""
        self.hint = asyncio.Event()
        """Set when there may be more to read."""
        self._database, self._viewers = database, viewers
        self._state, self._directory, self._alarms, self._judging = state, directory, alarms, judging

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        async with self._database.pool.acquire() as connection:
            self.epoch = await event_log.read_epoch(connection)
            if not self.ready.is_set():
                await event_log.fill(connection, self.ring)
            self._alarms.replace(await snapshot.open_alarms(connection))
        self._mark_alarms()
        self.ready.set()
        while not stop.is_set():
            self.hint.clear()
            if await self._read_on() < event_log.READ_AT_ONCE:
                await pause(self.hint, POLL_S)

    async def _read_on(self) -> int:
        async with self._database.pool.acquire() as connection:
            items = await event_log.follow(connection, self.ring)
        for item in items:
            self._consider(item)
        if items:
            metrics.LOG_LAG.observe(max(0.0, wall_clock() / 1000 - items[0].at.timestamp()))
            self._viewers.wake()
        return len(items)

    def _consider(self, item: event_log.Item) -> None:
        """Let the process's own state follow an item."""
        metrics.LOG_HEAD.set(item.seq)
        if item.kind == "stay":
            self._judging.visits_changed()
        elif item.kind == "grid":
            self._judging.city_changed()
        elif item.kind == "device":
            body = item.decoded()
            self._directory.put(DeviceName(body["slot"], body["id"], body["label"], body["unit"]))
            self._state.set_named(self._directory.array())
        elif item.kind == "alert":
            self._alarms.follow(item.decoded())
            self._mark_alarms()

    def _mark_alarms(self) -> None:
        self._state.set_alarms(self._alarms.slots(self._directory))
