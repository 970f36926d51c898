"""Findings about whole shifts: whether the datum of a device is the configured one."""

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np

from ingest.store import shift_store
from ingest.store.shift_store import DeviceShift
from runtime import db
from schemas.wire import Datum
from tracking.geometry.lookup import CityGrid
from tracking.geometry.zones import Zones
from tracking.presence.fixes import FixColumns, Float
from tracking.quality import datums
from tracking.quality.model import Finding, FindingKind
from tracking.routes.roads import Roads
from tracking.store.presence import sighting_store, suspect_store
from tracking.store.tracks import cleaning_store, finding_store, window_store

_START_MS = 600_000
"""Beginning of a shift, spent at the meeting place of the team."""
_STILL_M = 50.0
_TEAM_MS = 1_800_000
"""Time within which shifts of a team begin."""
_LEAST_FIXES = 30
_PART_MS = 4 * 3_600_000


async def review(conn: db.Connection, grid: CityGrid, roads: Roads, since: int, now: int) -> int:
    """Judge the shifts that ended from `since` on, or before with late data, and running ones.

    Returns the changed findings.
    """
    changed = 0
    for shift in await shift_store.between(conn, since - _TEAM_MS, now - _TEAM_MS):
        changed += await _judge(conn, grid, roads, shift, now)
    return changed


async def _judge(conn: db.Connection, grid: CityGrid, roads: Roads, shift: DeviceShift, now: int) -> int:
    before = await _stored(conn, shift)
    if shift.ends <= now:
        better = await _ended(conn, grid, roads, shift)
    else:
        # A running shift becomes suspect by its last half hour; the end decides.
        better = before or await _begins(conn, grid, roads, shift, now)
    if better is None and before is None:
        return 0
    async with conn.transaction():
        changed = await _store(conn, grid, shift, better, now)
        if (better is None) != (before is None):
            span = shift.starts, shift.ends - 1
            await window_store.insert(conn, [suspect_store.window(shift.device, span, now)])
        if shift.ends > now:
            return changed
        findings = await _suspected(conn, shift)
        kinds = {FindingKind.WRONG_DATUM}
        return changed + await finding_store.replace(conn, shift.starts, [shift.device], kinds, findings, now)


async def _stored(conn: db.Connection, shift: DeviceShift) -> datums.BetterDatum | None:
    """Earlier finding of the shift."""
    return _better_datum(await shift_store.datum_finding(conn, shift))


def _better_datum(evidence: Mapping[str, Any] | None) -> datums.BetterDatum | None:
    if evidence is None:
        return None
    return datums.BetterDatum(fits=Datum(evidence["fits"]), off_m=evidence["off_m"], off_fits_m=evidence["off_fits_m"])


async def _store(
    conn: db.Connection, grid: CityGrid, shift: DeviceShift, better: datums.BetterDatum | None, now: int
) -> int:
    """Store that the shift is suspect, with its sightings, or that it no longer is."""
    findings: list[Finding] = []
    seen: list[tuple[int, int, int]] = []
    if better is not None:
        numbers = {"fits": better.fits.value, "off_m": round(better.off_m), "off_fits_m": round(better.off_fits_m)}
        findings = [_finding(shift, FindingKind.DATUM_DOUBT, shift.starts, numbers)]
        fixes = await _real(conn, shift.device, shift.starts, min(shift.ends, now))
        seen = await asyncio.to_thread(datums.cells_under, grid, fixes, better.fits)
    await sighting_store.replace(conn, shift.device, shift.starts, seen, now)
    return await finding_store.replace(conn, shift.starts, [shift.device], {FindingKind.DATUM_DOUBT}, findings, now)


async def _begins(
    conn: db.Connection, grid: CityGrid, roads: Roads, shift: DeviceShift, now: int
) -> datums.BetterDatum | None:
    zone = await _zone(conn, grid, shift)
    fixes = await _real(conn, shift.device, max(shift.starts, now - _TEAM_MS), now)
    if len(fixes) < _LEAST_FIXES:
        return None
    off = None if zone is None else await asyncio.to_thread(datums.area_offset, grid, zone, fixes)
    return await _either(off, grid, roads, fixes)


