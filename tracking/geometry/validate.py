"""Topology of a grid to be imported: crossings, overlaps, adjacency. Measured in m on an equal-area projection."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from tracking.presence.fixes import Float

Rings = Sequence[NDArray[np.float64]]
"""Outer ring and holes of a polygon: closed, each an array of [lon, lat] in degrees."""

OVERLAP_M2 = 1.0
"""Overlap of two cells that is accepted, since surveyed vertices are rounded."""
TOUCH_M = 1.0
"""Shared edge that makes two cells adjacent; a common corner is shorter."""
SNAP_M = 0.1
"""Edges this close to each other count as one edge."""

_QUERY_CELLS = 256
"""Cells per query, so that a file of huge overlapping cells cannot fill the memory with pairs."""
_REASON = re.compile(r"(?P<what>[^\[]*)(\[(?P<lon>\S+) (?P<lat>\S+)\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """Why a polygon is not valid."""

    what: str
    """In the words of GEOS: Self-intersection, Hole lies outside shell, ..."""
    lon: float
    """Degrees east of the place; NaN: not known."""
    lat: float


class Shapes:
    """Polygons under validation, by index.

    Args:
        polygons: each an outer ring and holes, every ring closed, with 4 positions or more, finite and in range.
    """

    def __init__(self, polygons: Sequence[Rings]) -> None:
        self._lonlat = _polygons(polygons)
        self._plane = shapely.transform(self._lonlat, self._projection()) if len(polygons) else self._lonlat
        self._boundaries = shapely.boundary(self._plane)

    @property
    def areas_m2(self) -> Float:
        """Area of each polygon, m²."""
        return np.asarray(shapely.area(self._plane), dtype=np.float64)

    @property
    def least_ring_m2(self) -> Float:
        """Area of the smallest ring of each polygon, m²."""
        rings, owners = shapely.get_rings(self._plane, return_index=True)
        least = np.full(len(self._plane), np.inf)
        np.minimum.at(least, owners, shapely.area(shapely.polygons(rings)))
        return least

    def invalid(self) -> dict[int, Invalid]:
        """The polygons that cross themselves or whose holes are out of place."""
        wrong = np.flatnonzero(~(shapely.is_valid(self._lonlat) & shapely.is_valid(self._plane)))
        return {int(i): self._why(i) for i in wrong}

    def overlaps(self, rows: NDArray[np.intp]) -> Iterator[tuple[int, int, float]]:
        """Pairs among `rows` with more than OVERLAP_M2 in common, with that area; all `rows` must be valid."""
        for left, right in self._neighbours(rows):
            common = shapely.area(shapely.intersection(self._plane[left], self._plane[right]))
            for pair in np.flatnonzero(common > OVERLAP_M2):
                yield int(left[pair]), int(right[pair]), float(common[pair])

    def pieces(self, rows: NDArray[np.intp]) -> list[list[int]]:
        """Group `rows` into pieces joined by shared edges, the largest first."""
        parent = {int(row): int(row) for row in rows}
        for left, right in self._neighbours(rows):
            for i, j in zip(left.tolist(), right.tolist(), strict=True):
                if _root(parent, i) != _root(parent, j) and self._adjacent(i, j):
                    parent[_root(parent, i)] = _root(parent, j)
        pieces: dict[int, list[int]] = {}
        for row in parent:
            pieces.setdefault(_root(parent, row), []).append(row)
        return sorted(pieces.values(), key=len, reverse=True)

    def _why(self, i: np.intp) -> Invalid:
        if not shapely.is_valid(self._lonlat[i]):
            return _invalid(str(shapely.is_valid_reason(self._lonlat[i])))
        # Valid in degrees, slightly crossing in metres: the place would be in the wrong unit.
        fault = _invalid(str(shapely.is_valid_reason(self._plane[i])))
        return Invalid(what=fault.what, lon=np.nan, lat=np.nan)

    def _adjacent(self, i: int, j: int) -> bool:
        shared = shapely.intersection(self._boundaries[i], self._boundaries[j])
        if shapely.length(shared) >= TOUCH_M:
            return True
        near = shapely.intersection(self._boundaries[i], shapely.buffer(self._boundaries[j], SNAP_M))
        return bool(shapely.length(near) >= TOUCH_M)

    def _neighbours(self, rows: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Pairs of `rows` whose boxes meet, each pair once, in bounded portions."""
        tree = shapely.STRtree(self._plane[rows])
        for start in range(0, len(rows), _QUERY_CELLS):
            part = np.arange(start, min(start + _QUERY_CELLS, len(rows)))
            left, right = tree.query(self._plane[rows[part]])
            once = part[left] < right
            yield rows[part[left[once]]], rows[right[once]]

    def _projection(self) -> "_Projection":
        west, south, east, north = shapely.total_bounds(self._lonlat)
        return _Projection((west + east) / 2, (south + north) / 2)


class _Projection:
    """Equal-area projection about a centre: lengths are accurate to 3e-6 within 30 km of it."""

    def __init__(self, lon: float, lat: float) -> None:
        self._to_xy = pyproj.Transformer.from_crs(
            "EPSG:4326", f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +ellps=WGS84 +units=m", always_xy=True
        )

    def __call__(self, lonlat: Float) -> Float:
        return np.column_stack(self._to_xy.transform(lonlat[:, 0], lonlat[:, 1]))


def _polygons(polygons: Sequence[Rings]) -> NDArray[np.object_]:
    """Make all polygons at once; the outer ring of each comes first."""
    shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons]
    return np.array(shapes, dtype=object)


def _root(parent: dict[int, int], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


def _invalid(reason: str) -> Invalid:
    """Parse "Self-intersection[114.4 23.1]"."""
    match = _REASON.fullmatch(reason)
    if match is None or match["lon"] is None:
        return Invalid(what=reason, lon=np.nan, lat=np.nan)
    return Invalid(what=match["what"], lon=float(match["lon"]), lat=float(match["lat"]))
