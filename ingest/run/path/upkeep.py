"""Work of the pipeline between two batches, in bounded time: hand-overs, late fixes, checks for changes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from ingest.run import metrics
from ingest.run.feed import FeedPublisher
from ingest.run.late.backfill import Backfill
from ingest.run.path.acks import Acks
from ingest.run.path.device_book import DeviceBook
from ingest.run.path.engine_host import EngineHost
from ingest.run.path.handover import Handover
from ingest.run.path.retrying_pool import RetryingPool
from runtime import db, retry
from tracking.records.retention import Horizons
from tracking.store.city import judging
from tracking.store.presence import projection
from tracking.store.records import event_log, retention_store
from tracking.store.tracks.minute_store import MinuteCounts

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """Does this work while the engine is idle."""

    database: RetryingPool
    host: EngineHost
    devices: DeviceBook
    backfill: Backfill
    handover: Handover
    feed: FeedPublisher
    acks: Acks
    minutes: MinuteCounts
    clock: Callable[[], int]
    horizons: Horizons
    """Older data is refused; read again at each check."""
    every_s: float
    """Interval of checks of the grid version, the devices and silent devices."""
    backfill_s: float
    """Time for late fixes while live ones wait."""
    _looked: float = 0.0

    @property
    def pending(self) -> bool:
        """Whether there is work that cannot wait for the next check."""
        return self.backfill.pending or bool(len(self.handover))

    async def run(self, waiting: Callable[[], int]) -> None:
        """Do the work that is due; `waiting` returns the number of waiting messages."""
        while len(self.handover):
            units, done = self.handover.next()
            await self.database.run(partial(self._change_hands, units))
            if not done.done():
                done.set_result(None)
        if self.host.broken:
            await self.reload("the engine failed")
        await self._backfill(waiting)
        if time.monotonic() - self._looked >= self.every_s:
            await self.database.run(self._look)
            self._looked = time.monotonic()

    async def reload(self, reason: str) -> None:
        """Rebuild the engine from the store."""
        log.warning("engine is made again from the store", reason=reason)
        await self.database.run(lambda conn: self.host.reload(conn, self.clock()))
        self.backfill.wake()

    async def _backfill(self, waiting: Callable[[], int]) -> None:
        until = time.monotonic() + self.backfill_s
        while self.backfill.pending and not self.host.broken:
            if time.monotonic() >= until and (waiting() or len(self.handover)):
                return
            self.feed.reached(await self.database.run(lambda conn: self.backfill.step(conn, self.clock())))

    async def _look(self, conn: db.Connection) -> None:
        # Others also create windows: a rebuild, or a worker that served these units before.
        self.backfill.wake()
        self.horizons = await retention_store.horizons(conn)
        if moved := await self.devices.refresh(conn):
            await self._pass_on(conn, moved)
        await self.host.read_suspects(conn, self.clock())
        if await self.host.outdated(conn, self.clock()):
            await self.reload("the grid or a plan changed")
        await self.minutes.store(conn)
        await self._settle(conn)

    async def _change_hands(self, units: list[str], conn: db.Connection) -> None:
        """Release the devices of units no longer served, and take over those of new units."""
        await self.devices.refresh(conn)
        changed = set(units).symmetric_difference(self.host.units or ())
        await self._pass_on(conn, self.devices.of(changed))
        await self.host.serve(conn, units, self.clock())

    async def _pass_on(self, conn: db.Connection, devices: list[int]) -> None:
        self.acks.forget(set(devices))
        await self.host.pass_on(conn, devices, self.clock())
        self.backfill.wake()

    async def _settle(self, conn: db.Connection) -> None:
        """End the stays of devices that fell silent."""
        now = self.clock()
        changes = self.host.settle(now)
        if not changes:
            return
        try:
            async with conn.transaction():
                await judging.hold(conn, self.host.judged_by)
                head = await event_log.append(conn, await projection.apply(conn, changes, now))
        except judging.OutdatedError:
            self.host.break_off()
        except Exception as error:
            # The engine has ended them already; after a rebuild it finds them open and ends them again.
            self.host.break_off()
            if retry.is_transient(error) or retry.is_misfit(error):
                raise
            metrics.BROKEN.inc()
            log.exception("stays of silent devices could not be ended", changes=len(changes.stays))
        else:
            self.feed.reached(head)
