"""Late fixes: takes dirty windows, recomputes the stays around them and stores the differences."""

import asyncio
from dataclasses import dataclass, field

import structlog

from ingest.run import metrics
from ingest.run.path.engine_host import EngineHost
from runtime import db, retry
from tracking.presence.engine import RUN_GAP_MS
from tracking.presence.stays import Window
from tracking.records import retention
from tracking.records.reasons import Cause, Reason
from tracking.records.retention import DataClass
from tracking.store.city import judging
from tracking.store.presence import projection
from tracking.store.records import event_log, retention_store
from tracking.store.tracks import device_store, window_store

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Backfill:
    """The pending windows. It runs in the task of the pipeline, so the engine has one caller.

    Args:
        host: the engine, with its devices.
        taken: windows processed in one step.
    """

    host: EngineHost
    taken: int = 1_000
    pending: bool = True
    """Whether there may be windows in the database."""
    _stuck: set[int] = field(default_factory=set)
    """Windows whose stays cannot be computed; retried by the next worker."""

    def wake(self) -> None:
        """Note that there may be windows in the database."""
        self.pending = True

    async def step(self, conn: db.Connection, now: int) -> int | None:
        """Process the windows of the device that has waited longest; returns the head of the event log if it moved."""
        waiting = await window_store.waiting(conn, self.host.units, self.taken, self._stuck)
        self.pending = bool(waiting)
        if not waiting:
            return None
        chosen = _touching(waiting)
        numbers = [number for number, _ in chosen]
        try:
            return await self._recompute(conn, [window for _, window in chosen], numbers, now)
        except judging.OutdatedError:
            # The windows stay; the city is read again before the retry.
            self.host.break_off()
            return None
        except Exception as error:
            if retry.is_transient(error) or retry.is_misfit(error):
                self.host.break_off()
                raise
            self._stuck.update(numbers)
            # Its state of the device is incomplete; dropped, so that its next fixes become windows.
            first = chosen[0][1]
            self.host.let_go(first.device, first.t_hi)
            metrics.BROKEN.inc()
            log.exception("stays could not be computed again", slot=first.device, windows=len(numbers))
            return None

    async def _recompute(self, conn: db.Connection, chosen: list[Window], numbers: list[int], now: int) -> int | None:
        device = chosen[0].device
        name = await device_store.name_of(conn, device)
        lo, hi = min(window.t_lo for window in chosen), max(window.t_hi for window in chosen)
        part = await projection.stretch(conn, device, lo, hi)
        # Read after the fixes, so that fixes dropped later were read before.
        if part.lo < retention.dropped_before(await retention_store.floor(conn, DataClass.FIXES)):
            await window_store.remove(conn, numbers)
            metrics.EXPIRED.inc(len(numbers))
            log.warning("stays stay as they are, their fixes are not kept any more", device=name, windows=len(numbers))
            return None
        reason = _reason(name, chosen)
        # In a thread: hours of a device would block other tasks for too long.
        changes = await asyncio.to_thread(self.host.recompute, part, reason)
        async with conn.transaction():
            await judging.hold(conn, self.host.judged_by)
            items = await projection.apply(conn, changes, now)
            await window_store.remove(conn, numbers)
            head = await event_log.append(conn, items)
        metrics.WINDOWS.inc(len(numbers))
        n = len(part.fixes)
        log.info("stays computed again", device=name, windows=len(numbers), fixes=n, changes=len(changes.stays))
        return head


def _reason(name: str | None, chosen: list[Window]) -> str:
    """The reason to store; data from devices takes precedence over actions of the server."""
    window = max(chosen, key=lambda window: (window.cause in (Cause.LATE, Cause.EVENT), window.received))
    return Reason(kind=window.cause, device=name, received=window.received).encoded()


def _touching(windows: list[tuple[int, Window]]) -> list[tuple[int, Window]]:
    """The first window and those within a gap of it, which share one load of fixes."""
    lo, hi = windows[0][1].t_lo, windows[0][1].t_hi
    chosen: list[tuple[int, Window]] = []
    for number, window in sorted(windows, key=lambda numbered: numbered[1].t_lo):
        # Windows of a rebuild are adjacent for months, and each has its own runs.
        apart = window.cause is Cause.REBUILD and chosen
        if not apart and window.t_lo <= hi + RUN_GAP_MS and window.t_hi >= lo - RUN_GAP_MS:
            chosen.append((number, window))
            lo, hi = min(lo, window.t_lo), max(hi, window.t_hi)
    return chosen
