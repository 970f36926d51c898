"""Figures of a sight, counted at most every few seconds for all callers with the same sight."""

import asyncio
import time
from datetime import UTC, datetime

import numpy as np

from runtime import db
from runtime.clock import wall_clock
from schemas import pages
from tracking.store.tracks import refusal_store
from web.auth.access import Sight
from web.live.frames.cells import STATE_NAMES
from web.live.frames.state import LiveState
from web.live.store.judging import Judging
from web.store import coverage, queries

SHARED_S = 5.0
MOST = 200


class SharedFigures:
    """The newest figures, shared by callers with the same sight for some seconds."""

    def __init__(self) -> None:
        self._made: dict[Sight, tuple[float, pages.Stats]] = {}
        self._lock = asyncio.Lock()

    async def get(self, pool: db.Pool, state: LiveState, judging: Judging, see: Sight) -> pages.Stats:
        """Count, or return recent figures."""
        async with self._lock:
            at, counted = self._made.get(see, (0.0, None))
            if counted is None or time.monotonic() - at >= SHARED_S:
                counted = await _count(pool, state, judging, see)
                if len(self._made) >= MOST:
                    self._made.clear()
                self._made[see] = (time.monotonic(), counted)
            return counted


async def _count(pool: db.Pool, state: LiveState, judging: Judging, see: Sight) -> pages.Stats:
    now = datetime.now(UTC)
    async with pool.acquire() as connection:
        counts = await queries.counts(connection, now, judging.time_zone() or "UTC", see)
        alerts = await queries.alert_levels(connection, see)
        refusals = {} if see.areas is not None else await refusal_store.counts(connection)
    total, _, _, silent, _ = state.tally(wall_clock(), state.among(see.devices))
    states = np.empty(0, dtype=np.uint8)
    judged = judging.judged
    if judged is not None:
        states = judged.coverage.state[coverage.rows_seen(judged.place, see.areas)]
    return pages.Stats(
        at=now,
        devices=counts["devices"],
        online=total - silent,
        fixes_last_hour=counts["fixes"],
        visits_today=counts["visits"],
        alerts=alerts,
        cells={name: int(np.count_nonzero(states == code)) for code, name in enumerate(STATE_NAMES)},
        refusals=refusals,
    )
