"""The accepted track of a device in metres, from its fixes. Pure: the order of the fixes does not matter."""

from dataclasses import dataclass

import numpy as np

from tracking.geometry.depth import SIGMA_OF_68, Depth
from tracking.geometry.lookup import CityGrid
from tracking.presence import plausibility
from tracking.presence.fixes import Bool, FixColumns, Float, Int
from tracking.presence.points import Point
from tracking.presence.trail import Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class BelievedTrack:
    """n accepted fixes in order of time, as columns of length n."""

    t: Int
    """ms."""
    x: Float
    """m east of the city's centre."""
    y: Float
    """m north of it."""
    acc: Float
    """68 % radius by which the fix is judged, m."""
    joined: Bool
    """Whether a valid step leads here from the fix before, without silence or jump."""

    def __len__(self) -> int:
        return len(self.t)


class _Way(Trail):
    """Collects accepted fixes."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[Point, bool]] = []

    def end(self) -> None:
        """End of the fixes."""
        self._believe_silent()

    def _move(self, first: Point) -> None:
        pass

    def _take(self, last: Point | None, point: Point) -> None:
        self.taken.append((point, last is not None))


def believed_track(fixes: FixColumns, grid: CityGrid) -> BelievedTrack:
    """Follow the fixes of one device as the engine does; fixes that count for no presence are left out.

    Args:
        fixes: of one device, in any order; those in suspect intervals are marked.
        grid: gives the metres.
    """
    _, first = np.unique(fixes.t, return_index=True)
    rows = fixes.take(first)
    rows = rows.take(plausibility.eligible(rows))
    places, way = grid.places(rows.lat, rows.lon, rows.acc), _Way()
    columns = (rows.t, places.x, places.y, places.sigma)
    for t, x, y, sigma in zip(*(column.tolist() for column in columns), strict=True):
        # For roads and checkpoints the cell of the fix does not matter.
        way.step(Point(t, x, y, sigma, -1, Depth.UNSURE, 0.0, 0.0))
    way.end()
    taken = [point for point, _ in way.taken]
    return BelievedTrack(
        t=np.array([point.t for point in taken], dtype=np.int64),
        x=np.array([point.x for point in taken], dtype=np.float64),
        y=np.array([point.y for point in taken], dtype=np.float64),
        acc=np.array([point.sigma for point in taken], dtype=np.float64) / SIGMA_OF_68,
        joined=np.array([joined for _, joined in way.taken], dtype=np.bool_),
    )
