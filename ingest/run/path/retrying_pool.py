"""The database for the pipeline: a step is retried until it succeeds, and only while the claim is held."""

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
    """For a pipeline that does not share its units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryingPool:
    """Runs steps, each on its own connection.

    Args:
        pool: the connections.
        claimed: returns when the claim is held; nothing is written before.
        waiting: number of waiting messages, for the log.
    """

    pool: db.Pool
    claimed: Callable[[], Awaitable[None]] = at_once
    waiting: Callable[[], int] = lambda: 0

    async def run(self, step: Callable[[db.Connection], Awaitable[T]]) -> T:
        """Retry `step` until it succeeds; nothing is acknowledged meanwhile, so nothing is lost."""
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
