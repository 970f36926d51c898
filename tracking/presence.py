"""A stay in the making: time, way and fixes inside one cell, whatever the batches in which the fixes came."""

from dataclasses import dataclass, field
from math import hypot

from tracking.coverage import ClassRule
from tracking.stays import Stay, worth

BLOCK_MS = 30_000
"""Positions are averaged over it before the way is measured."""
BLOCK_FIXES = 3
"""A block goes on until it has so many: a single fix every minute jitters more than it walks."""
LEAST_STEP_M = 30.0
"""Means nearer than this to the last corner of the way are jitter: a standing device walks nowhere."""

Place = tuple[float, float]


@dataclass(slots=True)
class Presence:
    """What is known of a stay that may still grow. Places are (x, y) in m, times ms."""

    device: int
    cell: int
    """Number of the cell in the store."""
    index: int
    """Index of the cell in the grid."""
    t_in: int
    entry: Place
    inside_at: int
    """Latest moment known inside."""
    place: Place
    """Where that was."""
    dwell_ms: int = 0
    fixes: int = 0
    path_m: float = 0.0
    """Way inside without jitter, up to the last finished block."""
    _corner: Place | None = None
    _block: int = -1
    # Sums in whole millimetres: integer addition gives one result however the fixes were batched.
    _sum: list[int] = field(default_factory=lambda: [0, 0, 0])

    def add(self, t: int, place: Place, *, count: int = 1, sums: tuple[int, int] | None = None) -> None:
        """Count fixes inside, all within one block, of which the last is at `t` and `place`.

        Args:
            t: time of the last of them, ms.
            place: where it was.
            count: how many they are.
            sums: sum of their x and y in mm, for more than one.
        """
        self.dwell_ms += t - self.inside_at
        self.inside_at, self.place = t, place
        self.fixes += count
        if t // BLOCK_MS != self._block and self._sum[2] >= BLOCK_FIXES:
            self._close_block()
        self._block = t // BLOCK_MS
        dx, dy = sums or (millimetres(place[0]), millimetres(place[1]))
        self._sum[0] += dx
        self._sum[1] += dy
        self._sum[2] += count

    def turn(self, place: Place) -> None:
        """Begin or go on measuring the way at a crossing of the boundary."""
        self._close_block()
        self._block = -1
        self._corner = place

    def leave(self, t: int, place: Place) -> None:
        """Cross the boundary outwards at `t` and `place`."""
        self._close_block()
        self._block = -1
        self._walk_to(place)
        self.dwell_ms += t - self.inside_at
        self.inside_at, self.place = t, place

    def ended(self, rule: ClassRule) -> Stay:
        """The stay as it is when it ends, or silence ends it."""
        path = self.path_m + self._unfinished_m()
        way = hypot(self.place[0] - self.entry[0], self.place[1] - self.entry[1])
        return Stay(
            device=self.device, cell=self.cell, t_in=self.t_in, t_out=self.inside_at, dwell_ms=self.dwell_ms,
            path_m=round(path, 1), fixes=self.fixes, kind=worth(rule, self.dwell_ms, path, way), open=False,
        )  # fmt: skip

    def _close_block(self) -> None:
        x, y, count = self._sum
        if count:
            self._walk_to((x / count / 1000, y / count / 1000))
            self._sum = [0, 0, 0]

    def _walk_to(self, place: Place) -> None:
        if self._corner is None:
            self._corner = place
            return
        step = hypot(place[0] - self._corner[0], place[1] - self._corner[1])
        if step >= LEAST_STEP_M:
            self.path_m += step
            self._corner = place

    def _unfinished_m(self) -> float:
        x, y, count = self._sum
        if not count or self._corner is None:
            return 0.0
        step = hypot(x / count / 1000 - self._corner[0], y / count / 1000 - self._corner[1])
        return step if step >= LEAST_STEP_M else 0.0


def millimetres(metres: float) -> int:
    """Round to whole millimetres, half to even, as numpy's rint does."""
    return round(metres * 1000)
