"""An area drawn on the map: the cells it touches, and when a device was in it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from tracking.presence.fixes import Bool, Float, Int
from tracking.presence.trail import GAP_MS

MERGED_MS = 60_000
"""An absence shorter than this does not end a presence."""
_ROUNDING_SHARE = 1e-3
"""Slivers between neighbouring cells up to this share of the area are ignored."""


@dataclass(frozen=True, slots=True)
class InsideInterval:
    """Presence without an absence of a minute."""

    t_from: int
    """ms."""
    t_to: int
    fixes: int
    """Fixes inside; 0: the straight line between two fixes outside crosses the area."""


class Region:
    """A simple polygon.

    Args:
        ring: its corners as (lon, lat) in WGS-84 degrees, closed or not.

    Raises:
        ValueError: the corners enclose no area, or the outline crosses itself.
    """

    def __init__(self, ring: Sequence[Sequence[float]]) -> None:
        if len({tuple(corner) for corner in ring}) < 3:
            raise ValueError("an area needs three different corners")
        drawn = shapely.Polygon(ring)
        if not drawn.is_valid or drawn.area == 0:
            raise ValueError("the outline crosses itself or encloses nothing; draw it again")
        self._degrees = drawn
        lon, lat = drawn.centroid.coords[0]
        self._to_xy = pyproj.Transformer.from_crs(
            "EPSG:4326", f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +ellps=WGS84 +units=m", always_xy=True
        )
        self._polygon = shapely.transform(drawn, self._project)
        shapely.prepare(self._polygon)

    @property
    def area_m2(self) -> float:
        """Area, m²."""
        return float(shapely.area(self._polygon))

    def touched(self, polygons: Sequence[dict[str, Any]]) -> tuple[NDArray[np.intp], bool]:
        """Which of these GeoJSON polygons (degrees) meet the area, and whether together they cover it."""
        shapes = np.array([_shape(polygon["coordinates"]) for polygon in polygons], dtype=object)
        if not len(shapes):
            return np.empty(0, dtype=np.intp), False
        hit = np.flatnonzero(shapely.intersects(shapes, self._degrees))
        inside = float(shapely.area(shapely.intersection(shapes[hit], self._degrees)).sum())
        return hit, inside >= (1 - _ROUNDING_SHARE) * self._degrees.area

    def holds(self, lat: Float, lon: Float) -> Bool:
        """Which places are inside."""
        x, y = self._to_xy.transform(lon, lat, errcheck=False)
        return np.asarray(shapely.contains_xy(self._polygon, x, y), dtype=np.bool_)

    def intervals(self, t: Int, lat: Float, lon: Float) -> list[InsideInterval]:
        """When a device with these fixes, in order of time, was inside."""
        if not len(t):
            return []
        x, y = self._to_xy.transform(lon, lat, errcheck=False)
        inside = np.asarray(shapely.contains_xy(self._polygon, x, y), dtype=np.bool_)
        at = t[inside]
        spans = sorted([*((moment, moment) for moment in at.tolist()), *self._ways(t, np.column_stack([x, y]))])
        merged: list[tuple[int, int]] = []
        for start, end in spans:
            if merged and start - merged[-1][1] < MERGED_MS:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return [
            InsideInterval(start, end, int(np.searchsorted(at, end, "right") - np.searchsorted(at, start)))
            for start, end in merged
        ]

    def _ways(self, t: Int, places: Float) -> Iterator[tuple[int, int]]:
        """Times at which the straight line between neighbouring fixes was inside."""
        near = np.flatnonzero(np.diff(t) <= GAP_MS)
        lines = shapely.linestrings(np.stack([places[near], places[near + 1]], axis=1))
        for which in np.flatnonzero(shapely.intersects(self._polygon, lines)).tolist():
            line, first = lines[which], int(near[which])
            start, lasting = int(t[first]), int(t[first + 1] - t[first])
            if line.length == 0:
                yield start, start + lasting
                continue
            for piece in shapely.get_parts(shapely.intersection(line, self._polygon)):
                ends = shapely.get_coordinates(piece)[[0, -1]]
                along = sorted(shapely.line_locate_point(line, shapely.points(ends), normalized=True).tolist())
                yield start + round(along[0] * lasting), start + round(along[1] * lasting)

    def _project(self, lonlat: Float) -> Float:
        return np.column_stack(self._to_xy.transform(lonlat[:, 0], lonlat[:, 1]))


def _shape(rings: Sequence[Sequence[Sequence[float]]]) -> shapely.Polygon:
    return shapely.Polygon(rings[0], rings[1:])
