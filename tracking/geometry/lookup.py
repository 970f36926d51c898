"""Bulk lookup of the unit cells of fixes, and of their depth, in the cells of one city."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from tracking.geometry.depth import BEST_ACCURACY_M, DEEP_SIGMAS, SIGMA_OF_68, UNSAID_SIGMA_M, depths
from tracking.geometry.division import Division, inner_of
from tracking.geometry.segments import edges, meets, middle, spans
from tracking.geometry.squares import SquareLookup
from tracking.presence.fixes import Bool, Float, Int, Ints

Ring = Sequence[Sequence[float]]


EVER, FOR_EVER = -(1 << 53), 1 << 53
"""Before and after all times, ms; exact as floats."""

_FAR_M = 2e7
"""Used for places that cannot be projected (the other side of the earth): far outside every cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """A unit cell as the engine needs it."""

    id: int
    """Number of the cell in the store."""
    rings: Sequence[Ring]
    """Outer ring and holes, closed, [lon, lat] in WGS-84 degrees."""
    begins: int = EVER
    """Start of its time in force, ms since 1970-01-01 UTC."""
    ends: int = FOR_EVER
    """ms, exclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixCells:
    """Places of n fixes, as columns of length n."""

    x: Float
    """m east of the city's centre."""
    y: Float
    """m north of it."""
    sigma: Float
    """Standard deviation of the position per axis, m."""
    inner: Ints
    """Index (not id) of the cell of the position, -1 outside every cell."""
    depth: Float
    """Depth: how surely the position is inside `inner`, or outside every cell where that is -1. Where the accuracy is
    not said: -1 - m to the boundary, for whoever estimates the accuracy (`depth_by`)."""


