"""Which unit cell a fix is in, and how surely: bulk lookups on the cells of one city."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import hypot

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from tracking.fixes import Bool, Float, Ints
from tracking.geometry.squares import NEW, Seen, Squares

Ring = Sequence[Sequence[float]]

SURE_SIGMAS = 0.8416
"""Φ⁻¹(0.8): a fix this many standard deviations inside a straight boundary is inside with P > 0.8."""
DEEP_SIGMAS = 3.0
"""A fix this deep inside needs no second one: P > 0.998."""


class Depth(IntEnum):
    """How surely a position is inside the cell it falls in."""

    UNSURE = 0
    SURE = 1
    """With P > 0.8."""
    DEEP = 2
    """With P > 0.998."""


SIGMA_OF_68 = 1 / 1.515
"""Standard deviation per axis of a circular normal error, from its 68 % radius (domain: P(R < 1.515 σ) = 0.68)."""
ASSUMED_ACCURACY_M = 25.0
BEST_ACCURACY_M = 3.0
"""Receivers that claim better than this are not believed."""

_ROUNDING = 1e-9
_FAR_M = 2e7
"""Stands for places the projection cannot show (the other side of the earth): far outside every cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """A unit cell as the engine needs it."""

    id: int
    """Number of the cell in the store."""
    rings: Sequence[Ring]
    """Outer ring and holes, closed, [lon, lat] in WGS-84 degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where n fixes are, as columns of length n."""

    x: Float
    """m east of the city's centre."""
    y: Float
    """m north of it."""
    sigma: Float
    """Standard deviation of the position per axis, m."""
    inner: Ints
    """Index (not id) of the cell the position falls in, -1 outside every cell."""
    depth: NDArray[np.uint8]
    """Depth: how surely the position is inside `inner`."""


