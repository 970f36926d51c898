"""The geofence engine: batches of fixes go in, stays come out. Pure: no clock, no I/O; time comes with the fixes.

The steps of `advance`, in order: sort; set late fixes aside; look up cells for the whole batch at once; defer fixes
without consequences; walk each device through runs of similar fixes. Live batches, back-fill and rebuild use the same
code, and the result depends on the set of fixes alone (order independence).
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
"""Most events of a device kept in memory for its fixes; beyond that the store is read."""
RUN_GAP_MS = trail.GAP_MS
"""Longest gap within a run: data beyond a longer gap cannot change a stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What a batch of n fixes changed."""

    changes: stays.Changes
    """To be stored with the fixes."""
    late: Bool
    """For each row: not newer than the known fixes of its device, or not judged since its run is not in memory."""
    cell: NDArray[np.int32]
    """For each row: number of the cell that contains the position, -1 outside all cells."""


class Engine:
    """The state of all devices, and the rules that change it.

    Args:
        grid: the cells.
        rules: rules of valid visits, by index of the cell in the grid.
        steps: process every fix alone (for tests of the bulk path).
        deferred: store of deferred fixes; None: one for a large fleet.
    """

    def __init__(
        self, grid: CityGrid, rules: VisitRules, *, steps: bool = False, deferred: Deferred | None = None
    ) -> None:
        self._grid = grid
        self._rules = rules
        self._steps = steps
        # By device number, which the store assigns in order: the newest known time, whether the run is in memory, and
        # the run. Columns, since a batch of a large fleet rarely has two fixes of one device.
        self._newest = np.full(1, _LONG_AGO, dtype=np.int64)
        self._warm = np.zeros(1, dtype=np.bool_)
        self._walks: list[walk.Walk | None] = [None]
        self._deferred = Deferred() if deferred is None else deferred
        self._reported = Reported()

    def know(self, device: int, last_t: int) -> None:
        """Note that the store has fixes or events of `device` up to `last_t` (ms) whose run is not in memory."""
        self._reserve(device)
        before = self._let_go(device)
        ahead = [t for t, _ in before.logged_after(last_t)] if before is not None else []
        self._newest[device] = max(last_t, *ahead, int(self._newest[device]))

    def log(self, logged: Sequence[points.Logged]) -> list[points.Logged]:
        """Take logged events, in any order, before the fixes of their batch; repeating has no effect.

        Returns:
            Events that may belong to reported stays: once stored, their windows go through `recompute`.
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
        """(ms, number of the cell in the store) of events logged inside a cell."""
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
        """Recompute the stays of some runs of a device.

        Args:
            device: number of the device.
            fixes: all stored fixes of the runs, of this device only.
            stored: its current stays and its runs that begin within them.
            reason: why the earlier state is no longer valid, for the history.
            logged: all stored events of the device between the first and the last of the fixes.

        Returns:
            The differences from `stored`. If the fixes reach the newest one of the device, its state is replaced.
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
            # An old stretch: the next data is more than a gap away, so silence has ended its last stay.
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
        """End the stays of devices whose newest fix is more than a gap before `now` (ms).

        Call it periodically with the server's clock; a device that continues after all is reported again.
        """
        silent = np.flatnonzero(self._warm & (self._newest < now - RUN_GAP_MS)).astype(np.int32)
        self._walk(self._deferred.take(silent))
        for device in silent.tolist():
            self._settle(device)
        return self._reported.take()

    def _settle(self, device: int) -> None:
        """End the stays of a silent device; if it cannot continue from there, the store is read when it is heard."""
        settled = self._walks[device]
        if settled is not None and not settled.settle():
            self._let_go(device)

    def _late(self, device: NDArray[np.int32], t: Int) -> Bool:
        """Sorted rows that are not newer than known fixes, or duplicates within the batch."""
        late = np.zeros(len(t), dtype=np.bool_)
        late[1:] = (device[1:] == device[:-1]) & (t[1:] == t[:-1])
        first = np.flatnonzero(np.diff(device, prepend=-1))
        newest, warm = self._newest[device[first]], self._warm[device[first]]
        # The run of a device that is not warm may continue a stored run, which is not in memory.
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
        """Walk sorted fixes that are newer than all known ones of their devices; defer those that may wait."""
        if self._steps:
            self._walk(placed)
            return
        now = placed.take(~self._deferred.put_aside(placed))
        last = now.take(ends(now.device))
        until = self._walk(now.joined(self._deferred.take(last.device)))
        self._deferred.expect(last, np.array(until, dtype=np.int64))

    def _walk(self, placed: LocatedFixes) -> list[int]:
        """Walk devices through sorted fixes, a run of similar ones at a time; returns until when each is quiet."""
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
            device_walk, row = self._walks[name] or self._fresh(name), start
            while row < end:
                if not self._steps and device_walk.goes_on(fixes, row, last.inner):
                    device_walk.run(fixes, row, end, last)
                    break
                row += 1
                device_walk.step(last if row == end else fixes.point(row - 1))
            if leave:
                if device_walk.has_news:
                    device_walk.flush()
                until.append(device_walk.quiet_until)
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
        device_walk = self._walks[device] = walk.Walk(device, self._grid, self._rules, self._reported.append)
        self._warm[device] = True
        return device_walk

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
        """Make room for this device and some more."""
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
