"""Whether much of what devices recorded earlier is coming in now: until it is there, no gap can be told.

After an outage, or when a fleet connects for the first time, hours of fixes arrive within seconds. A look in the middle
of that meets a picture half filled: cells that were visited seem neglected, and warnings of them would be withdrawn at
the next look. One device that catches up needs no rule: its silence makes unknown what it may have visited.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime import db
from tracking.store.records import packed

BEHIND_MS = 60_000
"""A device whose newest fix is older than this may be catching up."""
FASTER = 2
"""It is, when its time goes on so many times as fast as the clock. A clock that is merely wrong goes on as fast."""
HEARD_MS = 600_000
"""Devices heard within this time are those a share is taken of."""
SHARE = 0.1
"""From this share of the devices on, what they bring may fill any cell."""

_COLUMNS: packed.Columns = {"device": packed.ColumnType.INT4, "t_last": packed.ColumnType.TIME}
_NEWEST = packed.select(_COLUMNS, "SELECT device, t_last FROM runs WHERE open")


async def newest(conn: db.Connection) -> dict[int, int]:
    """Time (ms) of the newest fix of each device that is under way."""
    runs = await packed.fetch(conn, _COLUMNS, _NEWEST)
    return dict(zip(runs["device"].tolist(), runs["t_last"].tolist(), strict=True))


@dataclass(slots=True)
class Backlog:
    """What the last look saw. Pure: time and newest fixes are arguments."""

    _at: int | None = None
    _newest: Mapping[int, int] = field(default_factory=dict)

    def fills(self, newest: Mapping[int, int], now: int) -> bool:
        """Tell whether a backlog comes in, by the newest fix (ms) of each device at `now` (ms) and at the last look."""
        before, self._newest = self._newest, newest
        at, self._at = self._at, now
        if at is None:
            return False
        behind = {device: t for device, t in newest.items() if t < now - BEHIND_MS}
        # Of a device that was not known at the last look, what it brings is earlier when it is older than that look.
        catching = sum(
            t - before[device] > FASTER * (now - at) if device in before else t < at - BEHIND_MS
            for device, t in behind.items()
        )
        heard = sum(t >= now - HEARD_MS for t in newest.values())
        return catching > 0 and catching >= SHARE * max(heard, catching)
