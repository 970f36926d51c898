"""Keeps a source of the live part running, also after outages of the database or broker."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from runtime.every import every
from web import problems
from web.database import Database
from web.live import metrics

RETRY_S = 1.0

log = structlog.get_logger(__name__)


async def keep(name: str, source: Callable[[], Awaitable[None]], database: Database, stop: asyncio.Event) -> None:
    """Run a source, and restart it, until `stop`; its faults are logged and do not stop other sources."""

    async def follow() -> None:
        await database.opened()
        await source()

    def survive(error: Exception) -> None:
        if isinstance(error, (*problems.UNREACHABLE, problems.NotReadyError, asyncpg.PostgresError)):
            log.warning("live.source_away", source=name, error=str(error), retry_s=RETRY_S)
        else:
            log.error("live.source_failed", source=name, retry_s=RETRY_S, exc_info=error)
        metrics.FAULTS.labels(name).inc()

    await every(RETRY_S, follow, survive=survive, stop=stop)
