"""Adds up the counts that batches left behind, now and then, on a connection of its own."""

import asyncio
import time

import structlog

from ingest.run import metrics
from runtime import db, loops, retry
from tracking.store.tracks import hour_store

log = structlog.get_logger(__name__)

EVERY_S = 60.0
"""Counts of an hour are as old as this at most, but of a large fleet..."""
MOST_S = 300.0
"""... as old as this: what is added up together is written once."""
_REST = 100


async def keep(pool: db.Pool, every_s: float = EVERY_S) -> None:
    """Add up until cancelled. What is left when the process ends, the next worker adds up."""
    while True:
        began = time.monotonic()
        try:
            async with pool.acquire() as conn:
                await hour_store.fold(conn)
        except Exception as error:
            if not retry.is_transient(error):
                raise
            metrics.RETRIES.labels("hours").inc()
            log.warning("counts of hours wait for the database", error=str(error))
        await asyncio.sleep(max(every_s, loops.rest_s(time.monotonic() - began, MOST_S, _REST)))
