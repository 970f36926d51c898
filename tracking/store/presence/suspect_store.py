"""Suspect intervals in the database: the shifts of devices whose datum is suspect, as `device_findings` say."""

from collections.abc import Sequence

from runtime import db
from tracking.presence.stays import Window
from tracking.presence.suspects import Span
from tracking.records.reasons import Cause

_CURRENT = """
SELECT f.device, f.since, f.until FROM device_findings f JOIN devices d ON d.id = f.device
WHERE f.known_to IS NULL AND f.kind = 'datum_doubt' AND ($1::text[] IS NULL OR d.unit = ANY ($1))
ORDER BY f.device, f.since
"""
_OF_DEVICE = """
SELECT since, until FROM device_findings
WHERE device = $1 AND known_to IS NULL AND kind = 'datum_doubt' AND until >= $2 AND since <= $3 ORDER BY since
"""


async def current(conn: db.Connection, units: Sequence[str] | None) -> dict[int, list[Span]]:
    """All suspect intervals by device; `units` None for those of all units."""
    intervals: dict[int, list[Span]] = {}
    for row in await conn.fetch(_CURRENT, units):
        intervals.setdefault(row["device"], []).append((db.millis(row["since"]), db.millis(row["until"])))
    return intervals


async def of_device(conn: db.Connection, device: int, lo: int, hi: int) -> list[Span]:
    """Suspect intervals of a device that touch `lo` to `hi` (ms)."""
    rows = await conn.fetch(_OF_DEVICE, device, db.moment(lo), db.moment(hi))
    return [(db.millis(row["since"]), db.millis(row["until"])) for row in rows]


def window(device: int, span: Span, now: int) -> Window:
    """Windows to compute again when a suspect interval is added or removed at `now` (ms)."""
    return Window(device=device, t_lo=span[0], t_hi=span[1], received=now, cause=Cause.DOUBT)
