"""Fixes without consequences yet, deferred until they may have some. Pure.

A batch of a large fleet has one fix of each device, and most of them change only sums: same cell, no gap, no jump,
nothing to report. Processing each alone would be most of the engine's work, so they are tested and deferred for the
whole batch at once. When a fix of a device may have consequences, its deferred fixes are walked first, as a run of
similar fixes. The reports, and the fixes after which they come, are the same.
"""

import numpy as np

from tracking.presence.crossing import LEAST_PASS_M_2
from tracking.presence.fixes import Bool, Float, Int, Ints
from tracking.presence.placed import DEPTH, INNER, LAT, SIGMA, WIDTH, LocatedFixes, T, X, Y, ends
from tracking.presence.plausibility import steps_possible

MOST = 1 << 20
"""Most deferred fixes, 72 bytes each; beyond that every fix is walked, with the deferred ones of its device."""
LEAST_ROOM = 1 << 10
_UNTIL, _LAST = DEPTH, LAT
"""Columns of a device's state that a fix uses for other values."""
_NONE = -1


class Deferred:
    """The deferred fixes of all devices, and the condition for deferring further ones.

    Args:
        most: most deferred fixes.
        room: initial capacity.
    """

    def __init__(self, most: int = MOST, room: int = LEAST_ROOM) -> None:
        self._most = most
        # One cache line for each device: its newest fix as in `LocatedFixes.values`, as far as the test needs it; the
        # time until which nothing is reported; the row of its last deferred fix.
        self._state = _rows(1)
        self._values = _rows(room)
        # Row → the previous deferred row of the same device.
        self._before = np.full(room, _NONE, dtype=np.int32)
        self._free = np.arange(room, dtype=np.int32)
        self._used = 0

    def __len__(self) -> int:
        """Number of deferred fixes."""
        return self._used

    def reserve(self, devices: int) -> None:
        """Make room for devices with numbers below `devices`."""
        if devices > len(self._state):
            self._state = np.append(self._state, _rows(devices - len(self._state)), axis=0)

    def expect(self, newest: LocatedFixes, until: Int) -> None:
        """Set, for devices without deferred fixes, the newest fix and the time until which nothing follows.

        Args:
            newest: one of each device.
            until: ms; similar near fixes before it change only sums; 0: the next fix may have consequences.
        """
        state = newest.values.copy()
        state[:, _UNTIL], state[:, _LAST] = until, _NONE
        self._state[newest.device] = state

    def put_aside(self, fixes: LocatedFixes) -> Bool:
        """Defer fixes, sorted by device and time, where possible; returns which."""
        last, now = self._state[fixes.device], fixes.values
        dx, dy, dt = now[:, X] - last[:, X], now[:, Y] - last[:, Y], now[:, T] - last[:, T]
        # No gap is possible before that: runs are reported more often.
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
        """Take the deferred fixes of distinct `devices`, by device and time. None is deferred again before `expect`."""
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
        """Make room for more fixes; False if the limit is reached."""
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
    """Devices or fixes without deferred fixes."""
    table = np.zeros((count, WIDTH))
    table[:, _LAST] = _NONE
    return table


def _alone(device: Ints) -> Bool:
    """Rows of a sorted column with a single row of their device; several rows are fast as a run already."""
    last = ends(device)
    first = np.append(True, last)[: len(device)]
    alone: Bool = first & last
    return alone
