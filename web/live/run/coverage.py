"""Source of coverage: every cell is judged each second, and viewers are woken when they see a change."""

import asyncio

from runtime.clock import wall_clock
from runtime.every import every, no_error
from web.database import Database
from web.live.run.viewers import Viewers
from web.live.store.judging import Judging
from web.live.visibility_scopes import VisibilityScopes

CELLS_S = 1.0


class CoverageSource:
    """Judges the city."""

    def __init__(self, database: Database, judging: Judging, scopes: VisibilityScopes, viewers: Viewers) -> None:
        self._database, self._judging, self._scopes, self._viewers = database, judging, scopes, viewers

    async def run(self, stop: asyncio.Event) -> None:
        """Judge each second until `stop`."""
        await every(CELLS_S, self._look, survive=no_error, stop=stop)

    async def _look(self) -> None:
        now = wall_clock()
        await self._judging.read(self._database.pool, now)
        if self._judging.judge(now) and self._scopes.judged():
            self._viewers.wake()
