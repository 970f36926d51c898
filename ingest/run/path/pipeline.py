"""Group commit: whatever arrived while the last commit ran is the next batch. One task, the stages in order.

A batch goes through six stages: store what is new, advance the engine, store what follows, append to the event log,
commit, acknowledge. Only decoding runs ahead, by one batch: most of a commit is waiting for the database.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from ingest.decoding import batch, rehearsal
from ingest.decoding.batch import Received, Senders
from ingest.run import metrics
from ingest.run.feed import FeedPublisher
from ingest.run.path import poison
from ingest.run.path.acks import Acks
from ingest.run.path.attempt import Attempt
from ingest.run.path.device_book import DeviceBook
from ingest.run.path.engine_host import EngineHost
from ingest.run.path.intake import Intake
from ingest.run.path.next_batch import NextBatch
from ingest.run.path.retrying_pool import RetryingPool
from ingest.run.path.tally import Tally
from ingest.run.path.upkeep import Upkeep
from ingest.run.path.writer import Writer
from ingest.store import transactions
from runtime import db, retry
from tracking.store.city import judging
from tracking.store.records import event_log

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How much goes into one transaction, and how often things are looked at."""

    messages: int = 5_000
    rows: int = 20_000
    bytes: int = 4 << 20
    backfill_s: float = 0.2
    """Time given to late fixes between two batches while live ones wait."""
    upkeep_s: float = 5.0
    """Between looks at the grid's version, the devices and those that fell silent."""


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """Takes messages from the intake to the database; the only one that moves the engine."""

    database: RetryingPool
    intake: Intake
    waiting: NextBatch
    devices: DeviceBook
    host: EngineHost
    writer: Writer
    feed: FeedPublisher
    acks: Acks
    tally: Tally
    upkeep: Upkeep
    clock: Callable[[], int]
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> None:
        """Work until cancelled. What is cancelled before its commit was not acknowledged and comes again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.waiting.run())
            while True:
                await self.step()

    async def step(self) -> None:
        """Take what waits, or wait for something until upkeep is due; then do what is done between batches."""
        received = await self._gather()
        if received:
            await self._store(received, await self._senders(received))
        await self.upkeep.run(lambda: len(self.waiting))

    async def write(self, conn: db.Connection, attempt: Attempt) -> None:
        """Store a batch in one transaction; may be called again after it failed.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: see `retry`; nothing was stored then, unless
                the connection broke at the commit, which the next call finds out.
            judging.OutdatedError: the city must be read again; nothing was stored.
        """
        if await transactions.committed(conn, attempt.transaction):
            return
        async with conn.transaction():
            await judging.hold(conn, self.host.judged_by)
            items = await self.writer.store_said(conn, attempt, self.host.grid, self.clock())
            self._advance(attempt)
            items += await self._store_derived(conn, attempt)
            attempt.head = await event_log.append(conn, items)
            attempt.transaction = await transactions.number(conn)

    def _advance(self, attempt: Attempt) -> None:
        """Let the engine take what is new, and viewers see where devices are: they need not wait for the commit."""
        if self.host.advance(attempt) and attempt.advance is not None:
            self.feed.offer(attempt.served, attempt.advance.cell)

    async def _store_derived(self, conn: db.Connection, attempt: Attempt) -> list[event_log.Item]:
        """Store what follows from the new fixes; an error here is our own fault and must not cost the fixes."""
        await self.writer.store_late(conn, attempt)
        if attempt.advance is not None and not attempt.failed:
            try:
                async with conn.transaction():
                    return await self.writer.store_advance(conn, attempt, self.clock())
            except Exception as error:
                if retry.is_transient(error):
                    raise
                if retry.is_misfit(error):
                    # Not the message's: it must not be refused for the tables that follow from it.
                    raise retry.MisfitError(str(error)) from error
                log.exception("stays could not be stored", batch=attempt.number, fixes=len(attempt.served))
                self.host.fail(attempt)
        if attempt.failed:
            await self.writer.leave(conn, attempt)
        return []

    def _acknowledge(self, received: list[Received], attempt: Attempt) -> None:
        """Let the broker and the devices forget what is committed, and viewers know how far the event log goes."""
        for item in received:
            item.message.done()
        self.acks.committed(itertools.chain(attempt.batch.numbers, attempt.batch.settled))
        self.feed.reached(attempt.head)
        if self.tally.count(received, attempt) or attempt.late_logged:
            self.upkeep.backfill.wake()

    async def _gather(self) -> list[Received]:
        """What waits, decoded, up to the bounds of a batch; empty when there is other work and nothing waits."""
        try:
            async with asyncio.timeout(0 if self.upkeep.pending else self.upkeep.every_s):
                await self.waiting.wait()
        except TimeoutError:
            return []
        return self.waiting.take()

    async def _senders(self, received: list[Received]) -> Senders:
        """Who sent the messages; those who are not known are enrolled before, where that is allowed."""
        senders = batch.senders(received, self.devices.by_name)
        unenrolled = batch.unenrolled(received, senders)
        if not unenrolled:
            return senders
        self.feed.reached(await self.database.run(partial(self.devices.prepare, units=unenrolled)))
        return batch.senders(received, self.devices.by_name)

    async def _store(self, received: list[Received], sent_by: Senders, *, last: bool = False) -> None:
        """Commit, then acknowledge. A message the database will not hold is found by halving and refused.

        `last`: nothing can be left out any more; what the database does not take then ends the worker.
        """
        attempt = Attempt(batch.build(received, sent_by, self.upkeep.horizons, self.host.units), next(self._numbers))
        try:
            with structlog.contextvars.bound_contextvars(batch=attempt.number):
                await self.database.run(partial(self._timed, attempt))
                self._acknowledge(received, attempt)
        except judging.OutdatedError:
            await self.upkeep.reload("the grid or a plan changed")
            await self._store(received, sent_by)
        except Exception as error:
            if last or not retry.is_of_database(error):
                raise
            if attempt.advance is not None:
                await self.upkeep.reload("a batch failed after the engine had taken it")
            await self._halve(received, sent_by, error)

    async def _halve(self, received: list[Received], sent_by: Senders, error: Exception) -> None:
        """Store a batch that the database did not take in two halves; of one message nothing but its refusal."""
        if len(received) == 1:
            await self._rehearse(received[0], sent_by)
            await self._store([poison.refused(received[0], error)], sent_by, last=True)
            return
        middle = len(received) // 2
        await self._store(received[:middle], sent_by[:middle])
        await self._store(received[middle:], sent_by[middle:])

    async def _rehearse(self, item: Received, sent_by: Senders) -> None:
        """Find out whether the database takes a plain message in the place of one that it did not take.

        Raises:
            MisfitError: it takes none, so no message is to blame, and none may be refused and acknowledged.
        """
        trial = batch.build([rehearsal.plain(item)], sent_by, served=self.host.units)
        try:
            await self.database.run(lambda conn: self.writer.rehearse(conn, trial, self.host.grid, self.clock()))
        except Exception as error:
            if not retry.is_of_database(error):
                raise
            log.critical(
                "the database takes no message at all: nothing is refused, all wait at the broker; the worker ends",
                error=f"{type(error).__name__}: {error}",
                remedy="run `patrol migrate`, and look at the rights of the worker's role and at triggers",
            )
            raise retry.MisfitError(str(error)) from error

    async def _timed(self, attempt: Attempt, conn: db.Connection) -> None:
        started = time.perf_counter()
        await self.write(conn, attempt)
        metrics.COMMIT.observe(time.perf_counter() - started)