class CityGrid:
    """The cells of a city; cells are numbered 0 … n-1 here, `ids` gives their numbers in the store.

    Cells may be in force for a time only. A place is looked up among those in force at its time, without a time
    among the newest. Cells that are in force at the same time do not overlap.

    Args:
        cells: all cells that are in force at any time.
        centre: (lat, lon) of the middle of the plane; None: the middle of the cells' extent.
    """

    def __init__(self, cells: Sequence[GridCell], centre: tuple[float, float] | None = None) -> None:
        lonlat = [shapely.Polygon(cell.rings[0], cell.rings[1:]) for cell in cells]
        self.ids: Ints = np.array([cell.id for cell in cells], dtype=np.int32)
        lat, lon = centre or middle(lonlat)
        self._to_xy = pyproj.Transformer.from_crs(
            "EPSG:4326",
            # Equal area about the centre: lengths are accurate to 3e-6 within 30 km, at 7 million points a second.
            f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +ellps=WGS84 +units=m",
            always_xy=True,
        )
        self._polygons = np.array([shapely.transform(shape, self._project) for shape in lonlat], dtype=object)
        self._edges = [edges(polygon) for polygon in self._polygons]
        self._boundaries = shapely.boundary(self._polygons)
        shapely.prepare(self._polygons)
        self._begins = np.array([cell.begins for cell in cells], dtype=np.int64)
        self._ends = np.array([cell.ends for cell in cells], dtype=np.int64)
        changes = {*self._begins.tolist(), *self._ends.tolist()} - {EVER, FOR_EVER}
        self._starts = [EVER, *sorted(changes)]
        self._divisions = [self._division(start) for start in self._starts]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def areas_m2(self) -> Float:
        """Area of each cell, m²."""
        return np.asarray(shapely.area(self._polygons), dtype=np.float64)

    def centroids(self) -> tuple[Float, Float]:
        """Centroid of each cell as (x, y), m."""
        points = shapely.centroid(self._polygons)
        return np.asarray(shapely.get_x(points)), np.asarray(shapely.get_y(points))

    def union(self, cells: Sequence[int]) -> shapely.Geometry:
        """Union of the cells with these indexes, m about the city's centre."""
        return shapely.union_all(self._polygons[list(cells)])

    def xy(self, lat: Float, lon: Float) -> tuple[Float, Float]:
        """Project WGS-84 degrees to metres east and north of the city's centre; never NaN."""
        x, y = self._to_xy.transform(lon, lat, errcheck=False)
        far = ~(np.isfinite(x) & np.isfinite(y))
        return np.where(far, _FAR_M, x), np.where(far, _FAR_M, y)

    def degrees(self, x: Float, y: Float) -> tuple[Float, Float]:
        """Places on the city's plane (m) as WGS-84 degrees north and east."""
        lon, lat = self._to_xy.transform(x, y, direction="INVERSE")
        return np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)

    def locate(self, lat: Float, lon: Float, t: Int | None = None) -> Ints:
        """Number in the store of the cell each place falls in at its time (ms), -1 outside every cell."""
        inner = self.index(lat, lon, t)
        return np.where(inner >= 0, self.ids[inner], -1).astype(np.int32) if len(self) else inner

    def index(self, lat: Float, lon: Float, t: Int | None = None) -> Ints:
        """Index of the cell each place falls in at its time (ms), -1 outside every cell."""
        x, y = self.xy(lat, lon)
        inner = np.full(len(x), -1, dtype=np.int32)
        for division, rows in self._by_division(t):
            inner[rows] = inner_of(division, x[rows], y[rows])[0]
        return inner

    def divided(self, before: int, after: int) -> bool:
        """Whether the cells in force at `after` differ from those at `before` (ms)."""
        starts = self._starts
        return len(starts) > 1 and bisect_right(starts, before) != bisect_right(starts, after)

    def near(self, x: Float, y: Float, within_m: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pairs of a place and a cell that contains it or lies within this distance (m), by index."""
        tree = self._divisions[-1].tree
        places, cells = tree.query(shapely.points(x, y), predicate="dwithin", distance=within_m)
        return places, cells

    def near_at(self, x: float, y: float, within_m: float, t: int) -> list[int]:
        """Indexes of the cells that contain a place at `t` (ms) or lie within this distance (m)."""
        tree = self._divisions[max(bisect_right(self._starts, t) - 1, 0)].tree
        cells: list[int] = tree.query(shapely.Point(x, y), predicate="dwithin", distance=within_m).tolist()
        return sorted(cells)

    def nearest(self, x: Float, y: Float, within_m: float) -> NDArray[np.intp]:
        """Index of the cell that contains each place, or of the nearest within this distance (m); -1: none."""
        nearest = np.full(len(x), -1, dtype=np.intp)
        if len(self) and len(x):
            places, cells = self._divisions[-1].tree.query_nearest(shapely.points(x, y), max_distance=within_m)
            order = np.argsort(-cells, kind="stable")
            nearest[places[order]] = cells[order]
        return nearest

    def places(self, lat: Float, lon: Float, acc: NDArray[np.float32], t: Int | None = None) -> FixCells:
        """Project and look up n fixes. `acc` is the 68 % radius in m, NaN unknown; `t` their times, ms."""
        x, y = self.xy(lat, lon)
        radius = np.maximum(acc, BEST_ACCURACY_M).astype(np.float64)
        sigma = np.where(np.isnan(acc), UNSAID_SIGMA_M, radius * SIGMA_OF_68)
        inner, depth = np.full(len(x), -1, dtype=np.int32), np.zeros(len(x))
        for division, rows in self._by_division(t):
            cell, seen = inner_of(division, x[rows], y[rows])
            depth[rows] = self._depth(division.tree, (x[rows], y[rows]), sigma[rows], cell, seen)
            inner[rows] = cell
        return FixCells(x=x, y=y, sigma=sigma, inner=inner, depth=depth)

    def crossing(
        self,
        cell: int,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        entering: bool,
        times: tuple[int, int] = (0, 0),
    ) -> float:
        """Where the step crosses the boundary of cell index `cell`, as a fraction 0–1 of it.

        A cell that comes into force on the way is entered then or later; one that ends is left then or before.

        Args:
            cell: index of the cell.
            start: (x, y) in m of the step's start, inside the cell unless `entering`.
            end: (x, y) in m of its end, inside the cell if `entering`.
            entering: the crossing after which the step stays inside, rather than the one up to which it was.
            times: ms at its start and end.

        Returns:
            The fraction; 0.5 where the step meets the boundary nowhere (rounding).
        """
        met = meets(self._edges[cell], start, end)
        changes = int(self._begins[cell] if entering else self._ends[cell])
        if times[0] < changes <= times[1]:
            met.append((changes - times[0]) / (times[1] - times[0]))
        if not met:
            return 0.5
        return max(met) if entering else min(met)

    def adjoin(
        self, cell: int, other: int, start: tuple[float, float], end: tuple[float, float], *, least_m: float
    ) -> bool:
        """Whether the segment from inside `cell` to inside `other` leaves less than `least_m` between the two cells.

        Within one cell: whether it leaves it for less.
        """
        leave = meets(self._edges[cell], start, end)
        if cell == other and not leave:
            return True
        enter = meets(self._edges[other], start, end)
        if not leave or not enter:
            return False
        return (max(enter) - min(leave)) * hypot(end[0] - start[0], end[1] - start[1]) < least_m

    def leaves(self, cell: Ints, start: tuple[Float, Float], end: tuple[Float, Float]) -> Bool:
        """Which of n segments leave the cell of both their ends; always true for those outside every cell."""
        left = np.ones(len(cell), dtype=np.bool_)
        rows = np.flatnonzero(cell >= 0)
        ends = np.stack([np.column_stack(start), np.column_stack(end)], axis=1)[rows]
        left[rows] = ~shapely.covers(self._polygons[cell[rows]], shapely.linestrings(ends))
        return left

    def crossed(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        least_depth_m: float,
        times: tuple[int, int] = (0, 0),
    ) -> list[tuple[int, float, float]]:
        """Cells that the step certainly passes through, as (index, fraction in, fraction out), in order.

        A cell counts when the middle of the part inside is `least_depth_m` or more from its boundary, of the part that
        was walked while the cell held. `times` are ms at the start and the end.
        """
        line = shapely.LineString([start, end])
        crossed: list[tuple[int, float, float]] = []
        for cell in self._crossing(line, *times):
            first, last = self._held(cell, *times)
            for enter, leave in spans(self._polygons[cell], start, end):
                enter, leave = max(enter, first), min(leave, last)  # noqa: PLW2901 - the same, cut
                middle = line.interpolate((enter + leave) / 2, normalized=True)
                if enter < leave and shapely.distance(self._boundaries[cell], middle) >= least_depth_m:
                    crossed.append((cell, enter, leave))
        return sorted(crossed, key=lambda crossing: (crossing[1], crossing[0]))

    def _crossing(self, line: shapely.LineString, before: int, after: int) -> list[int]:
        """Cells that a step meets and that are in force at some time of it."""
        first, last = (bisect_right(self._starts, t) for t in (before, after))
        met = [division.tree.query(line, predicate="intersects") for division in self._divisions[first - 1 : last]]
        return np.unique(np.concatenate(met)).tolist()  # type: ignore[no-any-return]

    def _held(self, cell: int, before: int, after: int) -> tuple[float, float]:
        """Part of the time of a step during which a cell is in force, as fractions 0-1."""
        length = max(after - before, 1)
        first, last = ((int(moment[cell]) - before) / length for moment in (self._begins, self._ends))
        return min(max(first, 0.0), 1.0), min(max(last, 0.0), 1.0)

    def _division(self, start: int) -> Division:
        polygons = self._polygons.copy()
        polygons[(start < self._begins) | (self._ends <= start)] = None
        return Division(polygons, self._boundaries)

    def _by_division(self, t: Int | None) -> list[tuple[Division, slice | NDArray[np.intp]]]:
        """Which of n rows with times `t` (ms) belong to each division; None: all belong to the newest."""
        if t is None or not len(t) or int(t.min()) >= self._starts[-1]:
            return [(self._divisions[-1], slice(None))]
        of = np.searchsorted(self._starts, t, side="right") - 1
        return [(self._divisions[number], np.flatnonzero(of == number)) for number in np.unique(of).tolist()]

    def _depth(
        self, tree: shapely.STRtree, at: tuple[Float, Float], sigma: Float, inner: Ints, seen: SquareLookup
    ) -> Float:
        least, most = depths(seen.least, sigma), depths(seen.most, sigma)
        depth = least.astype(np.float64)
        unclear = (inner != seen.cell) | (least != most) | (inner < 0)
        unsaid = sigma == UNSAID_SIGMA_M
        # Far from every boundary the depth is the same for every accuracy that may be estimated.
        unclear |= unsaid & (seen.least < DEEP_SIGMAS * UNSAID_SIGMA_M)
        rows = np.flatnonzero(unclear)
        if len(rows):
            away = self._boundary_m(tree, shapely.points(at[0][rows], at[1][rows]), sigma[rows], inner[rows])
            depth[rows] = np.where(unsaid[rows], -1 - away, depths(away, sigma[rows]))
        return depth

    def _boundary_m(self, tree: shapely.STRtree, points: NDArray[np.object_], sigma: Float, inner: Ints) -> Float:
        """Distance of places to the boundary of their cell, or from outside to the nearest cell, m; far ones: inf."""
        away = np.full(len(points), np.inf)
        inside = inner >= 0
        away[inside] = shapely.distance(points[inside], self._boundaries[inner[inside]])
        out = np.flatnonzero(~inside)
        if len(out) and len(tree):
            of, cells = tree.query(points[out], predicate="dwithin", distance=DEEP_SIGMAS * sigma[out])
            np.minimum.at(away, out[of], shapely.distance(points[out[of]], self._polygons[cells]))
        return away

    def _project(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(self.xy(lonlat[:, 1], lonlat[:, 0]))
