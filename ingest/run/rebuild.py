"""`patrol rebuild`: compares the stored stays and runs of a period with its fixes, and corrects differences.

A run is checked as a whole, so any split of a period gives the same result. A difference becomes a dirty window, which
the worker of the device processes like late data; without a worker it is processed here, under the worker's claim.
Roads and checkpoints are compared hour by hour.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from ingest.run import claim, loaded_city
from ingest.run.late import cleaner_routes
from ingest.run.late.backfill import Backfill
from ingest.run.path.engine_host import EngineHost
from ingest.store import world_version
from runtime import db
from tracking.city.enrolment import Device
from tracking.presence.engine import RUN_GAP_MS, Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import Changes, Run, Stay, StoredStays, Window
from tracking.records import retention
from tracking.records.reasons import Cause
from tracking.records.retention import DataClass
from tracking.routes.model import LEAD_MS, PatrolRoutes
from tracking.store.city import judging, route_hours
from tracking.store.presence import projection, run_store
from tracking.store.presence.projection import Stretch
from tracking.store.records import event_log, retention_store
from tracking.store.tracks import device_store, fix_store, window_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference between stored and computed; None: absent."""

    device: Device
    stored: Stay | Run | None
    computed: Stay | Run | None


@dataclass(slots=True)
class RebuildResult:
    """Results of a comparison."""

    runs: int = 0
    fixes: int = 0
    same: int = 0
    """Correctly stored stays and runs."""
    differences: list[Difference] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    """Windows to recompute."""
    waiting: int = 0
    """Runs with pending late data, not compared."""
    cut: int = 0
    """Runs whose first fixes were dropped, not compared."""


async def devices(conn: db.Connection, names: list[str] | None) -> list[Device]:
    """Devices by name; None: all."""
    devices = await (device_store.all_devices(conn) if names is None else device_store.named(conn, names))
    return sorted(devices, key=lambda device: device.id)


class RebuildCheck:
    """Compares the store with what its fixes give.

    Args:
        loaded: the cells and rules.
        now: ms since 1970-01-01 UTC.
    """

    def __init__(self, loaded: loaded_city.LoadedCity, now: int) -> None:
        self._make = loaded.fresh_engine
        self._now = now

    async def check(self, conn: db.Connection, device: Device, lo: int, hi: int, result: RebuildResult) -> None:
        """Compare the runs of a device that touch `lo` to `hi` (ms), with one run in memory at a time."""
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            newest = await fix_store.last_of(conn, device.id)
            # Older fixes kept by a legal hold are incomplete, so only later ones are compared.
            kept = retention.dropped_before(await retention_store.floor(conn, DataClass.FIXES))
            first = await fix_store.first_of(conn, device.id, kept)
            if newest is None or first is None:
                return
            # If retention dropped the beginning of a run, the stored state knows more than the fixes.
            cut = await run_store.goes_through(conn, device.id, first)
            waiting = await window_store.of_device(conn, device.id)
            async for part in _stretches(conn, device.id, max(lo, first), hi):
                result.runs += bool(len(part.fixes))
                result.fixes += len(part.fixes)
                if cut and len(part.fixes) and part.fixes.t[0] == first:
                    result.cut += 1
                elif any(
                    window.t_lo <= part.hi + RUN_GAP_MS and window.t_hi >= part.lo - RUN_GAP_MS for window in waiting
                ):
                    result.waiting += 1
                else:
                    self._compare(device, part, newest, result)

    def _compare(self, device: Device, part: Stretch, newest: int, result: RebuildResult) -> None:
        before = len(result.differences)
        computed = expected(self._make(), part, newest)
        for old, new in zip(_columns(part.stored), _columns(computed), strict=True):
            result.same += sum(old.get(key) == item for key, item in new.items())
            result.differences += [
                Difference(device=device, stored=old.get(key), computed=new.get(key))
                for key in sorted(old.keys() | new.keys())
                if old.get(key) != new.get(key)
            ]
        if len(result.differences) > before:
            window = Window(device=device.id, t_lo=part.lo, t_hi=part.hi, received=self._now, cause=Cause.REBUILD)
            result.windows.append(window)


