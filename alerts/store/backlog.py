"""Detection of a backlog: while many devices send old data, no gap can be judged.

After an outage, or when a fleet connects for the first time, hours of fixes arrive within seconds. An evaluation in the
middle would find visited cells overdue, and the next one would withdraw these alerts. A single device that catches up
needs no rule: its silence makes the cells it may have visited unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime import db
from tracking.store.records import packed

BEHIND_MS = 60_000
"""A device whose newest fix is older than this may be catching up."""
FASTER = 2
"""It is if its time advances this many times as fast as the clock; that of a wrong clock advances at normal speed."""
HEARD_MS = 600_000
"""The share is of devices with data within this time."""
SHARE = 0.1
"""From this share of the devices on, their data may concern any cell."""

_COLUMNS: packed.Columns = {"device": packed.ColumnType.INT4, "t_last": packed.ColumnType.TIME}
_NEWEST = packed.select(_COLUMNS, "SELECT device, t_last FROM runs WHERE open")


async def newest(conn: db.Connection) -> dict[int, int]:
    """Time (ms) of the newest fix of each device that is under way."""
    runs = await packed.fetch(conn, _COLUMNS, _NEWEST)
    return dict(zip(runs["device"].tolist(), runs["t_last"].tolist(), strict=True))


@dataclass(slots=True)
class Backlog:
    """State of the last evaluation. Pure: time and newest fixes are arguments."""

    _at: int | None = None
    _newest: Mapping[int, int] = field(default_factory=dict)

    def fills(self, newest: Mapping[int, int], now: int) -> bool:
        """Whether a backlog comes in, by the newest fix (ms) of each device at `now` (ms) and at the last one."""
        before, self._newest = self._newest, newest
        at, self._at = self._at, now
        if at is None:
            return False
        behind = {device: t for device, t in newest.items() if t < now - BEHIND_MS}
        # The data of a new device is old if it is older than the last evaluation.
        catching = sum(
            t - before[device] > FASTER * (now - at) if device in before else t < at - BEHIND_MS
            for device, t in behind.items()
        )
        heard = sum(t >= now - HEARD_MS for t in newest.values())
        return catching > 0 and catching >= SHARE * max(heard, catching)
