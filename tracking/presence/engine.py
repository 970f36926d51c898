"""The geofence engine: batches of fixes in, stays out. Pure: no clock, no I/O; time comes with the fixes.

The steps of `advance`, in order: sort; set aside what is late; look up places for the whole batch at once; defer fixes
from which nothing follows yet; walk each device through runs of fixes that are alike. Live batches, back-fill and
rebuild take the same path, and what comes out depends on the set of fixes alone (the law of order-independence).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from tracking.geometry.lookup import CityGrid
from tracking.presence import plausibility, points, stays, trail, walk
from tracking.presence.crossing import LEAST_PASS_M_2
from tracking.presence.deferred import Deferred
from tracking.presence.fixes import Bool, FixColumns, Int
from tracking.presence.placed import SIGMA, LocatedFixes, T, X, Y, ends
from tracking.presence.reports import Reported
from tracking.presence.visit_rules import VisitRules

_LONG_AGO = int(np.iinfo(np.int64).min)
MOST_LOGGED = 100
"""Events of a device that wait in memory for its fixes; with more the store is asked."""
RUN_GAP_MS = trail.GAP_MS
"""A run is a device's fixes with no gap longer than this: what lies beyond a gap cannot change a stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What a batch of n fixes changed."""

    changes: stays.Changes
    """To be stored with the fixes."""
    late: Bool
    """Per row: not newer than what is known of its device, or not judged because its run is not in memory."""
    cell: NDArray[np.int32]
    """Per row: number of the cell the position falls in, -1 outside every cell."""


