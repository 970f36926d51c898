"""Writes the heartbeat of a worker to the database, for /readyz and /stats, and trims the event log."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog

from ingest.run import surviving
from ingest.store import worker_store
from runtime import db
from runtime.clock import wall_clock
from runtime.every import every
from tracking.store.records import event_log
from tracking.store.tracks import minute_store

log = structlog.get_logger(__name__)

EVERY_S = 5.0
TRIM_EVERY_S = 600.0
_GOODBYE_S = 1.0


@dataclass(slots=True, kw_only=True)
class Heartbeat:
    """Writes the worker's row.

    Args:
        pool: the database.
        worker: name of the worker.
        units: its units.
        counters: its figures.
        shares: whether it shares all units with others.
    """

    pool: db.Pool
    worker: str
    units: Callable[[], list[str]]
    counters: Callable[[], dict[str, Any]]
    shares: bool = False
    _first: bool = True
    _trimmed: float = field(default_factory=time.monotonic)

    async def run(self, every_s: float = EVERY_S) -> None:
        """Write it periodically until cancelled; a lost database is retried."""
        await every(every_s, self.beat, survive=surviving.of_database("heartbeat", "heartbeat could not be written"))

    async def beat(self) -> None:
        """Write it once."""
        async with self.pool.acquire() as conn:
            await worker_store.record_heartbeat(
                conn, self.worker, self.units(), self.counters(), shares=self.shares, first=self._first
            )
            self._first = False
            if time.monotonic() - self._trimmed > TRIM_EVERY_S:
                await event_log.trim(conn)
                await worker_store.trim(conn)
                await minute_store.trim(conn, wall_clock())
                self._trimmed = time.monotonic()


async def stopped(pool: db.Pool, worker: str) -> None:
    """Note an orderly stop; if that fails, the worker counts as silent."""
    try:
        async with asyncio.timeout(_GOODBYE_S):
            async with pool.acquire() as conn:
                await worker_store.stopped(conn, worker)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("the end of the worker could not be written", error=str(error) or type(error).__name__)
