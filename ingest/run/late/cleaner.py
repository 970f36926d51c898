"""Examines the stored fixes hour by hour and stores findings, on one of several workers."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import structlog

from ingest.run import surviving
from ingest.run.late import cleaner_datums, cleaner_pairs, cleaner_routes
from runtime import db, locks
from runtime.every import Rest, every
from tracking.geometry.lookup import CityGrid
from tracking.presence.fixes import FixColumns
from tracking.quality import replays, review
from tracking.quality.model import Finding, FindingKind
from tracking.quality.review import LEAD_MS, SETTLE_MS, SLOT_MS
from tracking.routes.model import LEAD_MS as ROUTE_LEAD_MS
from tracking.store.city import route_hours, route_store
from tracking.store.records import meta_store
from tracking.store.tracks import cleaning_store, device_store, finding_store

log = structlog.get_logger(__name__)

_SLOT_KEY, _LATE_KEY = "cleaning_slot", "cleaning_late"
FURTHEST_MS = 24 * 3_600_000
"""Longest time examined after a stop, and for late data."""
MOST_OLD = 24
"""Older hours of a late window examined for the clock only."""
MOST_REST_S = 900.0
"""Longest rest of the cleaner, so that each hour is examined during it and soon after."""
_COMMIT_MS = 60_000
"""Age at which the transaction of a late window has surely ended."""
_MOST_LATE = 2_000
_KINDS = review.KINDS | {FindingKind.REPLAYED}


@dataclass(slots=True)
class Cleaner:
    """Reviews hours.

    Args:
        pool: one connection is held during a pass.
        grid: the cells of all divisions.
        clock: the time, ms.
        every_s: seconds between two fast passes.
    """

    pool: db.Pool
    grid: Callable[[], CityGrid]
    clock: Callable[[], int]
    every_s: float = 300.0
    _again: set[tuple[int, int]] = field(default_factory=set)
    """(hour, device) whose copy was stored before its original."""
    _routes: route_store.RouteCache = field(default_factory=route_store.RouteCache)

    async def run(self) -> None:
        """Run passes until cancelled, surviving all errors."""
        survive = surviving.any_error("cleaner", "fixes cannot be reviewed now; trying again", action="clean")
        await every(self.every_s, self._pass, survive=survive, rest=Rest(most_s=MOST_REST_S))

    async def _pass(self) -> None:
        await locks.lead(self.pool, "patrol.cleaning", self.pass_once)

    async def pass_once(self, conn: db.Connection) -> int:
        """Examine the hours since the last pass, and those changed by late fixes; returns the changed findings."""
        now = self.clock()
        changed, slots = 0, await self._slots(conn, now)
        for slot in slots:
            changed += await self._review(conn, slot, None, now)
        late = await self._late(conn, now, set(slots))
        for slot, devices in sorted(late.items()):
            if slot >= review.slot_of(now - FURTHEST_MS):
                changed += await self._review(conn, slot, devices, now)
            else:
                changed += await self._clocks(conn, slot, devices, now)
        routes = await self._routes.of(conn, self.grid())
        changed += await cleaner_datums.review(conn, self.grid(), routes.roads, slots[0], now)
        if not routes.empty:
            await cleaner_routes.review(conn, routes, now)
        settled = [slot for slot in slots if slot + SLOT_MS + SETTLE_MS <= now]
        await meta_store.put(conn, _SLOT_KEY, str(settled[-1] + SLOT_MS if settled else slots[0]))
        await cleaning_store.trim(conn, now)
        if changed:
            log.info("findings changed", action="clean", findings=changed)
        return changed

    async def _slots(self, conn: db.Connection, now: int) -> list[int]:
        current = review.slot_of(now)
        noted = await meta_store.get(conn, _SLOT_KEY)
        first = current if noted is None else max(int(noted), review.slot_of(now - FURTHEST_MS))
        return list(range(min(first, current), current + 1, SLOT_MS))

    async def _late(self, conn: db.Connection, now: int, done: set[int]) -> dict[int, set[int]]:
        """Devices by hours changed by late fixes, including the following hour."""
        after = int(await meta_store.get(conn, _LATE_KEY) or 0)
        windows = await cleaning_store.late_since(conn, after, now - _COMMIT_MS, _MOST_LATE)
        touched = [(slot, device) for slot, device in self._again if slot not in done]
        self._again.clear()
        for _, device, lo, hi in windows:
            last = review.slot_of(hi + LEAD_MS)
            first = max(review.slot_of(lo), min(last - MOST_OLD * SLOT_MS, review.slot_of(now - FURTHEST_MS)))
            touched += [(slot, device) for slot in range(first, last + 1, SLOT_MS)]
        if windows:
            await route_hours.mark_stale(conn, [(device, lo, hi + ROUTE_LEAD_MS) for _, device, lo, hi in windows])
            await meta_store.put(conn, _LATE_KEY, str(windows[-1][0]))
        by_slot: dict[int, set[int]] = {}
        for slot, device in touched:
            if slot not in done and slot <= now:
                by_slot.setdefault(slot, set()).add(device)
        return by_slot

    async def _review(self, conn: db.Connection, slot: int, chosen: Collection[int] | None, now: int) -> int:
        """Examine one hour of some devices, None: all heard in it."""
        lo, hi = slot - LEAD_MS, slot + SLOT_MS
        devices = await cleaning_store.devices_heard(conn, slot, hi) if chosen is None else sorted(chosen)
        refused, changed = await cleaning_store.refused_clocks(conn, slot, hi), 0
        for device in sorted({*devices, *refused}) if chosen is None else devices:
            fixes = await cleaning_store.fixes(conn, device, lo, hi)
            # In a thread: incoming messages must not wait.
            findings = await asyncio.to_thread(review.review, device, fixes, slot, refused.get(device))
            async with conn.transaction():
                findings += await self._replays(conn, fixes, slot)
                changed += await finding_store.replace(conn, slot, [device], _KINDS, findings, now)
        if devices:
            changed += await cleaner_pairs.review(conn, self.grid(), slot, None if chosen is None else devices, now)
        return changed

    async def _clocks(self, conn: db.Connection, slot: int, devices: Collection[int], now: int) -> int:
        """For an old hour with recent fixes, check only the clocks of the devices."""
        changed = 0
        for device in sorted(devices):
            fixes = await cleaning_store.fixes(conn, device, slot - LEAD_MS, slot + SLOT_MS)
            findings = review.clock_of(device, fixes, slot, None)
            if findings and await cleaning_store.heard_right(conn, device, findings[0].since, findings[0].until):
                findings = []
            async with conn.transaction():
                kinds = {FindingKind.CLOCK_SKEW}
                changed += await finding_store.replace(conn, slot, [device], kinds, findings, now)
        return changed

    async def _replays(self, conn: db.Connection, fixes: FixColumns, slot: int) -> list[Finding]:
        """Compare with earlier tracks, and store the marks of this hour."""
        if not len(fixes):
            return []
        device = int(fixes.device[0])
        matches = await cleaning_store.mark_matches(conn, device, replays.marks(fixes))
        await cleaning_store.mark(conn, device, replays.marks(fixes.take(fixes.t >= slot)))
        later = {(review.slot_of(match.then), match.device) for match in matches if match.then > match.t}
        self._again |= {(at, other) for at, other in later if at > slot}
        best: Finding | None = None
        for candidate in replays.candidates(device, matches):
            lo, hi = int(fixes.t.min()) - candidate.shift - 5_000, int(fixes.t.max()) - candidate.shift + 5_000
            theirs = await cleaning_store.fixes(conn, candidate.device, lo, hi)
            finding = _replayed(fixes, theirs, candidate)
            if finding is not None and (best is None or finding.evidence["n"] > best.evidence["n"]):
                best = finding
        if best is None or best.until < slot:
            return []
        name = await device_store.name_of(conn, int(best.evidence["other"]))
        return [
            Finding(
                device=device, kind=best.kind, since=best.since, until=best.until,
                evidence={**best.evidence, "other": name},
            )
        ]  # fmt: skip


def _replayed(ours: FixColumns, theirs: FixColumns, of: replays.Candidate) -> Finding | None:
    same = replays.same_fixes(ours, theirs, of.shift)
    if same.sum() < replays.LEAST_FIXES:
        return None
    times = ours.t[same]
    then = db.moment(int(times[0]) - of.shift).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Finding(
        device=int(ours.device[0]), kind=FindingKind.REPLAYED, since=int(times[0]), until=int(times[-1]),
        evidence={"n": int(same.sum()), "other": of.device, "then": then},
    )  # fmt: skip
