"""Group commit: whatever arrived while the last commit ran is the next batch. One task, the stages in order.

Only decoding runs ahead, by one batch: most of a commit is waiting for the database.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import structlog

from ingest.decoding import batch, decode, faults, rehearsal
from ingest.decoding.batch import Received, Senders
from ingest.decoding.faults import Refused
from ingest.run import metrics, world
from ingest.run.feed import Feed
from ingest.run.late.backfill import Backfill
from ingest.run.path.acks import Acks
from ingest.run.path.intake import Intake
from ingest.run.path.next_batch import NextBatch
from ingest.run.path.refusal_log import RefusalLog
from ingest.run.path.writer import Attempt, Writer
from runtime import db, loops, retry
from schemas.refusals import Refusal
from tracking.records.retention import UNSET, Horizons
from tracking.store.city import judging
from tracking.store.presence import projection
from tracking.store.records import lane, retention_store
from tracking.store.tracks.minute_store import Minutes

T = TypeVar("T")

log = structlog.get_logger(__name__)

_CHANGED = "the grid or a plan changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much goes into one transaction, and how often things are looked at."""

    messages: int = 5_000
    rows: int = 20_000
    bytes: int = 4 << 20
    backfill_s: float = 0.2
    """Time given to late fixes between two batches while live ones wait."""
    upkeep_s: float = 5.0
    """Between looks at the grid's version, the devices and those that fell silent."""


