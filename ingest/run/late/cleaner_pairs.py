"""Findings about pairs of devices that move together, as if carried by one officer."""

import asyncio
from collections.abc import Collection

from runtime import db
from tracking.geometry.lookup import CityGrid
from tracking.presence.fixes import FixColumns
from tracking.quality import pairs
from tracking.quality.model import Finding, FindingKind
from tracking.quality.pairs import MinutePlaces, Together
from tracking.quality.review import LEAD_MS, SLOT_MS
from tracking.store.city import people_store
from tracking.store.tracks import cleaning_store, device_store, finding_store

_SHARED_MS = 1_200_000
"""Time in the same cells for two devices to be compared."""


async def review(conn: db.Connection, grid: CityGrid, slot: int, chosen: Collection[int] | None, now: int) -> int:
    """Compare devices in the same cells in the hour from `slot`; returns the changed findings."""
    lo, hi = slot - LEAD_MS, slot + SLOT_MS
    near = await cleaning_store.near(conn, lo, hi, chosen, _SHARED_MS)
    if chosen is not None:
        # All near devices are needed, since each keeps the one it was with longest.
        chosen = {*chosen, *(device for pair in near for device in pair)}
        near = await cleaning_store.near(conn, lo, hi, chosen, _SHARED_MS)
    near = await _of_two_officers(conn, near, slot)
    minutes = {
        device: await _minutes(conn, grid, device, lo, hi) for device in sorted({d for pair in near for d in pair})
    }
    best: dict[int, tuple[int, Together]] = {}
    for left, right in near:
        together = await asyncio.to_thread(pairs.together, minutes[left], minutes[right])
        if together is not None and together.until >= slot:
            for device, partner in ((left, right), (right, left)):
                if device not in best or together.minutes > best[device][1].minutes:
                    best[device] = (partner, together)
    everybody = chosen if chosen is not None else await cleaning_store.devices_heard(conn, slot, hi)
    findings = await _findings(conn, best)
    async with conn.transaction():
        return await finding_store.replace(conn, slot, everybody, {FindingKind.TOGETHER}, findings, now)


async def _of_two_officers(conn: db.Connection, near: list[tuple[int, int]], at: int) -> list[tuple[int, int]]:
    """Omit pairs carried by one officer."""
    bound = await people_store.bindings(conn, at)

    def officer(device: int) -> int | None:
        return bound[device].officer if device in bound else None

    return [
        (device, partner) for device, partner in near if officer(device) is None or officer(device) != officer(partner)
    ]


async def _minutes(conn: db.Connection, grid: CityGrid, device: int, lo: int, hi: int) -> MinutePlaces:
    fixes = await cleaning_store.fixes(conn, device, lo, hi)
    return await asyncio.to_thread(_thinned, grid, fixes.take(fixes.present()))


def _thinned(grid: CityGrid, fixes: FixColumns) -> MinutePlaces:
    x, y = grid.xy(fixes.lat, fixes.lon)
    return pairs.minutes(fixes.t, x, y)


async def _findings(conn: db.Connection, best: dict[int, tuple[int, Together]]) -> list[Finding]:
    partners = sorted({partner for partner, _ in best.values()})
    names = await device_store.names_of(conn, partners)
    return [
        Finding(
            device=device, kind=FindingKind.TOGETHER, since=together.since, until=together.until,
            evidence={
                "other": names[partner], "minutes": together.minutes, "median_m": together.median_m,
                "within_m": round(pairs.WITHIN_M),
            },
        )
        for device, (partner, together) in sorted(best.items())
    ]  # fmt: skip
