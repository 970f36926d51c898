"""Fixes of late counted by unit and minute: the figure of the last hour, without counting fixes again.

Workers count in memory and add it up here every few seconds: in the transaction of a batch it would cost a third of
what the fixes do.
"""

from dataclasses import dataclass, field

import numpy as np

from tracking import db
from tracking.fixes import FixColumns, Int

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


@dataclass(slots=True)
class Minutes:
    """What was committed since the counts were stored the last time. A process that is killed forgets some seconds."""

    _keys: list[Int] = field(default_factory=list)

    def note(self, new: FixColumns, now: int) -> None:
        """Take fixes that were stored just now and never before; `now` in ms."""
        rows = np.flatnonzero(new.t > now - KEPT_MS)
        if len(rows):
            self._keys.append(new.device[rows].astype(np.int64) << 32 | new.t[rows] // MINUTE_MS)

    async def store(self, conn: db.Connection) -> None:
        """Store the counts."""
        if not self._keys:
            return
        keys, counts = np.unique(np.concatenate(self._keys), return_counts=True)
        minutes = [db.moment(minute * MINUTE_MS) for minute in (keys & 0xFFFFFFFF).tolist()]
        await conn.execute(_ADD, (keys >> 32).tolist(), minutes, counts.tolist())
        self._keys.clear()


async def trim(conn: db.Connection, now: int) -> None:
    """Forget what is older than what is asked for."""
    await conn.execute("DELETE FROM unit_minutes WHERE minute < $1", db.moment(now - KEPT_MS))
