"""Source of ends: viewers are disconnected when their session or token ends or its rights change."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from runtime.stopping import pause
from web.auth.store import principals
from web.database import Database
from web.live.run.viewers import Viewers

SESSIONS_S = 1.0
"""Longest delay until the live part notices the end of a session or right."""


class SessionSource:
    """Ends the viewers whose sessions ended.

    Args:
        database: has the sessions.
        viewers: of this process.
        clock: by which sessions and tokens end.
    """

    def __init__(self, database: Database, viewers: Viewers, clock: Callable[[], datetime]) -> None:
        self.check = asyncio.Event()
        """Set to check at once which sessions have ended."""
        self._database, self._viewers, self._clock = database, viewers, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look each second until `stop`."""
        while not stop.is_set():
            await pause(self.check, SESSIONS_S)
            self.check.clear()
            await self._end_invalid()

    def expire(self) -> None:
        """End viewers whose session has expired; needs no query."""
        moment = self._clock()
        for viewer in self._viewers:
            if viewer.principal.expires_at is not None and viewer.principal.expires_at <= moment:
                viewer.end("signed_out")

    async def _end_invalid(self) -> None:
        known = {viewer.principal.token_hash for viewer in self._viewers}
        hashes = [value for value in known if value is not None]
        if not hashes:
            return
        valid = await principals.still_valid(self._database.pool, hashes, self._clock())
        for viewer in self._viewers:
            if viewer.principal.token_hash is None:
                continue
            now_is = valid.get(viewer.principal.token_hash)
            if now_is is None:
                viewer.end("signed_out")
            elif now_is.permissions != viewer.principal.permissions or now_is.areas != viewer.principal.areas:
                viewer.end("rights_changed")  # it reconnects with its present rights
