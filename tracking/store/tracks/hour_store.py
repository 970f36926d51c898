"""Fixes counted by device and hour, so that figures need not count fixes.

A batch leaves its counts in one row, in the transaction that stores its fixes; soon after, the rows of many batches are
added up and go into `device_hours` together. Updating a row per device and batch would cost more than everything else
the database does for a fix.
"""

from collections.abc import Sequence

import numpy as np

from runtime import db
from schemas import wire
from tracking.presence.fixes import FixColumns, Int

HOUR_MS = 3_600_000
LATE_MS = 60_000
"""A fix that arrives later than this counts as sent afterwards (补传)."""

_AT_ONCE = 50
"""Rows of batches added up at a time, as this blocks the event loop."""
_MOST = 200_000
"""Rows of hours from which on a transaction takes no more batches."""
_COLUMNS = 6

_LEAVE = "INSERT INTO device_hour_parts (counts) VALUES ($1)"
# Of several workers each takes rows of its own.
_TAKE = """
DELETE FROM device_hour_parts WHERE id = ANY (ARRAY(
  SELECT id FROM device_hour_parts ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING counts
"""
# In order of the key, so that concurrent writers cannot deadlock.
_ADD = """
INSERT INTO device_hours
SELECT device, 'epoch'::timestamptz + hour * interval '1 h', fixes, late, recorder_known, recorder_on
FROM unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[])
     AS h(device, hour, fixes, late, recorder_known, recorder_on) ORDER BY 1, 2
ON CONFLICT (device, hour) DO UPDATE SET
  fixes = device_hours.fixes + excluded.fixes, late = device_hours.late + excluded.late,
  recorder_known = device_hours.recorder_known + excluded.recorder_known,
  recorder_on = device_hours.recorder_on + excluded.recorder_on
"""


async def add(conn: db.Connection, new: FixColumns) -> None:
    """Count newly stored fixes, inside the caller's transaction."""
    if len(new):
        await conn.execute(_LEAVE, packed(new))


async def fold(conn: db.Connection) -> int:
    """Add the counts of batches to `device_hours`; returns how many batches. Each counts once, even after a crash."""
    folded, more = 0, True
    while more:
        async with conn.transaction():
            counts = np.empty((0, _COLUMNS), np.int64)
            while more and len(counts) < _MOST:
                rows = await conn.fetch(_TAKE, _AT_ONCE)
                counts = added_up(counts, [row["counts"] for row in rows])
                folded, more = folded + len(rows), len(rows) == _AT_ONCE
            if len(counts):
                await conn.execute(_ADD, *counts.T.tolist())
    return folded


def packed(new: FixColumns) -> bytes:
    """Counts of a batch by device and hour, as the table has them. Pure."""
    known = new.flags & int(wire.FixFlag.RECORDER_KNOWN) != 0
    running = known & (new.flags & int(wire.FixFlag.RECORDER_ON) != 0)
    late = new.received - new.t > LATE_MS
    rows = np.stack([new.device, new.t // HOUR_MS, np.ones(len(new), np.int64), late, known, running], axis=1)
    return _summed(rows).astype("<i4").tobytes()


def added_up(counts: Int, parts: Sequence[bytes]) -> Int:
    """Add counts of several batches to `counts`: by device and hour, a row for each in order. Pure."""
    return _summed(np.concatenate([counts, np.frombuffer(b"".join(parts), "<i4").reshape(-1, _COLUMNS)]))


def _summed(rows: Int) -> Int:
    key = rows[:, 0] << 32 | rows[:, 1]
    keys, of = np.unique(key, return_inverse=True)
    sums = [np.bincount(of, weights=column, minlength=len(keys)).astype(np.int64) for column in rows[:, 2:].T]
    return np.stack([keys >> 32, keys & 0xFFFFFFFF, *sums], axis=1)