class CityGrid:
    """The cells of a city; cells are numbered 0 … n-1 here, `ids` gives their numbers in the store."""

    def __init__(self, cells: Sequence[GridCell]) -> None:
        lonlat = [shapely.Polygon(cell.rings[0], cell.rings[1:]) for cell in cells]
        self.ids: Ints = np.array([cell.id for cell in cells], dtype=np.int32)
        west, south, east, north = shapely.total_bounds(lonlat) if lonlat else (0.0, 0.0, 0.0, 0.0)
        self._to_xy = pyproj.Transformer.from_crs(
            "EPSG:4326",
            # Equal area about the centre: lengths are true to 3e-6 within 30 km, and 7 million points a second.
            f"+proj=laea +lat_0={(south + north) / 2:.6f} +lon_0={(west + east) / 2:.6f} +ellps=WGS84 +units=m",
            always_xy=True,
        )
        self._polygons = np.array([shapely.transform(shape, self._project) for shape in lonlat], dtype=object)
        self._edges = [_edges(polygon) for polygon in self._polygons]
        self._boundaries = shapely.boundary(self._polygons)
        self._tree = shapely.STRtree(self._polygons)
        shapely.prepare(self._polygons)
        self._squares = Squares(self._polygons, self._boundaries, self._tree)

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
        """What the cells with these indexes cover together, m about the city's centre."""
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

    def locate(self, lat: Float, lon: Float) -> Ints:
        """Number in the store of the cell each place falls in, -1 outside every cell."""
        inner = self.index(lat, lon)
        return np.where(inner >= 0, self.ids[inner], -1).astype(np.int32) if len(self) else inner

    def index(self, lat: Float, lon: Float) -> Ints:
        """Index of the cell each place falls in, -1 outside every cell."""
        return self._inner(*self.xy(lat, lon))[0]

    def near(self, x: Float, y: Float, within_m: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Pairs of a place and a cell that holds it or lies within so many metres of it, by their indexes."""
        places, cells = self._tree.query(shapely.points(x, y), predicate="dwithin", distance=within_m)
        return places, cells

    def nearest(self, x: Float, y: Float, within_m: float) -> NDArray[np.intp]:
        """Index of the cell that holds each place, or is nearest within so many metres of it; -1: none is."""
        found = np.full(len(x), -1, dtype=np.intp)
        if len(self) and len(x):
            places, cells = self._tree.query_nearest(shapely.points(x, y), max_distance=within_m)
            order = np.argsort(-cells, kind="stable")
            found[places[order]] = cells[order]
        return found

    def places(self, lat: Float, lon: Float, acc: NDArray[np.float32]) -> Places:
        """Project and look up n fixes. `acc` is the 68 % radius in m, NaN unknown."""
        x, y = self.xy(lat, lon)
        radius = np.where(np.isnan(acc), ASSUMED_ACCURACY_M, np.maximum(acc, BEST_ACCURACY_M)).astype(np.float64)
        sigma = radius * SIGMA_OF_68
        inner, seen = self._inner(x, y)
        return Places(x=x, y=y, sigma=sigma, inner=inner, depth=self._depth(x, y, sigma, inner, seen))

    def crossing(self, cell: int, start: tuple[float, float], end: tuple[float, float], *, entering: bool) -> float:
        """Where the segment crosses the boundary of cell index `cell`, as a fraction 0–1 of it.

        Args:
            cell: index of the cell.
            start: (x, y) in m of the segment's start, inside the cell unless `entering`.
            end: (x, y) in m of its end, inside the cell if `entering`.
            entering: the crossing after which the segment stays inside, rather than the one up to which it was.

        Returns:
            The fraction; 0.5 where the segment meets the boundary nowhere (rounding).
        """
        met = self._met(cell, start, end)
        if not met:
            return 0.5
        return max(met) if entering else min(met)

    def adjoin(
        self, cell: int, other: int, start: tuple[float, float], end: tuple[float, float], *, least_m: float
    ) -> bool:
        """Whether the segment from inside `cell` to inside `other` leaves less than `least_m` between the two cells.

        Within one cell: whether it leaves it for less.
        """
        leave = self._met(cell, start, end)
        if cell == other and not leave:
            return True
        enter = self._met(other, start, end)
        if not leave or not enter:
            return False
        return (max(enter) - min(leave)) * hypot(end[0] - start[0], end[1] - start[1]) < least_m

    def leaves(self, cell: Ints, start: tuple[Float, Float], end: tuple[Float, Float]) -> Bool:
        """Which of n segments leave the cell that both their ends are in; one outside every cell may always do."""
        left = np.ones(len(cell), dtype=np.bool_)
        rows = np.flatnonzero(cell >= 0)
        ends = np.stack([np.column_stack(start), np.column_stack(end)], axis=1)[rows]
        left[rows] = ~shapely.covers(self._polygons[cell[rows]], shapely.linestrings(ends))
        return left

    def crossed(
        self, start: tuple[float, float], end: tuple[float, float], *, least_depth_m: float
    ) -> list[tuple[int, float, float]]:
        """Cells that the segment passes through surely, as (index, fraction in, fraction out), in order.

        A cell counts when the middle of the part inside is `least_depth_m` or more from its boundary.
        """
        line = shapely.LineString([start, end])
        found: list[tuple[int, float, float]] = []
        for cell in self._tree.query(line, predicate="intersects"):
            for enter, leave in self._spans(self._polygons[cell], start, end):
                middle = line.interpolate((enter + leave) / 2, normalized=True)
                if shapely.distance(self._boundaries[cell], middle) >= least_depth_m:
                    found.append((int(cell), enter, leave))
        return sorted(found, key=lambda crossing: (crossing[1], crossing[0]))

    def _met(self, cell: int, start: tuple[float, float], end: tuple[float, float]) -> list[float]:
        """Where the segment meets the boundary of a cell, as fractions 0-1 of it, in no order."""
        (x, y), dx, dy = start, end[0] - start[0], end[1] - start[1]
        met: list[float] = []
        # Plain loops: a cell has few edges, and a numpy call takes as long as ten of them.
        for edge_x, edge_y, edge_dx, edge_dy in self._edges[cell]:
            across = dx * edge_dy - dy * edge_dx
            if across == 0.0:
                continue
            to_x, to_y = edge_x - x, edge_y - y
            along = (to_x * edge_dy - to_y * edge_dx) / across
            if 0.0 <= along <= 1.0 and -_ROUNDING <= (to_x * dy - to_y * dx) / across <= 1 + _ROUNDING:
                met.append(along)
        return met

    def _inner(self, x: Float, y: Float) -> tuple[Ints, Seen]:
        """Index of the cell each place is in, and what the squares tell of it; those that know nothing yet learn."""
        seen = self._squares.look(x, y)
        inner = seen.cell.copy()
        rows = np.flatnonzero(~seen.alike)
        inner[rows] = found = self._search(x[rows], y[rows])
        fresh = rows[(seen.cell[rows] == NEW) & (found >= 0)]
        if len(fresh):
            self._squares.learn(x[fresh], y[fresh])
        return inner, seen

    def _search(self, x: Float, y: Float) -> Ints:
        inner = np.full(len(x), -1, dtype=np.int32)
        if len(self) and len(x):
            rows, cells = self._tree.query(shapely.points(x, y), predicate="intersects")
            # A point on a shared edge meets both cells: the lower index wins, whatever order the tree answers in.
            order = np.argsort(-cells, kind="stable")
            inner[rows[order]] = cells[order]
        return inner

    def _depth(self, x: Float, y: Float, sigma: Float, inner: Ints, seen: Seen) -> NDArray[np.uint8]:
        least, most = _depths(seen.least, sigma), _depths(seen.most, sigma)
        depth = np.where(inner >= 0, least, np.uint8(Depth.UNSURE))
        rows = np.flatnonzero((inner >= 0) & ((inner != seen.cell) | (least != most)))
        inside_by = shapely.distance(shapely.points(x[rows], y[rows]), self._boundaries[inner[rows]])
        depth[rows] = _depths(inside_by, sigma[rows])
        return depth

    def _spans(
        self, polygon: shapely.Polygon, start: tuple[float, float], end: tuple[float, float]
    ) -> list[tuple[float, float]]:
        """Parts of the segment inside `polygon` as fractions, in order along it."""
        length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
        if length == 0.0:
            return []
        inside = shapely.intersection(polygon, shapely.LineString([start, end]))
        spans = []
        for part in shapely.get_parts(inside):
            if part.geom_type == "LineString":
                ends = shapely.get_coordinates(part)[[0, -1]]
                along = np.hypot(ends[:, 0] - start[0], ends[:, 1] - start[1]) / length
                spans.append((float(along.min()), float(along.max())))
        return sorted(spans)

    def _project(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(self.xy(lonlat[:, 1], lonlat[:, 0]))


def _depths(inside_by: Float, sigma: Float) -> NDArray[np.uint8]:
    """Depth of places so far (m) from the boundary of the cell they are in."""
    return (inside_by >= SURE_SIGMAS * sigma).astype(np.uint8) + (inside_by >= DEEP_SIGMAS * sigma)


def _edges(polygon: shapely.Polygon) -> list[tuple[float, float, float, float]]:
    """Edges of a polygon, holes included, as (x, y, dx, dy): where each starts and how far it goes, m."""
    edges: list[tuple[float, float, float, float]] = []
    for ring in (polygon.exterior, *polygon.interiors):
        places = shapely.get_coordinates(ring)
        edges += map(tuple, np.hstack([places[:-1], np.diff(places, axis=0)]).tolist())
    return edges
