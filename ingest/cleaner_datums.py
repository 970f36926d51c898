"""The part of the cleaning that looks at whole shifts: whether a device's datum is the one it is set to."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.wire import Datum
from tracking import cleaning_store, db, finding_store
from tracking.city import City
from tracking.cleaning import datums, tracks
from tracking.cleaning.model import Finding, FindingKind
from tracking.fixes import FixColumns
from tracking.geometry.zones import Zones

_START_MS = 600_000
"""The beginning of a shift is spent where the team meets."""
_STILL_M = 50.0
_TEAM_MS = 1_800_000
"""Shifts of a team begin within it."""
_SAMPLE = 240
_SHIFTS = """
SELECT s.id, s.starts, s.ends, b.device, d.unit, d.datum, coalesce(s.area, u.area) AS area
FROM shifts s
JOIN bindings b ON b.officer = s.officer AND b.t_from <= s.starts AND (b.t_to IS NULL OR b.t_to > s.starts)
JOIN devices d ON d.id = b.device JOIN units u ON u.code = d.unit
WHERE s.ends > $1 AND s.ends <= $2 ORDER BY s.starts, s.id
"""
_TEAM = """
SELECT b.device FROM shifts s
JOIN bindings b ON b.officer = s.officer AND b.t_from <= s.starts AND (b.t_to IS NULL OR b.t_to > s.starts)
JOIN devices d ON d.id = b.device
WHERE d.unit = $1 AND b.device <> $2 AND s.starts BETWEEN $3 AND $4 ORDER BY b.device LIMIT 30
"""
# The doubts of the device's last shifts, NULL for a shift without one.
_DOUBTS = """
SELECT s.starts, f.evidence FROM shifts s
JOIN bindings b ON b.officer = s.officer AND b.t_from <= s.starts AND (b.t_to IS NULL OR b.t_to > s.starts)
LEFT JOIN device_findings f
  ON f.device = b.device AND f.kind = 'datum_doubt' AND f.slot = s.starts AND f.known_to IS NULL
WHERE b.device = $1 AND s.starts <= $2
  AND EXISTS (SELECT FROM fixes x WHERE x.device = b.device AND x.t >= s.starts AND x.t < s.ends)
ORDER BY s.starts DESC LIMIT $3
"""
_AREA = """
WITH RECURSIVE below AS (
  SELECT code FROM areas WHERE code = $1 UNION ALL SELECT a.code FROM areas a JOIN below b ON a.parent = b.code)
SELECT c.id FROM cells c JOIN below b ON b.code = c.grid WHERE c.valid_to IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    """One shift of one device."""

    device: int
    unit: str
    declared: Datum
    area: str | None
    starts: int
    ends: int


async def review(conn: db.Connection, where: City, since: int, now: int) -> int:
    """Judge the shifts that ended from `since` on, or long enough before for late data; returns findings changed."""
    rows = await conn.fetch(_SHIFTS, db.moment(since - _TEAM_MS), db.moment(now))
    changed = 0
    for row in rows:
        shift = _Shift(
            device=row["device"], unit=row["unit"], declared=Datum(row["datum"]), area=row["area"],
            starts=db.millis(row["starts"]), ends=db.millis(row["ends"]),
        )  # fmt: skip
        changed += await _judge(conn, where, shift, now)
    return changed


async def _judge(conn: db.Connection, where: City, shift: _Shift, now: int) -> int:
    off = await _off(conn, where, shift)
    doubt = None if off is None else datums.doubt(shift.declared, off)
    doubts: list[Finding] = []
    if doubt is not None:
        numbers = {"fits": doubt.fits.value, "off_m": round(doubt.off_m), "off_fits_m": round(doubt.off_fits_m)}
        doubts = [_finding(shift, FindingKind.DATUM_DOUBT, shift.starts, numbers)]
    async with conn.transaction():
        changed = await finding_store.replace(
            conn, shift.starts, [shift.device], {FindingKind.DATUM_DOUBT}, doubts, now
        )
        found = await _suspected(conn, shift)
        kinds = {FindingKind.WRONG_DATUM}
        return changed + await finding_store.replace(conn, shift.starts, [shift.device], kinds, found, now)


