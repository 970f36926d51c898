"""Recent fixes counted by unit and minute, for the figure of the last hour without counting fixes.

Workers count in memory and store the counts every few seconds: in the transaction of a batch this would cost a third of
what the fixes cost.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runtime import db
from tracking.presence.fixes import Int

MINUTE_MS = 60_000
KEPT_MS = 2 * 3_600_000
"""Fixes older than this at receipt are not counted, and counts are deleted at this age."""

# In order of the key, so that concurrent writers cannot deadlock.
_ADD = """
INSERT INTO unit_minutes AS u
SELECT minute, unit, sum(fixes) FROM unnest($1::timestamptz[], $2::text[], $3::int[]) AS n (minute, unit, fixes)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (minute, unit) DO UPDATE SET fixes = u.fixes + excluded.fixes
"""


@dataclass(slots=True)
class MinuteCounts:
    """Counts since they were last stored. A process that is killed loses some seconds."""

    _counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    """Fixes by minute since 1970 and unit."""

    def note(self, t: Int, unit: NDArray[np.int32], units: Sequence[str], now: int) -> None:
        """Count newly stored fixes by their times and units.

        Args:
            t: ms.
            unit: index of the unit of each among `units`, -1 unknown.
            units: codes.
            now: ms.
        """
        rows = np.flatnonzero((t > now - KEPT_MS) & (unit >= 0))
        keys, counts = np.unique(t[rows] // MINUTE_MS << 32 | unit[rows], return_counts=True)
        for key, n in zip(keys.tolist(), counts.tolist(), strict=True):
            self._counts[key >> 32, units[key & 0xFFFFFFFF]] += n

    async def store(self, conn: db.Connection) -> None:
        """Store the counts."""
        if self._counts:
            minutes, units = zip(*self._counts, strict=True)
            moments = [db.moment(minute * MINUTE_MS) for minute in minutes]
            await conn.execute(_ADD, moments, units, list(self._counts.values()))
            self._counts.clear()


async def trim(conn: db.Connection, now: int) -> None:
    """Delete counts that are too old to be read."""
    await conn.execute("DELETE FROM unit_minutes WHERE minute < $1", db.moment(now - KEPT_MS))
