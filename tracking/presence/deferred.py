"""Fixes from which nothing follows yet, put aside until something may. Pure.

A batch of a large fleet has one fix of each device, and most of them change nothing but sums: same cell, no gap, no
jump, nothing to tell. To take each by itself would be most of what the engine does, so they are tested and put aside
for the whole batch at once. When more may follow for a device, what was put aside of it is walked first, as a run of
fixes that are alike: what comes out, and after which fix, is the same.
"""

import numpy as np

from tracking.presence.crossing import LEAST_PASS_M_2
from tracking.presence.fixes import Bool, Float, Int, Ints
from tracking.presence.placed import DEPTH, INNER, LAT, SIGMA, WIDTH, LocatedFixes, T, X, Y, ends
from tracking.presence.plausibility import steps_possible

MOST = 1 << 20
"""Fixes that are put aside at once, 72 bytes each; with so many every fix is walked, with what is aside of its device.
"""
LEAST_ROOM = 1 << 10
_UNTIL, _LAST = DEPTH, LAT
"""Columns of a device's state that a fix has for something else."""
_NONE = -1


class Deferred:
    """What is put aside of every device, and what a fix of it must be like to be put aside, too.

    Args:
        most: fixes that are put aside at once.
        room: for how many there is room at first.
    """

    def __init__(self, most: int = MOST, room: int = LEAST_ROOM) -> None:
        self._most = most
        # A line of the processor's cache for each device: its newest fix, as `Placed.values` has it, as far as the
        # test needs it; until when nothing is reported; the row of what was put aside last.
        self._state = _rows(1)
        self._values = _rows(room)
        # Row → the one put aside before it of the same device.
        self._before = np.full(room, _NONE, dtype=np.int32)
        self._free = np.arange(room, dtype=np.int32)
        self._used = 0

    def __len__(self) -> int:
        """How many are put aside."""
        return self._used

    def reserve(self, devices: int) -> None:
        """Make room for devices with numbers below `devices`."""
        if devices > len(self._state):
            self._state = np.append(self._state, _rows(devices - len(self._state)), axis=0)

    def expect(self, newest: LocatedFixes, until: Int) -> None:
        """Say of devices of which nothing is put aside: what their newest fix was, and until when nothing follows.

        Args:
            newest: one of each device.
            until: ms: fixes before it, like that one and not far from it, change nothing but sums; 0: the next may.
        """
        state = newest.values.copy()
        state[:, _UNTIL], state[:, _LAST] = until, _NONE
        self._state[newest.device] = state

    def put_aside(self, fixes: LocatedFixes) -> Bool:
        """Put aside those of the fixes, sorted by device and time, of which that is possible; which these are."""
        last, now = self._state[fixes.device], fixes.values
        dx, dy, dt = now[:, X] - last[:, X], now[:, Y] - last[:, Y], now[:, T] - last[:, T]
        # Before that nothing can be a gap: runs are reported more often.
        aside: Bool = _alone(fixes.device) & (now[:, T] < last[:, _UNTIL]) & (now[:, INNER] == last[:, INNER])
        aside &= dx * dx + dy * dy < LEAST_PASS_M_2
        aside &= steps_possible(dx, dy, dt, now[:, SIGMA], last[:, SIGMA])
        count = int(np.count_nonzero(aside))
        if not count or not self._room(count):
            return np.zeros(len(fixes), dtype=np.bool_)
        rows = self._free[self._used : self._used + count]
        self._used += count
        self._values[rows] = now[aside]
        self._before[rows] = last[aside, _LAST]
        state = self._state[fixes.device[aside]]
        state[:, : INNER + 1] = now[aside, : INNER + 1]
        state[:, _LAST] = rows
        self._state[fixes.device[aside]] = state
        return aside

    def take(self, devices: Ints) -> LocatedFixes:
        """What is put aside of `devices`, each named once; by device and time. None is put aside until expected."""
        state = self._state[devices]
        state[:, _UNTIL], rows, owner = 0, state[:, _LAST].astype(np.int32), devices
        state[:, _LAST] = _NONE
        self._state[devices] = state
        ready, owners = [rows[:0]], [owner[:0]]
        while len(rows):
            aside = rows != _NONE
            rows, owner = rows[aside], owner[aside]
            ready.append(rows)
            owners.append(owner)
            rows = self._before[rows]
        freed = np.concatenate(ready)
        self._used -= len(freed)
        self._free[self._used : self._used + len(freed)] = freed
        return LocatedFixes(device=np.concatenate(owners), values=self._values[freed]).ordered()

    def _room(self, count: int) -> bool:
        """Make room for so many more; False where there may be no more."""
        size = len(self._free)
        while size < min(self._used + count, self._most):
            size *= 2
        more = size - len(self._free)
        if more:
            self._values = np.append(self._values, _rows(more), axis=0)
            self._before = np.append(self._before, np.full(more, _NONE, dtype=np.int32))
            self._free = np.append(self._free, np.arange(size - more, size, dtype=np.int32))
        return self._used + count <= size


def _rows(count: int) -> Float:
    """Devices or fixes of which nothing is put aside."""
    table = np.zeros((count, WIDTH))
    table[:, _LAST] = _NONE
    return table


def _alone(device: Ints) -> Bool:
    """Rows of a sorted column whose device has no other: as a run several of one are quick already."""
    last = ends(device)
    first = np.append(True, last)[: len(device)]
    alone: Bool = first & last
    return alone
