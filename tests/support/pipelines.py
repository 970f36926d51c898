"""The real pipeline on a real database, driven step by step with a clock of the test's own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from ingest.decoding.message import DeviceMessage
from ingest.run.config import WorkerConfig
from ingest.run.path.assembly import make_pipeline
from ingest.run.path.intake import Intake
from ingest.run.path.pipeline import BatchLimits, Pipeline
from tests.support.patrols import Said


@dataclass(slots=True)
class Clock:
    """Time that stands still until it is set, ms since 1970-01-01 UTC."""

    now: int

    def __call__(self) -> int:
        """The time."""
        return self.now


@dataclass(slots=True)
class Driven:
    """A pipeline that does one thing at a time."""

    pipeline: Pipeline
    clock: Clock

    async def take(self, said: Sequence[Said], now: int, *, together: int = 5_000) -> None:
        """Let messages arrive, at most `together` in one batch, and return when all that follows is stored."""
        for at in range(0, len(said), together):
            for one in said[at : at + together]:
                self.clock.now = min(max(self.clock.now, one.arrives), now)
                self.pipeline.intake.put([DeviceMessage(one.topic, one.payload, False, self.clock.now, 1)])
            await self.pipeline.step()
        self.clock.now = now
        await self.settle()

    async def settle(self) -> None:
        """Do what is pending."""
        await self.pipeline.step()
        while await self.pipeline.database.pool.fetchval("SELECT EXISTS (SELECT FROM dirty_windows)"):
            await self.pipeline.step()


@asynccontextmanager
async def driven(url: str, start: int) -> AsyncIterator[Driven]:
    """A pipeline made from what the database holds."""
    limits = BatchLimits(upkeep_s=0.0, backfill_s=30.0)
    config = WorkerConfig(database_url=url, mqtt_url="", auto_enrol=True, limits=limits)
    clock = Clock(start)
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        pipeline = await make_pipeline(config, pool, Intake(), lambda _topic, _payload: None, clock)
        yield Driven(pipeline, clock)