async def _ended(conn: db.Connection, grid: CityGrid, roads: Roads, shift: DeviceShift) -> datums.BetterDatum | None:
    """The datum that fits a whole shift better: by position, else by roads."""
    fixes = await _real(conn, shift.device, shift.starts, shift.ends)
    if not len(fixes):
        return None
    return await _either(await _off(conn, grid, shift, fixes), grid, roads, fixes)


async def _either(
    off: datums.DatumOffset | None, grid: CityGrid, roads: Roads, fixes: FixColumns
) -> datums.BetterDatum | None:
    better = None if off is None else datums.better_datum(off)
    return better or await asyncio.to_thread(datums.off_roads, roads, grid, fixes)


async def _suspected(conn: db.Connection, shift: DeviceShift) -> list[Finding]:
    """Three consecutive shifts that agree."""
    last = await shift_store.last_datum_findings(conn, shift, datums.SHIFTS)
    shifts = [_better_datum(evidence) for _, evidence in last]
    fits = datums.agreed_datum(shifts)
    if fits is None:
        return []
    known = [shift_datum for shift_datum in shifts if shift_datum is not None]
    numbers = {
        "set": shift.declared.value, "fits": fits.value, "shifts": len(known),
        "off_m": round(float(np.median([shift_datum.off_m for shift_datum in known]))),
        "off_fits_m": round(float(np.median([shift_datum.off_fits_m for shift_datum in known]))),
    }  # fmt: skip
    return [_finding(shift, FindingKind.WRONG_DATUM, last[0][0], numbers)]


def _finding(shift: DeviceShift, kind: FindingKind, since: int, numbers: Mapping[str, Any]) -> Finding:
    return Finding(device=shift.device, kind=kind, since=since, until=shift.ends - 1, evidence=numbers)


async def _off(conn: db.Connection, grid: CityGrid, shift: DeviceShift, fixes: FixColumns) -> datums.DatumOffset | None:
    """Distance of the fixes of a shift: from the start of the team, else from the area of the shift."""
    base = await _base(conn, grid, shift)
    start = fixes.take(fixes.t < shift.starts + _START_MS)
    if base is not None and len(start) >= 3:
        return datums.DatumOffset(
            as_is=_from(base, *grid.xy(start.lat, start.lon)),
            under={hypothesis: _from(base, *at) for hypothesis, at in datums.under_each_datum(grid, start).items()},
        )
    zone = await _zone(conn, grid, shift)
    return None if zone is None else await asyncio.to_thread(datums.area_offset, grid, zone, fixes)


def _from(base: tuple[float, float], x: Float, y: Float) -> float:
    """Distance of the middle of positions from a base, m."""
    return float(np.hypot(np.median(x) - base[0], np.median(y) - base[1]))


async def _base(conn: db.Connection, grid: CityGrid, shift: DeviceShift) -> tuple[float, float] | None:
    """Positions where others of the team began their shifts at about this time."""
    begun: list[tuple[float, float]] = []
    for device in await shift_store.team(conn, shift, _TEAM_MS):
        fixes = await _real(conn, device, shift.starts, shift.starts + _START_MS)
        x, y = grid.xy(fixes.lat, fixes.lon)
        if len(fixes) >= 3 and _still(x, y):
            begun.append((float(np.median(x)), float(np.median(y))))
    places = np.array(begun).reshape(-1, 2)
    return datums.team_base(places[:, 0], places[:, 1])


def _still(x: np.ndarray, y: np.ndarray) -> bool:
    return bool(np.mean(np.hypot(x - np.median(x), y - np.median(y)) <= _STILL_M) >= 0.8)


async def _real(conn: db.Connection, device: int, lo: int, hi: int) -> FixColumns:
    parts = [await cleaning_store.fixes(conn, device, at, min(at + _PART_MS, hi)) for at in range(lo, hi, _PART_MS)]
    fixes = FixColumns.concat(parts)
    return fixes.take(fixes.present())


async def _zone(conn: db.Connection, grid: CityGrid, shift: DeviceShift) -> Zones | None:
    """The area of a shift, as it was at its start."""
    if shift.area is None:
        return None
    numbers = await shift_store.cells(conn, shift.area, shift.starts)
    cells = np.flatnonzero(np.isin(grid.ids, numbers)).tolist()
    return Zones(grid, {shift.area: cells}) if cells else None
