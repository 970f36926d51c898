"""An open stay: time, path and fixes inside one cell, independent of batches."""

from dataclasses import dataclass
from math import hypot

from tracking.presence.path import Path
from tracking.presence.points import Fixes, Place
from tracking.presence.stays import Stay, classify
from tracking.presence.visit_rules import VisitRule


@dataclass(slots=True)
class OpenStay:
    """The state of a stay that may still grow. Positions are (x, y) in m, times ms."""

    device: int
    cell: int
    """Number of the cell in the store."""
    index: int
    """Index of the cell in the grid."""
    t_in: int
    entry: Place
    inside_at: int
    """Latest known moment inside."""
    place: Place
    """Its position."""
    path: Path
    """Path inside."""
    dwell_ms: int = 0
    fixes: int = 0

    def add(self, fixes: Fixes, start: int, end: int) -> None:
        """Count the fixes inside from row `start` to row `end` (not included)."""
        times, xs, ys, _ = fixes
        self.dwell_ms += times[end - 1] - self.inside_at
        self.inside_at, self.place = times[end - 1], (xs[end - 1], ys[end - 1])
        self.fixes += end - start
        self.path.add(fixes, start, end)

    def add_one(self, t: int, x: float, y: float, sigma: float) -> None:
        """`add` for one fix, the usual case in live batches; bit-identical."""
        self.dwell_ms += t - self.inside_at
        self.inside_at, self.place = t, (x, y)
        self.fixes += 1
        self.path.add_one(t, x, y, sigma)

    def back(self, here: "OpenStay") -> None:
        """Continue with the counts after an exit, whose time and path do not count."""
        here.path.metres += self.path.whole_m()
        self.path = here.path
        self.inside_at, self.place = here.inside_at, here.place
        self.dwell_ms += here.dwell_ms
        self.fixes += here.fixes

    def cross(self, t_in: int, t_out: int, place: Place, way_m: float) -> None:
        """Count a crossing between two fixes elsewhere; it ends at `place`."""
        self.dwell_ms += t_out - t_in
        self.path.metres += way_m
        self.inside_at, self.place = t_out, place

    def leave(self, t: int, place: Place, sigma: float) -> None:
        """Cross the boundary outwards at `t` and `place`."""
        self.path.leave(t, place, sigma)
        self.dwell_ms += t - self.inside_at
        self.inside_at, self.place = t, place

    def stay(self, rule: VisitRule, *, logged: bool) -> Stay:
        """The stay if it ends now, or silence ends it. `logged`: an event was logged in it."""
        path = self.path.whole_m()
        way = hypot(self.place[0] - self.entry[0], self.place[1] - self.entry[1])
        return Stay(
            device=self.device, cell=self.cell, t_in=self.t_in, t_out=self.inside_at, dwell_ms=self.dwell_ms,
            path_m=round(path, 1), fixes=self.fixes, kind=classify(rule, self.dwell_ms, path, way, logged=logged),
            open=False,
        )  # fmt: skip
