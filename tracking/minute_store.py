"""Fixes of late counted by unit and minute, in the transaction that stores them: the figure of the last hour."""

import numpy as np

from tracking import db
from tracking.fixes import FixColumns

MINUTE_MS = 60_000
KEPT_MS = 2 * 3_600_000
"""What is older than this when it comes is not counted, and what was counted is forgotten then."""

# In order of the key, so that two writers of one row wait for each other and never in a ring.
_ADD = """
INSERT INTO unit_minutes AS u
SELECT n.minute, d.unit, sum(n.fixes) FROM unnest($1::int[], $2::timestamptz[], $3::int[]) AS n (device, minute, fixes)
JOIN devices d ON d.id = n.device GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (minute, unit) DO UPDATE SET fixes = u.fixes + excluded.fixes
"""


async def add(conn: db.Connection, new: FixColumns, now: int) -> None:
    """Count fixes that were stored just now and never before, inside the caller's transaction; `now` in ms."""
    rows = np.flatnonzero(new.t > now - KEPT_MS)
    if not len(rows):
        return
    keys, counts = np.unique(new.device[rows].astype(np.int64) << 32 | new.t[rows] // MINUTE_MS, return_counts=True)
    minutes = [db.moment(minute * MINUTE_MS) for minute in (keys & 0xFFFFFFFF).tolist()]
    await conn.execute(_ADD, (keys >> 32).tolist(), minutes, counts.tolist())


async def trim(conn: db.Connection, now: int) -> None:
    """Forget what is older than what is asked for."""
    await conn.execute("DELETE FROM unit_minutes WHERE minute < $1", db.moment(now - KEPT_MS))
