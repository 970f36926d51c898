"""Says in the database that a worker lives, for /readyz and /stats, and keeps the lane short."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

from ingest.run import metrics
from runtime import db, loops, retry
from runtime.clock import wall_clock
from tracking.store.records import lane
from tracking.store.tracks import minute_store

log = structlog.get_logger(__name__)

EVERY_S = 5.0
TRIM_EVERY_S = 600.0
_GOODBYE_S = 1.0

_BORN = """
INSERT INTO workers (id, started, heartbeat, units, counters, shares)
VALUES ($1, now(), now(), $2, $3::text::jsonb, $4)
ON CONFLICT (id) DO UPDATE SET started = now(), heartbeat = now(), units = excluded.units, counters = excluded.counters,
  shares = excluded.shares, stopped_at = NULL
"""
_BEAT = """
INSERT INTO workers (id, started, heartbeat, units, counters, shares)
VALUES ($1, now(), now(), $2, $3::text::jsonb, $4)
ON CONFLICT (id) DO UPDATE SET heartbeat = now(), counters = excluded.counters, stopped_at = NULL
"""
_STOPPED = "UPDATE workers SET stopped_at = now() WHERE id = $1"
# Longer than a broker keeps the session of a worker, whose subscriptions its row remembers.
_TRIM = "DELETE FROM workers WHERE heartbeat < now() - interval '30 days'"


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
    statement, trimmed = _BORN, time.monotonic()
    while True:
        try:
            async with pool.acquire() as conn:
                await conn.execute(statement, worker, units(), json.dumps(counters()), shares)
                if time.monotonic() - trimmed > TRIM_EVERY_S:
                    await lane.trim(conn)
                    await conn.execute(_TRIM)
                    await minute_store.trim(conn, wall_clock())
                    trimmed = time.monotonic()
            statement = _BEAT
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
            await pool.execute(_STOPPED, worker)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("the end of the worker could not be written", error=str(error) or type(error).__name__)