async def _suspected(conn: db.Connection, shift: _Shift) -> list[Finding]:
    """Three shifts running that agree."""
    rows = await conn.fetch(_DOUBTS, shift.device, db.moment(shift.starts), datums.SHIFTS)
    last = [None if row["evidence"] is None else json.loads(row["evidence"]) for row in reversed(rows)]
    made = [
        None if one is None else datums.Doubt(fits=Datum(one["fits"]), off_m=one["off_m"], off_fits_m=one["off_fits_m"])
        for one in last
    ]
    fits = datums.suspected(made)
    if fits is None:
        return []
    known = [one for one in made if one is not None]
    numbers = {
        "set": shift.declared.value, "fits": fits.value, "shifts": len(known),
        "off_m": round(float(np.median([one.off_m for one in known]))),
        "off_fits_m": round(float(np.median([one.off_fits_m for one in known]))),
    }  # fmt: skip
    return [_finding(shift, FindingKind.WRONG_DATUM, db.millis(rows[-1]["starts"]), numbers)]


def _finding(shift: _Shift, kind: FindingKind, since: int, numbers: Mapping[str, Any]) -> Finding:
    return Finding(device=shift.device, kind=kind, since=since, until=shift.ends - 1, evidence=numbers)


async def _off(conn: db.Connection, where: City, shift: _Shift) -> dict[Datum, float] | None:
    """How far off the shift is under each datum, m: from where the team began, else from the area of the shift."""
    fixes = await _real(conn, shift.device, shift.starts, shift.ends)
    if not len(fixes):
        return None
    base = await _base(conn, where, shift)
    start = fixes.take(fixes.t < shift.starts + _START_MS)
    if base is not None and len(start) >= 3:
        return {
            each: float(np.hypot(np.median(x) - base[0], np.median(y) - base[1]))
            for each, (x, y) in _under(where, start).items()
        }
    zone = await _zone(conn, where, shift.area)
    if zone is None:
        return None
    step = max(1, len(fixes) // _SAMPLE)
    sample = fixes.take(slice(None, None, step))
    return await asyncio.to_thread(_outside, where, zone, sample)


def _outside(where: City, zone: Zones, fixes: FixColumns) -> dict[Datum, float]:
    """Mean distance from the area; what is inside is not off."""
    first = np.zeros(len(fixes), dtype=np.intp)
    return {
        each: float(np.mean(np.maximum(0.0, -zone.inside_by(first, x, y))))
        for each, (x, y) in _under(where, fixes).items()
    }


def _under(where: City, fixes: FixColumns) -> dict[Datum, tuple[np.ndarray, np.ndarray]]:
    """Places on the city's plane under each datum."""
    sent = datums.places(*tracks.as_sent(fixes))
    return {each: where.grid.xy(lat, lon) for each, (lat, lon) in sent.items()}


async def _base(conn: db.Connection, where: City, shift: _Shift) -> tuple[float, float] | None:
    """Where the others of the team began their shifts at about this time."""
    rows = await conn.fetch(
        _TEAM, shift.unit, shift.device, db.moment(shift.starts - _TEAM_MS), db.moment(shift.starts + _TEAM_MS)
    )
    begun: list[tuple[float, float]] = []
    for row in rows:
        fixes = await _real(conn, row["device"], shift.starts, shift.starts + _START_MS)
        x, y = where.grid.xy(fixes.lat, fixes.lon)
        if len(fixes) >= 3 and _still(x, y):
            begun.append((float(np.median(x)), float(np.median(y))))
    places = np.array(begun).reshape(-1, 2)
    return datums.team_base(places[:, 0], places[:, 1])


def _still(x: np.ndarray, y: np.ndarray) -> bool:
    return bool(np.mean(np.hypot(x - np.median(x), y - np.median(y)) <= _STILL_M) >= 0.8)


async def _real(conn: db.Connection, device: int, lo: int, hi: int) -> FixColumns:
    fixes = await cleaning_store.fixes(conn, device, lo, hi)
    return fixes.take(fixes.present())


async def _zone(conn: db.Connection, where: City, area: str | None) -> Zones | None:
    if area is None:
        return None
    cells: Sequence[int] = [where.index[row["id"]] for row in await conn.fetch(_AREA, area) if row["id"] in where.index]
    return Zones(where.grid, {area: cells}) if cells else None
