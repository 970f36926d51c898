"""Says in the database that a worker lives, for /readyz and /stats, and keeps the lane short."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

from ingest.run import metrics
from ingest.store import worker_store
from runtime import db, loops, retry
from runtime.clock import wall_clock
from tracking.store.records import lane
from tracking.store.tracks import minute_store

log = structlog.get_logger(__name__)

EVERY_S = 5.0
TRIM_EVERY_S = 600.0
_GOODBYE_S = 1.0


async def beat(
    pool: db.Pool,
    worker: str,
    units: Callable[[], list[str]],
    counters: Callable[[], dict[str, Any]],
    *,
    shares: bool = False,
    every_s: float = EVERY_S,
) -> None:
    """Write the worker's row every `every_s` until cancelled; a database that is away is tried again."""
    first, trimmed = True, time.monotonic()
    while True:
        try:
            async with pool.acquire() as conn:
                await worker_store.beat(conn, worker, units(), counters(), shares=shares, first=first)
                if time.monotonic() - trimmed > TRIM_EVERY_S:
                    await lane.trim(conn)
                    await worker_store.trim(conn)
                    await minute_store.trim(conn, wall_clock())
                    trimmed = time.monotonic()
            first = False
        except Exception as error:
            loops.unless_ending()
            if not retry.is_transient(error):
                raise
            metrics.RETRIES.labels("heartbeat").inc()
            log.warning("heartbeat could not be written", error=str(error))
        await asyncio.sleep(every_s)


async def stopped(pool: db.Pool, worker: str) -> None:
    """Say that the worker ends in order; where that cannot be said, it is taken for one that fell silent."""
    try:
        async with asyncio.timeout(_GOODBYE_S):
            async with pool.acquire() as conn:
                await worker_store.stopped(conn, worker)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("the end of the worker could not be written", error=str(error) or type(error).__name__)
