"""Source of devices and last positions: the database, at the start and after a gap in the feed."""

import asyncio

from web.database import Database
from web.live.frames.alarms import Alarms
from web.live.frames.directory import Directory
from web.live.frames.state import LiveState
from web.live.store import fleet


class PositionSource:
    """Reads all devices and their last positions whenever they are `due`."""

    def __init__(self, database: Database, state: LiveState, directory: Directory, alarms: Alarms) -> None:
        self.due = asyncio.Event()
        self._database, self._state, self._directory, self._alarms = database, state, directory, alarms

    async def run(self, stop: asyncio.Event) -> None:
        """Read now, and again when it is due, until `stop`."""
        while not stop.is_set():
            self.due.clear()
            async with self._database.pool.acquire() as connection:
                for device in await fleet.read_devices(connection):
                    self._directory.put(device)
                self._state.set_named(self._directory.array())
                self._state.apply(await fleet.read_positions(connection))
            self._state.set_alarms(self._alarms.slots(self._directory))
            await self.due.wait()
