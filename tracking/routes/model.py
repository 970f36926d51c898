"""The patrol routes of a city: pieces of road and checkpoints, with their history. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.geometry.lookup import CityGrid
from tracking.presence.fixes import Bool, FixColumns, Float, Int
from tracking.routes import track
from tracking.routes.checkpoints import Checkpoints, Passes
from tracking.routes.roads import Roads, Walked

EDGE_M = 10.0
"""Distance within which a road belongs to a cell: roads are often the boundary, and count for both sides."""
ASTRAY_M = 100.0
"""A checkpoint outside all cells belongs to the nearest one within this distance."""
FOR_EVER = int(np.iinfo(np.int64).max)
LEAD_MS = 900_000
"""Period before an hour whose fixes are read too: whether a place counts depends on the ones before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedPlaces:
    """n stored pieces or checkpoints, as columns of length n."""

    id: Int
    lat: Float
    lon: Float
    valid_from: Int
    """ms."""
    valid_to: Int
    """ms; FOR_EVER: in force."""

    def __len__(self) -> int:
        return len(self.id)

    def in_force(self, at: int) -> Bool:
        """Which were in force at `at` (ms)."""
        return (self.valid_from <= at) & (self.valid_to > at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """Routes done by a device in an hour. None: no road, or no checkpoint, is known."""

    walked: Walked | None
    passes: Passes | None


class PatrolRoutes:
    """Roads and checkpoints over the cells of a city.

    Args:
        grid: the cells.
        pieces: of the roads, those no longer in force included.
        length_m: of each piece.
        checkpoints: those no longer in force included.
        codes: of each checkpoint.
    """

    def __init__(
        self,
        grid: CityGrid,
        *,
        pieces: VersionedPlaces,
        length_m: Float,
        checkpoints: VersionedPlaces,
        codes: tuple[str, ...],
    ) -> None:
        self.grid = grid
        self.pieces, self.length_m = pieces, length_m
        self.checkpoints, self.codes = checkpoints, codes
        x, y = grid.xy(pieces.lat, pieces.lon)
        self.roads = Roads(x, y)
        self.piece, self.cell_of_piece = grid.near(x, y, EDGE_M)
        """Pairs of a piece and a cell that it belongs to, by index."""
        x, y = grid.xy(checkpoints.lat, checkpoints.lon)
        self._points = Checkpoints(x, y)
        self.cell_of_checkpoint: NDArray[np.intp] = grid.nearest(x, y, ASTRAY_M)
        """Index of the cell of each checkpoint, -1 for none."""

    @property
    def empty(self) -> bool:
        """Whether there are no roads and no checkpoints."""
        return not len(self.pieces) and not len(self.checkpoints)

    def hour(self, fixes: FixColumns, start: int, end: int) -> Hour:
        """Routes done by a device from `start` to `end` (ms, exclusive).

        Args:
            fixes: of one device, from LEAD_MS before `start` on, in any order; those in suspect intervals are marked.
            start: of the hour, ms.
            end: of it, ms.
        """
        way = track.believed_track(fixes.take(fixes.t < end), self.grid)
        passes = self._points.passed(way)
        touching = passes.t_out >= start
        return Hour(
            walked=self.roads.walked(way, start, end) if len(self.pieces) else None,
            passes=Passes(
                checkpoint=passes.checkpoint[touching], t_in=passes.t_in[touching], t_out=passes.t_out[touching]
            )
            if len(self.checkpoints)
            else None,
        )
