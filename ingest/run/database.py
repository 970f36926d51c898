"""Opens the pool of a worker: waits until the database answers and has the tables of this release."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from ingest.run import metrics
from ingest.run.config import WorkerConfig
from runtime import db, retry, sockets
from tracking.store.records import migration_store

log = structlog.get_logger(__name__)

_CLOSE_S = 2.0


@asynccontextmanager
async def pool(config: WorkerConfig) -> AsyncIterator[db.Pool]:
    """A pool of a reachable database with its tables."""
    opened = await _opened(config)
    try:
        yield opened
    finally:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await opened.close()
        except TimeoutError:
            opened.terminate()


async def _opened(config: WorkerConfig) -> db.Pool:
    for wait in retry.delays():
        try:
            pool = await asyncpg.create_pool(
                config.database_url,
                min_size=1,
                max_size=10,
                command_timeout=60,
                timeout=10,
                init=sockets.watch_database,
                server_settings={
                    "application_name": f"patrol {config.worker_id}",
                    "timezone": "UTC",
                    "jit": "off",
                    **sockets.SERVER_SETTINGS,
                },
            )
        except Exception as error:
            if not (retry.is_transient(error) or retry.is_misfit(error)):
                raise
            metrics.RETRIES.labels("start").inc()
            remedy = "check PATROL_DATABASE_URL and that the database runs"
            log.warning("database is not ready", error=f"{type(error).__name__}: {error}", remedy=remedy)
            await asyncio.sleep(wait)
        else:
            await _until_migrated(pool)
            return pool
    raise AssertionError  # the delays have no end


async def _until_migrated(pool: db.Pool) -> None:
    """Wait for the tables of this release.

    Raises:
        NewerTablesError: they are of a newer one.
    """
    for wait in retry.delays():
        try:
            async with pool.acquire() as conn:
                await migration_store.refuse_newer(conn)
                missing = await migration_store.missing(conn)
        except Exception as error:
            if not (retry.is_transient(error) or retry.is_misfit(error)):
                raise
            missing = [f"{type(error).__name__}: {error}"]
        if not missing:
            return
        metrics.RETRIES.labels("start").inc()
        log.warning("database is not ready", error=f"it lacks {', '.join(missing[:5])}", remedy="run `patrol migrate`")
        await asyncio.sleep(wait)