async def routes(
    conn: db.Connection, of: PatrolRoutes, device: Device, lo: int, hi: int, *, store: bool
) -> tuple[int, int]:
    """Compare the hours of a device that touch `lo` to `hi` (ms) with roads and checkpoints, except incomplete ones.

    Args:
        conn: outside a transaction.
        of: roads and checkpoints.
        device: the device.
        lo: ms.
        hi: ms.
        store: store differences; otherwise only compare, and skip hours that wait for the cleaner.

    Returns:
        Number of compared hours, and of differing ones.
    """
    kept = retention.dropped_before(await retention_store.floor(conn, DataClass.FIXES)) + LEAD_MS
    hours = [hour for hour in await route_hours.of_device(conn, device.id, lo, hi, settled=not store) if hour >= kept]
    differ = 0
    for hour in hours:
        async with db.trial_transaction(conn, dry_run=not store):
            await route_hours.take(conn, device.id, hour)
            differ += await cleaner_routes.compare(conn, of, device.id, hour)
    return len(hours), differ


async def mend(conn: db.Connection, unit: str, now: int) -> bool:
    """Process the dirty windows of a unit here, if no worker holds its claim; False: one does."""
    if not await claim.take(conn, [unit]):
        return False
    try:
        host = EngineHost([unit])
        await host.load(conn, await world_version.now(conn))
        backfill = Backfill(host)
        while backfill.pending:
            await backfill.step(conn, now)
        # A run that reaches the newest fix is open until silence has ended it.
        async with conn.transaction():
            await judging.hold(conn, host.judged_by)
            await event_log.append(conn, await projection.apply(conn, host.settle(now), now))
    finally:
        await claim.release(conn)
    return True


def expected(engine: Engine, part: Stretch, newest: int) -> StoredStays:
    """Compute the correct state of a stretch. Pure.

    Args:
        engine: a new one.
        part: the stretch; of its stored state only the end of its last run is used.
        newest: the newest fix of the device, ms.
    """
    engine.know(part.device, newest)
    changes = [engine.recompute(part.device, part.fixes, StoredStays([], []), None, logged=part.logged)]
    if part.stored.runs and not part.stored.runs[-1].open:
        # Silence has ended it, or will at the next check, depending on the clock and not on the fixes.
        changes.append(engine.settle(newest + RUN_GAP_MS + 1))
    return _after(changes)


def _after(changes: list[Changes]) -> StoredStays:
    stays = {change.t_in: change.stay for changes_of in changes for change in changes_of.stays}
    runs = {change.t_first: change.run for changes_of in changes for change in changes_of.runs}
    return StoredStays([stay for stay in stays.values() if stay], [run for run in runs.values() if run])


def _columns(stored: StoredStays) -> tuple[dict[int, Any], dict[int, Any]]:
    return {stay.t_in: stay for stay in stored.stays}, {run.t_first: run for run in stored.runs}


async def _stretches(conn: db.Connection, device: int, lo: int, hi: int) -> AsyncIterator[Stretch]:
    """Parts that cover `lo` to `hi`, each a run with the silence before it."""
    at = lo
    while at <= hi:
        first = await fix_store.first_of(conn, device, at)
        if first is None or first > hi:
            rest = Stretch(
                device=device,
                lo=at,
                hi=hi,
                fixes=FixColumns.from_columns(0),
                stored=await projection.load(conn, device, at, hi),
            )
            yield rest
            return
        run = await projection.stretch(conn, device, first, first)
        # Before `lo` only as far as the run itself goes.
        part_lo = min(at, run.lo)
        stored = await projection.load(conn, device, part_lo, run.hi)
        yield replace(run, lo=part_lo, stored=stored)
        at = run.hi + 1