async def _at_once() -> None:
    """For a pipeline that nobody shares its units with."""


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """Takes messages from the intake to the database; the only one that moves the engine."""

    pool: db.Pool
    intake: Intake
    devices: world.DeviceBook
    writer: Writer
    backfill: Backfill
    feed: Feed
    acks: Acks
    clock: Callable[[], int]
    waiting: NextBatch
    tally: Counter[str] = field(default_factory=Counter)
    """Totals since the start of the process."""
    limits: Limits = field(default_factory=Limits)
    horizons: Horizons = UNSET
    """What is older is refused."""
    claimed: Callable[[], Awaitable[None]] = _at_once
    """Returns when the units are ours: nothing is written before."""
    _asked: list[tuple[list[str], "asyncio.Future[None]"]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _kept_up: float = 0.0
    _minutes: Minutes = field(default_factory=Minutes)
    _told: RefusalLog = field(default_factory=RefusalLog)

    async def run(self) -> None:
        """Work until cancelled. What is cancelled before its commit was not acknowledged and comes again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.waiting.run())
            while True:
                await self.step()

    async def serve(self, units: Sequence[str]) -> None:
        """Serve exactly these units from the next batch on; returns when the engine has changed hands."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append((sorted(units), done))
        self.intake.wake()
        await done

    async def step(self) -> None:
        """Take what waits, or wait for something until upkeep is due; then do what is done between batches."""
        received = await self._gather()
        if received:
            await self._store(received, await self._senders(received))
        await self._meanwhile()

    async def _gather(self) -> list[Received]:
        """What waits, decoded, up to the bounds of a batch; empty when there is other work and nothing waits."""
        try:
            async with asyncio.timeout(0 if self.backfill.pending or self._asked else self.limits.upkeep_s):
                await self.waiting.wait()
        except TimeoutError:
            return []
        return self.waiting.take()

    async def _senders(self, received: list[Received]) -> Senders:
        """Who sent the messages; those who are not known are enrolled before, where that is allowed."""
        found = batch.senders(received, self.devices.by_name)
        strangers = batch.strangers(received, found)
        if not strangers:
            return found
        await self._retried(partial(self._enrol, strangers))
        return batch.senders(received, self.devices.by_name)

    async def _store(self, received: list[Received], sent_by: Senders, *, last: bool = False) -> None:
        """Commit, then acknowledge. A message the database will not hold is found by halving and refused.

        `last`: nothing can be left out any more; what the database does not take then ends the worker.
        """
        made = batch.build(received, sent_by, self.horizons, self.backfill.units)
        attempt = Attempt(made, next(self._numbers))
        try:
            with structlog.contextvars.bound_contextvars(batch=attempt.number):
                await self._retried(partial(self._write, attempt))
        except judging.OutdatedError:
            await self._reload(_CHANGED)
            await self._store(received, sent_by)
            return
        except Exception as error:
            if last or not retry.is_of_database(error):
                raise
            if attempt.advance is not None:
                await self._reload("a batch failed after the engine had taken it")
            if len(received) == 1:
                await self._rehearse(received[0], sent_by)
                await self._store([_poisoned(received[0], error)], sent_by, last=True)
                return
            middle = len(received) // 2
            await self._store(received[:middle], sent_by[:middle])
            await self._store(received[middle:], sent_by[middle:])
            return
        with structlog.contextvars.bound_contextvars(batch=attempt.number):
            self._committed(received, attempt)

    async def _rehearse(self, one: Received, sent_by: Senders) -> None:
        """Find out whether the database takes a plain message in the place of one that it did not take.

        Raises:
            MisfitError: it takes none, so no message is to blame, and none may be refused and acknowledged.
        """
        made = batch.build([rehearsal.plain(one)], sent_by, served=self.backfill.units)
        try:
            await self._retried(lambda conn: self.writer.rehearse(conn, made, self.clock()))
        except Exception as error:
            if not retry.is_of_database(error):
                raise
            log.critical(
                "the database takes no message at all: nothing is refused, all wait at the broker; the worker ends",
                error=f"{type(error).__name__}: {error}",
                remedy="run `patrol migrate`, and look at the rights of the worker's role and at triggers",
            )
            raise retry.MisfitError(str(error)) from error

    async def _write(self, attempt: Attempt, conn: db.Connection) -> None:
        started = time.perf_counter()
        await self.writer.write(conn, attempt, self.clock())
        metrics.COMMIT.observe(time.perf_counter() - started)

    def _committed(self, received: list[Received], attempt: Attempt) -> None:
        for one in received:
            one.message.done()
        self.acks.committed(itertools.chain(attempt.batch.numbers, attempt.batch.settled))
        self.feed.reached(attempt.head)
        self._count(received, attempt)

    async def _meanwhile(self) -> None:
        """What is done between batches, in bounded time: late fixes, upkeep."""
        while self._asked:
            units, done = self._asked.pop(0)
            await self._retried(partial(self._change_hands, units))
            if not done.done():
                done.set_result(None)
        if self.writer.broken:
            await self._reload("the engine failed")
        until = time.monotonic() + self.limits.backfill_s
        while self.backfill.pending and not self.writer.broken and (time.monotonic() < until or self._idle):
            self.feed.reached(await self._retried(lambda conn: self.backfill.step(conn, self.clock())))
        if time.monotonic() - self._kept_up >= self.limits.upkeep_s:
            await self._retried(self._keep_up)
            self._kept_up = time.monotonic()

    @property
    def _idle(self) -> bool:
        return not len(self.waiting) and not self._asked

    async def _keep_up(self, conn: db.Connection) -> None:
        # Others put windows there, too: a rebuild, a worker that was served these units before.
        self.backfill.pending = True
        self.horizons = await retention_store.horizons(conn)
        if moved := await self.devices.refresh(conn):
            await self._pass_on(conn, moved)
        await world.doubt(conn, self.writer.world, self.backfill.units, self.clock())
        held = self.writer.world
        if self.clock() >= held.until or await world.grid_version(conn) != held.version:
            await self._reload(_CHANGED)
        await self._minutes.store(conn)
        await self._settle(conn)

    async def _change_hands(self, units: list[str], conn: db.Connection) -> None:
        """Let go of the devices of units that are served no more, and take over those of units that are new."""
        await self.devices.refresh(conn)
        changed = set(units).symmetric_difference(self.backfill.units or ())
        await self._pass_on(conn, self.devices.of(changed))
        self.backfill.units = units
        await world.doubt(conn, self.writer.world, units, self.clock())

    async def _pass_on(self, conn: db.Connection, devices: list[int]) -> None:
        self.acks.forget(set(devices))
        await world.pass_on(conn, self.writer.world, devices, self.clock())
        self.backfill.pending = True

    async def _settle(self, conn: db.Connection) -> None:
        """End the stays of devices that fell silent."""
        now = self.clock()
        changes = self.writer.world.engine.settle(now)
        if not changes:
            return
        try:
            async with conn.transaction():
                await judging.hold(conn, self.writer.world.judged_by)
                head = await lane.append(conn, await projection.apply(conn, changes, now))
        except judging.OutdatedError:
            self.writer.broken = True
        except Exception as error:
            # The engine holds them ended already; made again from the store it finds them open and ends them anew.
            self.writer.broken = True
            if retry.is_transient(error) or retry.is_misfit(error):
                raise
            metrics.BROKEN.inc()
            log.exception("stays of silent devices could not be ended", changes=len(changes.stays))
        else:
            self.feed.reached(head)

    async def _enrol(self, units: dict[str, str], conn: db.Connection) -> None:
        self.feed.reached(await self.devices.prepare(conn, units))

    async def _reload(self, reason: str) -> None:
        """Make the engine again from the store."""
        log.warning("engine is made again from the store", reason=reason)

        async def again(conn: db.Connection) -> world.World:
            await world.doubt(conn, self.writer.world, self.backfill.units, self.clock())
            made = await world.load(conn, self.backfill.units, self.clock())
            await world.wake(conn, self.backfill.units, self.clock())
            return made

        self.writer.world = await self._retried(again)
        self.writer.broken = False
        self.backfill.pending = True

    async def _retried(self, step: Callable[[db.Connection], Awaitable[T]]) -> T:
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
                    waiting=len(self.waiting),
                    again_in_s=round(wait, 2),
                )
                await asyncio.sleep(wait)
        raise AssertionError  # itertools.count has no end

    def _count(self, received: list[Received], attempt: Attempt) -> None:
        made, new = attempt.batch, 0 if attempt.new is None else len(attempt.new)
        refused = sum(one.n for one in made.refused)
        self.tally.update(messages=len(received), fixes=new, duplicates=len(made.fixes) - new, refused=refused)
        metrics.MESSAGES.inc(len(received))
        # They are in the order in which they came.
        metrics.STORE_LAG.observe(max(0, self.clock() - received[0].message.received) / 1000)
        metrics.FIXES.inc(new)
        metrics.DUPLICATES.inc(len(made.fixes) - new)
        metrics.EVENTS.inc(attempt.events)
        metrics.REPLIES.inc(attempt.replies)
        for each in made.refused:
            metrics.REFUSALS.labels(each.reason.value).inc(each.n)
        self._told.tell(made.refused, time.monotonic())
        if attempt.new is not None and new:
            unit, units = self.devices.units_of(attempt.new.device)
            self._minutes.note(attempt.new.t, unit, units, self.clock())
            metrics.LAG.observe(max(0, self.clock() - int(attempt.new.t.max())) / 1000)
        late = new if attempt.failed else 0 if attempt.advance is None else int(attempt.advance.late.sum())
        metrics.LATE.inc(late)
        self.backfill.pending |= late > 0 or attempt.late_events > 0
        log.debug("batch committed", messages=len(received), fixes=new, late=late)


def _poisoned(one: Received, error: Exception) -> Received:
    """A refusal in the place of a message; its fixes need not come again."""
    metrics.POISON.inc()
    message, said = one.message, one.decoded
    log.error("message refused, the database will not hold it", topic=message.topic, error=str(error))
    detail = f"the database will not hold it: {error}"[:200]
    refusal = Refused(Refusal.OUT_OF_RANGE, detail, faults.keep(message.payload))
    settled = [found for fix in said.fixes if (found := decode.numbered(fix)) is not None]
    return Received(message, decode.Decoded(said.unit, said.device, refused=[refusal], settled=said.settled + settled))
