"""Figures of the whole system, counted at most every few seconds however many ask."""

import asyncio
import time
from datetime import UTC, datetime

import numpy as np

from schemas import pages
from tracking import db, refusal_store
from web import queries
from web.live import hub as live
from web.live.cells import STATE_NAMES

SHARED_S = 5.0


class Figures:
    """The newest figures, shared by all who ask within some seconds."""

    def __init__(self) -> None:
        self._made: pages.Stats | None = None
        self._made_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, pool: db.Pool, hub: live.Hub) -> pages.Stats:
        """Count, or give what was counted lately."""
        async with self._lock:
            if self._made is None or time.monotonic() - self._made_at >= SHARED_S:
                self._made = await _count(pool, hub)
                self._made_at = time.monotonic()
            return self._made


async def _count(pool: db.Pool, hub: live.Hub) -> pages.Stats:
    now = datetime.now(UTC)
    async with pool.acquire() as connection:
        counts = await queries.counts(connection, now, hub.time_zone() or "UTC")
        alerts = await queries.alert_levels(connection)
        refusals = await refusal_store.counts(connection)
    total, _, _, silent = hub.state.tally(live.now_ms())
    states = np.empty(0, dtype=np.uint8) if hub.judging.judged is None else hub.judging.judged.coverage.state
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
