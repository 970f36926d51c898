"""A small city and tracks in it, for timelines of the engine: four square cells of 300 m in a row, west to east."""

from collections.abc import Iterable, Sequence

import numpy as np

from tracking.geometry import lookup
from tracking.presence import fixes, points, stays
from tracking.presence.deferred import Deferred
from tracking.presence.engine import Engine
from tracking.presence.visit_rules import VisitRule, VisitRules

T0 = 1_790_000_000_000
SIDE_M = 300.0
ORIGIN = (23.08, 114.41)
M_PER_LAT = 110_750.0
M_PER_LON = 102_470.0
Stays = dict[tuple[int, int], stays.Stay]
Runs = dict[tuple[int, int], stays.Run]
At = tuple[float, float, float]
"""(s, x, y) of a fix."""
RULE = VisitRule(dwell_ms=180_000, path_m=150.0)


def degrees(x: float, y: float) -> tuple[float, float]:
    """(lat, lon) of a place x m east and y m north of the south-west corner of the first cell."""
    return ORIGIN[0] + y / M_PER_LAT, ORIGIN[1] + x / M_PER_LON


def square(x: float, y: float, side: float = SIDE_M) -> list[list[list[float]]]:
    """Rings of a square whose south-west corner is at (x, y)."""
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
    return [[[degrees(*corner)[1], degrees(*corner)[0]] for corner in corners]]


def row_of_cells(count: int = 4) -> lookup.CityGrid:
    """Cells numbered 1 … count in the store, in a row from west to east."""
    return lookup.CityGrid([lookup.GridCell(id=n + 1, rings=square(n * SIDE_M, 0)) for n in range(count)])


def engine(count: int = 4, *, steps: bool = False, deferred: Deferred | None = None) -> Engine:
    """An engine over `row_of_cells`."""
    return Engine(row_of_cells(count), VisitRules.always([RULE] * count), steps=steps, deferred=deferred)


def track(points: Iterable[tuple[float, float, float]], *, device: int = 1, acc: float = 5.0) -> fixes.FixColumns:
    """Fixes of one device from (seconds since T0, x m, y m)."""
    listed = list(points)
    places = [degrees(x, y) for _, x, y in listed]
    return fixes.FixColumns.from_columns(
        len(listed),
        device=[device] * len(listed),
        t=[T0 + round(s * 1000) for s, _, _ in listed],
        lat=[lat for lat, _ in places],
        lon=[lon for _, lon in places],
        acc=np.full(len(listed), acc),
    )


def walk(
    start: tuple[float, float], end: tuple[float, float], *, begin: float, speed: float = 1.25, every: float = 10.0
) -> list[tuple[float, float, float]]:
    """(s, x, y) of a straight walk at `speed` m/s with a fix `every` s, the last at its end."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    times = np.append(np.arange(0, length / speed, every), length / speed)
    share = times * speed / length
    return [
        (begin + float(t), start[0] + (end[0] - start[0]) * float(f), start[1] + (end[1] - start[1]) * float(f))
        for t, f in zip(times, share, strict=True)
    ]


def stand(
    place: tuple[float, float], *, begin: float, seconds: float, every: float = 10.0
) -> list[tuple[float, float, float]]:
    """(s, x, y) of standing still."""
    return [(begin + float(t), *place) for t in np.arange(0, seconds, every)]


def logged(s: float, x: float, y: float, *, device: int = 1) -> points.Logged:
    """An event that a device logged `s` seconds after T0 at (x, y) m."""
    return points.Logged(device, T0 + round(s * 1000), *degrees(x, y))


def keep(known: dict[tuple[int, int], stays.Stay], changes: stays.Changes) -> None:
    """Apply changes of stays as the store does."""
    for change in changes.stays:
        if change.stay is None:
            known.pop((change.device, change.t_in), None)
        else:
            known[change.device, change.t_in] = change.stay


def run(of: Engine, *batches: fixes.FixColumns) -> dict[tuple[int, int], stays.Stay]:
    """Stays after the batches and a long silence, by (device, t_in). The batches must be in order."""
    known: dict[tuple[int, int], stays.Stay] = {}
    for batch in batches:
        keep(known, of.advance(batch).changes)
    keep(known, of.settle(T0 + 10**9))
    return known


class Store:
    """The pipeline's part in miniature: keeps every fix once and has late windows computed again."""

    def __init__(self, of: Engine) -> None:
        self.engine = of
        self.known: dict[tuple[int, int], stays.Stay] = {}
        self.runs: dict[tuple[int, int], stays.Run] = {}
        self.reasons: list[str | None] = []
        self._fixes: dict[tuple[int, int], fixes.FixColumns] = {}
        self._logged: set[points.Logged] = set()

    def restart(self, of: Engine) -> None:
        """Go on with a new engine that is told how far the store goes, and has the runs that go on computed again."""
        self.engine = of
        last: dict[int, int] = {}
        for device, t in [*self._fixes, *(each[:2] for each in self._logged)]:
            last[device] = max(t, last.get(device, t))
        for device, t in last.items():
            of.know(device, t)
        for run in [run for run in self.runs.values() if run.open]:
            self._recompute(run.device, run.t_first, run.t_last)

    def receive(self, batch: fixes.FixColumns, logged: Sequence[points.Logged] = ()) -> None:
        """Take a batch in any order, with duplicates, and what was logged."""
        new = set(logged) - self._logged
        self._logged |= new
        late_logged = self.engine.log(list(new))
        answer = self.engine.advance(batch)
        self._keep(answer.changes)
        late: dict[int, list[int]] = {}
        for row in range(len(batch)):
            key = int(batch.device[row]), int(batch.t[row])
            if key not in self._fixes:
                self._fixes[key] = batch.take(slice(row, row + 1))
                if answer.late[row]:
                    late.setdefault(key[0], []).append(key[1])
        for each in late_logged:
            late.setdefault(each.device, []).append(each.t)
        for device, times in late.items():
            self._recompute(device, min(times), max(times))

    def settle(self) -> None:
        """Let a long silence pass."""
        self._keep(self.engine.settle(T0 + 10**9))

    def _recompute(self, device: int, lo: int, hi: int) -> None:
        gap = 120_000
        times = sorted(t for name, t in self._fixes if name == device)
        for t in reversed([t for t in times if t < lo]):
            if lo - t > gap:
                break
            lo = t
        for t in [t for t in times if t > hi]:
            if t - hi > gap:
                break
            hi = t
        run_fixes = fixes.FixColumns.concat(self._fixes[device, t] for t in times if lo <= t <= hi)
        stored = stays.StoredStays(
            [stay for (name, t_in), stay in self.known.items() if name == device and lo <= t_in <= hi],
            [run for (name, t_first), run in self.runs.items() if name == device and lo <= t_first <= hi],
        )
        logged = [each for each in self._logged if each.device == device and lo <= each.t <= hi]
        self._keep(self.engine.recompute(device, run_fixes, stored, "late", logged=logged))

    def _keep(self, changes: stays.Changes) -> None:
        keep(self.known, changes)
        for change in changes.runs:
            if change.run is None:
                self.runs.pop((change.device, change.t_first))
            else:
                self.runs[change.device, change.t_first] = change.run
        self.reasons += [change.reason for change in changes.stays]
