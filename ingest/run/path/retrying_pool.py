"""The database as the pipeline uses it: a step is tried until it succeeds, and only while the units are ours."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from ingest.run import metrics
from runtime import db, loops, retry

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def at_once() -> None:
    """For a pipeline that nobody shares its units with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryingPool:
    """Runs steps, each on a connection of its own.

    Args:
        pool: the connections.
        claimed: returns when the units are ours: nothing is written before.
        waiting: how many messages wait, for the log.
    """

    pool: db.Pool
    claimed: Callable[[], Awaitable[None]] = at_once
    waiting: Callable[[], int] = lambda: 0

    async def run(self, step: Callable[[db.Connection], Awaitable[T]]) -> T:
        """Do `step` until the database lets it; nothing is acknowledged meanwhile, so nothing is lost."""
        waits = retry.delays()
        for tried in itertools.count(1):
            try:
                await self.claimed()
                async with self.pool.acquire() as conn:
                    return await step(conn)
            except Exception as error:
                loops.unless_ending()
                if not retry.is_transient(error):
                    raise
                metrics.RETRIES.labels("pipeline").inc()
                wait = next(waits)
                log.warning(
                    "database is away, messages wait at the broker",
                    error=f"{type(error).__name__}: {error}",
                    tried=tried,
                    waiting=self.waiting(),
                    again_in_s=round(wait, 2),
                )
                await asyncio.sleep(wait)
        raise AssertionError  # itertools.count has no end