class Engine:
    """State of all devices and the rules that move it.

    Args:
        grid: the cells.
        rules: what makes a visit valid, by index of the cell in the grid.
        steps: take every fix by itself (for tests of the bulk path).
        deferred: where fixes are put aside; None: where there is room for those of a large fleet.
    """

    def __init__(
        self, grid: CityGrid, rules: VisitRules, *, steps: bool = False, deferred: Deferred | None = None
    ) -> None:
        self._grid = grid
        self._rules = rules
        self._steps = steps
        # By number of the device, which the store gives out in order: the newest time known of it, whether its run is
        # in memory, and that. Columns, as a batch of a large fleet has hardly two fixes of one device.
        self._newest = np.full(1, _LONG_AGO, dtype=np.int64)
        self._warm = np.zeros(1, dtype=np.bool_)
        self._walks: list[walk.Walk | None] = [None]
        self._deferred = Deferred() if deferred is None else deferred
        self._reported = Reported()

    def know(self, device: int, last_t: int) -> None:
        """Say that the store has fixes or events of `device` up to `last_t` (ms) whose run is not in memory."""
        self._reserve(device)
        before = self._let_go(device)
        ahead = [t for t, _ in before.logged_after(last_t)] if before is not None else []
        self._newest[device] = max(last_t, *ahead, int(self._newest[device]))

    def log(self, logged: Sequence[points.Logged]) -> list[points.Logged]:
        """Take what devices logged, in any order, before the fixes that come with it; again changes nothing.

        Returns:
            What may belong to stays that were reported: once stored, its windows go through `recompute`.
        """
        late = []
        for device, of_device in groupby(sorted(logged), key=attrgetter("device")):
            listed = list(of_device)
            self._reserve(device)
            newest = int(self._newest[device])
            late += [event for event in listed if event.t <= newest]
            ahead = [event for event in listed if event.t > newest]
            if ahead:
                self._log_ahead(device, ahead)
        return late

    def _log_ahead(self, device: int, ahead: list[points.Logged]) -> None:
        before, newest = self._walks[device], int(self._newest[device])
        if before is None and newest == _LONG_AGO:
            before = self._fresh(device)
        waiting = before.logged_after(newest) if before is not None else []
        new = set(self._placed(ahead)) - set(waiting)
        if before is None or len(waiting) + len(new) > MOST_LOGGED:
            self.know(device, max(event.t for event in ahead))
        else:
            before.log(sorted(new))

    def _placed(self, logged: Sequence[points.Logged]) -> list[tuple[int, int]]:
        """(ms, number of the cell in the store) of what was logged inside a cell."""
        t = np.array([event.t for event in logged], dtype=np.int64)
        cells = self._grid.locate(
            np.array([event.lat for event in logged]), np.array([event.lon for event in logged]), t
        )
        return [(event.t, cell) for event, cell in zip(logged, cells.tolist(), strict=True) if cell >= 0]

    def advance(self, batch: FixColumns) -> Advance:
        """Take a batch, in any order, with duplicates.

        Late rows change nothing here: once stored, their windows go through `recompute`.
        """
        self._reserve(int(batch.device.max(initial=0)))
        order = np.lexsort((batch.t, batch.device))
        rows = batch.take(order)
        places = self._grid.places(rows.lat, rows.lon, rows.acc, rows.t)
        late = self._late(rows.device, rows.t)
        self._walk_new(LocatedFixes.of(rows, places, np.flatnonzero(plausibility.eligible(rows) & ~late)))
        self._note_newest(rows.device[~late], rows.t[~late])
        in_order = np.empty(len(rows), dtype=np.intp)
        in_order[order] = np.arange(len(rows))
        cell = np.where(places.inner >= 0, self._ids(places.inner), -1).astype(np.int32)
        return Advance(changes=self._reported.take(), late=late[in_order], cell=cell[in_order])

    def recompute(
        self,
        device: int,
        fixes: FixColumns,
        stored: stays.StoredStays,
        reason: str | None,
        *,
        logged: Sequence[points.Logged] = (),
    ) -> stays.Changes:
        """Compute the stays of some runs of a device again.

        Args:
            device: number of the device.
            fixes: all stored fixes of the runs, of this device alone.
            stored: its current stays and its runs that begin within them.
            reason: why what was known no longer holds, for the history.
            logged: all that is stored of what the device logged between the first and the last of the fixes.

        Returns:
            The differences to `stored`. Where the fixes reach the newest of the device, its state is replaced.
        """
        if not len(fixes):
            return stays.differences(device, stored, stays.StoredStays([], []), reason=reason, frontier=0)
        self._reserve(device)
        frontier = int(self._newest[device]) if self._newest[device] != _LONG_AGO else int(fixes.t[0])
        first, newest = int(fixes.t.min()), int(fixes.t.max())
        before = self._let_go(device)
        if before is not None and before.last is not None and before.last.t < first:
            before.settle()
        ended = self._reported.take()
        after = self._fresh(device)
        after.log(self._placed(logged))
        rows = fixes.take(np.argsort(fixes.t, kind="stable"))
        places = self._grid.places(rows.lat, rows.lon, rows.acc, rows.t)
        self._walk(LocatedFixes.of(rows, places, np.flatnonzero(plausibility.eligible(rows))))
        if newest < frontier:
            # An old stretch: what follows it is more than a gap away, so silence has ended its last stay.
            self._settle(device)
            if before is None or (before.last is not None and before.last.t > newest):
                self._restore(device, before)
        else:
            self._newest[device] = newest
            if before is not None and before.settled and newest == frontier:
                self._settle(device)
        if before is not None and self._walks[device] is after:
            after.log(before.logged_after(newest))
        changes = stays.differences(device, stored, self._reported.computed(), reason=reason, frontier=frontier)
        return stays.Changes(stays=ended.stays + changes.stays, runs=ended.runs + changes.runs)

    def settle(self, now: int) -> stays.Changes:
        """End the stays of devices from which nothing newer than a gap before `now` (ms) has come.

        Call it now and then with the server's clock; a device that goes on after all is reported again.
        """
        silent = np.flatnonzero(self._warm & (self._newest < now - RUN_GAP_MS)).astype(np.int32)
        self._walk(self._deferred.take(silent))
        for device in silent.tolist():
            self._settle(device)
        return self._reported.take()

    def _settle(self, device: int) -> None:
        """End what silence ends; a device that cannot go on from there is read from the store when heard again."""
        settled = self._walks[device]
        if settled is not None and not settled.settle():
            self._let_go(device)

    def _late(self, device: NDArray[np.int32], t: Int) -> Bool:
        """Which of the sorted rows are not newer than what is known, or a second arrival within the batch."""
        late = np.zeros(len(t), dtype=np.bool_)
        late[1:] = (device[1:] == device[:-1]) & (t[1:] == t[:-1])
        first = np.flatnonzero(np.diff(device, prepend=-1))
        newest, warm = self._newest[device[first]], self._warm[device[first]]
        # The run of a device that is not warm may go on from what is stored, which is not in memory.
        cold = np.where(t[first] <= newest + RUN_GAP_MS, np.iinfo(np.int64).max, _LONG_AGO)
        late |= t <= np.repeat(np.where(warm, newest, cold), np.diff(first, append=len(t)))
        return late

    def _note_newest(self, device: NDArray[np.int32], t: Int) -> None:
        last = ends(device)
        heard = device[last]
        self._newest[heard] = t[last]
        for name in heard[~self._warm[heard]].tolist():
            self._fresh(name)

    def _walk_new(self, placed: LocatedFixes) -> None:
        """Walk sorted fixes that are newer than all known of their devices; those that may wait are put aside."""
        if self._steps:
            self._walk(placed)
            return
        now = placed.take(~self._deferred.put_aside(placed))
        last = now.take(ends(now.device))
        until = self._walk(now.joined(self._deferred.take(last.device)))
        self._deferred.expect(last, np.array(until, dtype=np.int64))

    def _walk(self, placed: LocatedFixes) -> list[int]:
        """Walk devices through sorted fixes, a run of those that are alike at a time; until when each is quiet then."""
        until: list[int] = []
        if not len(placed):
            return until
        device = placed.device
        alike = _follows(placed) & self._stays_in(placed)
        starts = np.arange(len(placed)) if self._steps else np.flatnonzero(~alike)
        after = np.append(starts[1:], len(placed))
        lasts = [points.Point.of(values) for values in placed.values[after - 1].tolist()]
        names, leaves = device[starts].tolist(), ends(device)[after - 1].tolist()
        fixes = placed.lists()
        for start, end, name, last, leave in zip(starts.tolist(), after.tolist(), names, lasts, leaves, strict=True):
            way, row = self._walks[name] or self._fresh(name), start
            while row < end:
                if not self._steps and way.goes_on(fixes, row, last.inner):
                    way.run(fixes, row, end, last)
                    break
                row += 1
                way.step(last if row == end else fixes.point(row - 1))
            if leave:
                if way.has_news:
                    way.flush()
                until.append(way.quiet_until)
        return until

    def _stays_in(self, placed: LocatedFixes) -> Bool:
        """Rows in the same cell as the one before, whose step passes through no other."""
        inner, (x, y) = placed.inner, placed.values[:, [X, Y]].T
        stays_in = np.zeros(len(inner), dtype=np.bool_)
        stays_in[1:] = inner[1:] == inner[:-1]
        dx, dy = np.diff(x), np.diff(y)
        far = np.flatnonzero(stays_in[1:] & (dx * dx + dy * dy >= LEAST_PASS_M_2))
        stays_in[far + 1] = ~self._grid.leaves(inner[far], (x[far], y[far]), (x[far + 1], y[far + 1]))
        return stays_in

    def _fresh(self, device: int) -> walk.Walk:
        way = self._walks[device] = walk.Walk(device, self._grid, self._rules, self._reported.append)
        self._warm[device] = True
        return way

    def _let_go(self, device: int) -> walk.Walk | None:
        if self._walks[device] is not None:
            self._walk(self._deferred.take(np.array([device], dtype=np.int32)))
        before, self._walks[device], self._warm[device] = self._walks[device], None, False
        return before

    def _restore(self, device: int, before: walk.Walk | None) -> None:
        if before is None:
            self._let_go(device)
        else:
            self._walks[device], self._warm[device] = before, True

    def _reserve(self, device: int) -> None:
        """Make room for this device, and for some more."""
        more = device + device // 4 + 1 - len(self._newest) if device >= len(self._newest) else 0
        if more:
            self._deferred.reserve(len(self._newest) + more)
            self._newest = np.append(self._newest, np.full(more, _LONG_AGO, dtype=np.int64))
            self._warm = np.append(self._warm, np.zeros(more, dtype=np.bool_))
            self._walks += [None] * more

    def _ids(self, inner: NDArray[np.int32]) -> NDArray[np.int32]:
        return self._grid.ids[inner] if len(self._grid) else inner


def _follows(placed: LocatedFixes) -> Bool:
    """Rows that follow the one before: same device, no gap, no jump."""
    device, (t, x, y, sigma) = placed.device, placed.values[:, [T, X, Y, SIGMA]].T
    follows = np.zeros(len(device), dtype=np.bool_)
    dt = np.diff(t)
    possible = plausibility.steps_possible(np.diff(x), np.diff(y), dt, sigma[1:], sigma[:-1])
    follows[1:] = (device[1:] == device[:-1]) & (dt <= RUN_GAP_MS) & possible
    return follows
