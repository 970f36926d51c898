"""Source of coverage: every cell is judged each second, and viewers are woken when they see a change."""

import asyncio

from runtime.clock import wall_clock
from web.database import Database
from web.live.audiences import Audiences
from web.live.run.source import pause
from web.live.run.viewers import Viewers
from web.live.store.judging import Judging

CELLS_S = 1.0


class Coverage:
    """Judges the city."""

    def __init__(self, database: Database, judging: Judging, audiences: Audiences, viewers: Viewers) -> None:
        self._database, self._judging, self._audiences, self._viewers = database, judging, audiences, viewers

    async def run(self, stop: asyncio.Event) -> None:
        """Judge each second until `stop`."""
        while not stop.is_set():
            now = wall_clock()
            await self._judging.read(self._database.pool, now)
            if self._judging.judge(now) and self._audiences.judged():
                self._viewers.wake()
            await pause(stop, CELLS_S)
