"""Fixes counted by device and hour, in the transaction that stores them, so that no figure has to count fixes again."""

import numpy as np

from schemas import wire
from tracking import db
from tracking.fixes import FixColumns, Int

HOUR_MS = 3_600_000
LATE_MS = 60_000
"""A fix that arrives later after its time counts as sent in afterwards (补传)."""

# In order of the key, so that two writers of one row wait for each other and never in a ring.
_ADD = """
INSERT INTO device_hours
SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::int[], $4::int[], $5::int[], $6::int[]) ORDER BY 1, 2
ON CONFLICT (device, hour) DO UPDATE SET
  fixes = device_hours.fixes + excluded.fixes, late = device_hours.late + excluded.late,
  recorder_known = device_hours.recorder_known + excluded.recorder_known,
  recorder_on = device_hours.recorder_on + excluded.recorder_on
"""


async def add(conn: db.Connection, new: FixColumns) -> None:
    """Count fixes that were stored just now and never before, inside the caller's transaction."""
    if not len(new):
        return
    keys, of = np.unique(new.device.astype(np.int64) << 32 | new.t // HOUR_MS, return_inverse=True)
    known = new.flags & int(wire.FixFlag.RECORDER_KNOWN) != 0
    running = known & (new.flags & int(wire.FixFlag.RECORDER_ON) != 0)

    def count(which: Int) -> list[int]:
        return [int(each) for each in np.bincount(of, weights=which, minlength=len(keys))]

    await conn.execute(
        _ADD,
        (keys >> 32).tolist(),
        [db.moment(hour * HOUR_MS) for hour in (keys & 0xFFFFFFFF).tolist()],
        count(np.ones(len(new), dtype=np.int64)),
        count((new.received - new.t > LATE_MS).astype(np.int64)),
        count(known.astype(np.int64)),
        count(running.astype(np.int64)),
    )
