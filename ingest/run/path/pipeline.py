"""Group commit: messages that arrived during the last commit form the next batch. One task, six stages.

A batch goes through six stages: store what is new, advance the engine, store what follows, append to the event log,
commit, acknowledge. Only decoding runs ahead, by one batch, since most of a commit is waiting for the database.
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
    """Bounds of a transaction, and intervals of periodic work."""

    messages: int = 5_000
    rows: int = 20_000
    bytes: int = 4 << 20
    backfill_s: float = 0.2
    """Time given to late fixes between two batches while live ones wait."""
    upkeep_s: float = 5.0
    """Between looks at the grid's version, the devices and those that fell silent."""


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """Moves messages from the intake to the database; the only user of the engine."""

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
        """Run until cancelled. Messages not committed then were not acknowledged and are sent again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.waiting.run())
            while True:
                await self.step()

    async def step(self) -> None:
        """Process waiting messages, or wait until upkeep is due; then do the work between batches."""
        received = await self._gather()
        if received:
            await self._store(received, await self._senders(received))
        await self.upkeep.run(lambda: len(self.waiting))

    async def write(self, conn: db.Connection, attempt: Attempt) -> None:
        """Store a batch in one transaction; may be called again after it failed.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: see `retry`; nothing was stored, unless the
                connection broke at the commit, which the next call detects.
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
        """Advance the engine by the new fixes, and send positions to viewers before the commit."""
        if self.host.advance(attempt) and attempt.advance is not None:
            self.feed.offer(attempt.served, attempt.advance.cell)

    async def _store_derived(self, conn: db.Connection, attempt: Attempt) -> list[event_log.Item]:
        """Store the results for the new fixes; an error here is a bug and must not lose the fixes."""
        await self.writer.store_late(conn, attempt)
        if attempt.advance is not None and not attempt.failed:
            try:
                async with conn.transaction():
                    return await self.writer.store_advance(conn, attempt, self.clock())
            except Exception as error:
                if retry.is_transient(error):
                    raise
                if retry.is_misfit(error):
                    # Not the fault of the message, which must not be refused for errors in derived tables.
                    raise retry.MisfitError(str(error)) from error
                log.exception("stays could not be stored", batch=attempt.number, fixes=len(attempt.served))
                self.host.fail(attempt)
        if attempt.failed:
            await self.writer.leave(conn, attempt)
        return []

    def _acknowledge(self, received: list[Received], attempt: Attempt) -> None:
        """Acknowledge committed messages to broker and devices, and announce the head of the event log."""
        for item in received:
            item.message.done()
        self.acks.committed(itertools.chain(attempt.batch.numbers, attempt.batch.settled))
        self.feed.reached(attempt.head)
        if self.tally.count(received, attempt) or attempt.late_logged:
            self.upkeep.backfill.wake()

    async def _gather(self) -> list[Received]:
        """Decoded waiting messages, up to the bounds of a batch; empty if there is only other work."""
        try:
            async with asyncio.timeout(0 if self.upkeep.pending else self.upkeep.every_s):
                await self.waiting.wait()
        except TimeoutError:
            return []
        return self.waiting.take()

    async def _senders(self, received: list[Received]) -> Senders:
        """The senders of the messages; unknown ones are enrolled first, if allowed."""
        senders = batch.senders(received, self.devices.by_name)
        unenrolled = batch.unenrolled(received, senders)
        if not unenrolled:
            return senders
        self.feed.reached(await self.database.run(partial(self.devices.prepare, units=unenrolled)))
        return batch.senders(received, self.devices.by_name)

    async def _store(self, received: list[Received], sent_by: Senders, *, last: bool = False) -> None:
        """Commit, then acknowledge. A message that the database rejects is found by halving and refused.

        `last`: nothing more can be left out; an error of the database then ends the worker.
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
        """Store a rejected batch in two halves; for a single message store only its refusal."""
        if len(received) == 1:
            await self._rehearse(received[0], sent_by)
            await self._store([poison.as_refusal(received[0], error)], sent_by, last=True)
            return
        middle = len(received) // 2
        await self._store(received[:middle], sent_by[:middle])
        await self._store(received[middle:], sent_by[middle:])

    async def _rehearse(self, item: Received, sent_by: Senders) -> None:
        """Check whether the database accepts a plain message in place of the rejected one.

        Raises:
            MisfitError: it accepts none, so no message is at fault, and none may be refused and acknowledged.
        """
        trial = batch.build([rehearsal.with_plain_values(item)], sent_by, served=self.host.units)
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
