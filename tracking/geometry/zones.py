"""Areas of many cells, and the distances of places to their boundaries. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.geometry.lookup import CityGrid
from tracking.presence.fixes import Float

NO_ZONE = -1
_SLIVER_M = 1.0
"""Gaps between neighbours up to this width are closed: they are not boundaries of the area."""


class Zones:
    """Areas of a city by their code, numbered in the order given.

    Args:
        grid: cells of the city.
        members: code of each area → indexes of its cells.
    """

    def __init__(self, grid: CityGrid, members: Mapping[str, Sequence[int]]) -> None:
        self.index = {code: number for number, code in enumerate(members)}
        self._shapes = []
        for cells in members.values():
            shape = shapely.buffer(shapely.buffer(grid.union(cells), _SLIVER_M), -_SLIVER_M)
            shapely.prepare(shape)
            self._shapes.append(shape)
        self._edges = [shapely.boundary(shape) for shape in self._shapes]
        for edge in self._edges:
            shapely.prepare(edge)

    def inside_by(self, zone: NDArray[np.intp], x: Float, y: Float) -> Float:
        """Depth of each place inside its zone, m; negative outside, NaN where `zone` is NO_ZONE."""
        depth = np.full(len(zone), np.nan)
        for number in np.unique(zone[zone != NO_ZONE]).tolist():
            rows = np.flatnonzero(zone == number)
            points = shapely.points(x[rows], y[rows])
            away = shapely.distance(self._edges[number], points)
            depth[rows] = np.where(shapely.contains_properly(self._shapes[number], points), away, -away)
        return depth
