"""The projections of the fixes, stays and runs, loaded and changed together."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime import db
from tracking.presence import suspects
from tracking.presence.engine import RUN_GAP_MS
from tracking.presence.fixes import FixColumns
from tracking.presence.points import Logged
from tracking.presence.stays import Changes, StoredStays
from tracking.store.presence import run_store, stay_store, suspect_store
from tracking.store.records import event_log
from tracking.store.tracks import event_store, fix_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of a device's time with the data its stays are computed from, and the stored stays."""

    device: int
    lo: int
    """ms since 1970-01-01 UTC, as `hi`; ends included."""
    hi: int
    fixes: FixColumns
    """Of all runs that touch the stretch."""
    logged: Sequence[Logged] = ()
    """Events of the device between the first and the last of them."""
    stored: StoredStays


async def stretch(conn: db.Connection, device: int, lo: int, hi: int) -> Stretch:
    """Load the stretch from `lo` to `hi` (ms), widened to whole runs."""
    fixes = await fix_store.load_runs(conn, device, lo, hi, gap_ms=RUN_GAP_MS)
    logged: list[Logged] = []
    if len(fixes):
        first, last = int(fixes.t[0]), int(fixes.t[-1])
        lo, hi = min(lo, first), max(hi, last)
        logged = await event_store.logged(conn, device, first, last)
        fixes = suspects.marked(fixes, {device: await suspect_store.of_device(conn, device, first, last)})
    stored = await load(conn, device, lo, hi)
    return Stretch(device=device, lo=lo, hi=hi, fixes=fixes, logged=logged, stored=stored)


async def load(conn: db.Connection, device: int, t_from: int, t_to: int) -> StoredStays:
    """Stored stays and runs of the device from `t_from` to `t_to`, ms, inclusive."""
    return StoredStays(
        await stay_store.load(conn, device, t_from, t_to),
        await run_store.load(conn, device, t_from, t_to),
    )


async def apply(conn: db.Connection, changes: Changes, now: int) -> list[event_log.Item]:
    """Store `changes`, known at `now` (ms), inside the caller's transaction; returns items for the event log."""
    await run_store.apply(conn, changes.runs, now)
    return await stay_store.apply(conn, changes.stays, now)
