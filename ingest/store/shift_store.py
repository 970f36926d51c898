"""Shifts for findings: their devices, neighbours in the team, and suspect datums."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime import db
from schemas.wire import Datum

_SHIFTS = """
SELECT s.id, s.starts, s.ends, b.device, d.unit, d.datum, coalesce(s.area, u.area) AS area
FROM shifts s
JOIN bindings b ON b.officer = s.officer AND b.t_from <= s.starts AND (b.t_to IS NULL OR b.t_to > s.starts)
JOIN devices d ON d.id = b.device JOIN units u ON u.code = d.unit
WHERE s.ends > $1 AND s.starts <= $2 ORDER BY s.starts, s.id
"""
_FOUND = """
SELECT evidence FROM device_findings
WHERE device = $1 AND kind = 'datum_doubt' AND slot = $2 AND known_to IS NULL
"""
_TEAM = """
SELECT b.device FROM shifts s
JOIN bindings b ON b.officer = s.officer AND b.t_from <= s.starts AND (b.t_to IS NULL OR b.t_to > s.starts)
JOIN devices d ON d.id = b.device
WHERE d.unit = $1 AND b.device <> $2 AND s.starts BETWEEN $3 AND $4 ORDER BY b.device LIMIT 30
"""
# Datum findings of the last shifts of the device, NULL for a shift without one.
_LAST_DATUM_FINDINGS = """
SELECT s.starts, f.evidence FROM shifts s
JOIN bindings b ON b.officer = s.officer AND b.t_from <= s.starts AND (b.t_to IS NULL OR b.t_to > s.starts)
LEFT JOIN device_findings f
  ON f.device = b.device AND f.kind = 'datum_doubt' AND f.slot = s.starts AND f.known_to IS NULL
WHERE b.device = $1 AND s.starts <= $2
  AND EXISTS (SELECT FROM fixes x WHERE x.device = b.device AND x.t >= s.starts AND x.t < s.ends)
ORDER BY s.starts DESC LIMIT $3
"""
_AREA = """
SELECT c.id FROM cells c JOIN divisions d ON d.district = left(c.code, 6) AND d.valid_from <= $2
  AND (d.valid_to IS NULL OR d.valid_to > $2)
JOIN division_cells v ON v.division = d.id AND v.cell = c.id
JOIN division_areas g ON g.division = d.id AND g.code = v.grid WHERE $1 IN (v.grid, g.parent, d.district)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceShift:
    """One shift of one device."""

    device: int
    unit: str
    declared: Datum
    area: str | None
    starts: int
    ends: int


async def between(conn: db.Connection, since: int, until: int) -> list[DeviceShift]:
    """Shifts that ended after `since` and began before `until` (ms), by begin."""
    return [
        DeviceShift(
            device=row["device"], unit=row["unit"], declared=Datum(row["datum"]), area=row["area"],
            starts=db.millis(row["starts"]), ends=db.millis(row["ends"]),
        )
        for row in await conn.fetch(_SHIFTS, db.moment(since), db.moment(until))
    ]  # fmt: skip


async def datum_finding(conn: db.Connection, shift: DeviceShift) -> Mapping[str, Any] | None:
    """Earlier finding of a shift."""
    return _read(await conn.fetchval(_FOUND, shift.device, db.moment(shift.starts)))


async def last_datum_findings(
    conn: db.Connection, shift: DeviceShift, most: int
) -> list[tuple[int, Mapping[str, Any] | None]]:
    """Begin (ms) and datum finding of the last shifts of the device up to this one, in order; None without."""
    rows = await conn.fetch(_LAST_DATUM_FINDINGS, shift.device, db.moment(shift.starts), most)
    return [(db.millis(row["starts"]), _read(row["evidence"])) for row in reversed(rows)]


async def team(conn: db.Connection, shift: DeviceShift, within_ms: int) -> list[int]:
    """Devices of the same unit whose shifts began at about the same time."""
    about = db.moment(shift.starts - within_ms), db.moment(shift.starts + within_ms)
    return [row["device"] for row in await conn.fetch(_TEAM, shift.unit, shift.device, *about)]


async def cells(conn: db.Connection, area: str, at: int) -> list[int]:
    """Numbers of the cells of an area, as it was at `at` (ms)."""
    return [row["id"] for row in await conn.fetch(_AREA, area, db.moment(at))]


def _read(evidence: str | None) -> Mapping[str, Any] | None:
    evidence_read: Mapping[str, Any] | None = None if evidence is None else json.loads(evidence)
    return evidence_read
