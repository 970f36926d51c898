"""Cells in which a device may have been while no fix tells surely where it is, and for how long. Pure.

The result depends on the sequence of fixes alone (docs/coverage.md, "Between two cells").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tracking.geometry.depth import SURE_SIGMAS
from tracking.geometry.lookup import CityGrid
from tracking.presence.noise import Noise
from tracking.presence.path import Path
from tracking.presence.points import Point
from tracking.presence.presence import OpenStay
from tracking.presence.stays import Stay

LOOK_MS = 30_000
"""Interval at which near cells are looked up; a walk across a boundary takes seconds and needs no lookup."""
MERGE_MS = 60_000
"""As for stays: a device that may be back within this time has not left. Shorter times are no possible visits."""


@dataclass(slots=True)
class Maybe:
    """A cell that a device may have been in. Times are ms."""

    index: int
    """Index of the cell in the grid."""
    t_in: int
    t_out: int
    ms: int = 0
    metres: float = 0.0
    """Path meanwhile."""
    fixes: int = 0
    before_ms: int = 0
    before_m: float = 0.0
    """Dwell and path of the adjoining stay in the cell."""
    beside: dict[int, int] = field(default_factory=dict)
    """Index of each cell in which the device may have been instead → for how long."""

    def until(self, end: int) -> "Maybe":
        """The part before `end` (ms)."""
        cut = max(self.t_out - end, 0)
        return replace(self, t_out=self.t_out - cut, ms=max(self.ms - cut, 0))

    @property
    def other(self) -> int:
        """Index of the most likely other cell, -1 for none."""
        return min(self.beside, key=lambda cell: (-self.beside[cell], cell), default=-1)


class Between:
    """Time in which no fix tells surely where the device is.

    Args:
        grid: the cells.
        first: its first fix.
    """

    __slots__ = (
        "_fixes", "_from", "_grid", "_metres", "_path", "_x", "_y", "back", "ended", "may", "news", "reported",
    )  # fmt: skip

    def __init__(self, grid: CityGrid, first: Point) -> None:
        self.may: list[Maybe] = []
        self.reported: dict[int, Stay] = {}
        """Reports of it, by t_in."""
        self.news = False
        """Whether there may be something new to report."""
        self.back: int | None = None
        """The last fix before those now running in the cell where the device is held, ms; None: it is seen elsewhere.
        """
        self.ended = 0
        """Its end, ms, once a fix tells surely where the device is."""
        self._grid = grid
        # With its own noise: that of the run is learnt inside cells.
        self._path = Path(Noise())
        self._begin(first.t)

    def _begin(self, t: int) -> None:
        """Begin the next part."""
        self._from, self._metres = t, self._path.metres
        self._fixes, self._x, self._y = 0, 0.0, 0.0

    def resume(self, point: Point) -> None:
        """Continue after less than a minute in which the position was sure."""
        self._path.turn(point.t, point.place, point.sigma)
        self._begin(point.t)

    def reach_back(self, t: int) -> None:
        """Note that the device is no longer held in the cell that it left at `t` (ms): it may have been there since."""
        self._from = min(self._from, t)

    def add(self, point: Point) -> bool:
        """Take a fix; returns whether a part is complete."""
        self._path.add_one(point.t, point.x, point.y, point.sigma)
        self._fixes += 1
        self._x += point.x
        self._y += point.y
        return point.t - self._from >= LOOK_MS

    def look(self, t: int, sigma: float, held: int, left: Mapping[int, OpenStay]) -> list[Maybe]:
        """Note where the device may have been during this part.

        Args:
            t: end of the part, ms.
            sigma: standard deviation of a fix, m.
            held: index of the cell in which the device is held, whose stay counts the time; -1 for none.
            left: stays that just ended, by index of the cell.

        Returns:
            Cells that the device has not been near for long: they are complete.
        """
        since = self._from
        self.may = self._with(self.may, t, sigma, held, left)
        over = [maybe for maybe in self.may if maybe.t_out + MERGE_MS <= since]
        self.may = [maybe for maybe in self.may if maybe.t_out + MERGE_MS > since]
        self._begin(t)
        self.news = True
        return over

    def until(self, end: int, sigma: float, held: int, left: Mapping[int, OpenStay]) -> list[Maybe]:
        """The result if it ends at `end` (ms); its state does not change."""
        may = self.may
        if self._fixes and end > self._from and (may or end - self._from >= LOOK_MS):
            may = self._with([replace(maybe, beside=dict(maybe.beside)) for maybe in may], end, sigma, held, left)
        return [maybe.until(end) for maybe in may]

    def _with(self, may: list[Maybe], t: int, sigma: float, held: int, left: Mapping[int, OpenStay]) -> list[Maybe]:
        near = self._near(t, sigma)
        by_cell = {maybe.index: maybe for maybe in may if maybe.t_out + MERGE_MS > self._from}
        way, may = self._path.metres - self._metres, list(may)
        for index in near:
            if index == held:
                continue
            maybe = by_cell.get(index)
            if maybe is None:
                maybe = self._maybe(may, index, left.get(index))
                may.append(maybe)
            start = max(self._from, maybe.t_out)
            maybe.ms += max(t - start, 0)
            maybe.t_out = max(t, maybe.t_out)
            maybe.metres += way
            maybe.fixes += self._fixes
            for other in near:
                if other != index:
                    maybe.beside[other] = maybe.beside.get(other, 0) + t - start
        return may

    def _maybe(self, may: list[Maybe], index: int, before: OpenStay | None) -> Maybe:
        start = self._from if before is None else max(self._from, before.inside_at)
        # Stays of a device are identified by their begin, so equal begins are made to differ by a millisecond.
        taken = {maybe.t_in for maybe in may}
        while start in taken:
            start += 1
        maybe = Maybe(index, start, start)
        if before is not None and start - before.inside_at < MERGE_MS:
            maybe.before_ms, maybe.before_m = before.dwell_ms, before.path.whole_m()
        return maybe

    def _near(self, t: int, sigma: float) -> list[int]:
        """Cells that contain the middle of the fixes of this part, or that it is not surely outside of."""
        return self._grid.near_at(self._x / self._fixes, self._y / self._fixes, SURE_SIGMAS * sigma, t)
