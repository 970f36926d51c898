"""Straight steps and the boundaries they meet, in m on the city's plane. Pure."""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely

_ROUNDING = 1e-9

Place = tuple[float, float]
Edge = tuple[float, float, float, float]
"""x, y, dx, dy: start and extent of an edge, m."""


def edges(polygon: shapely.Polygon) -> list[Edge]:
    """Edges of a polygon, holes included, as (x, y, dx, dy): start and extent of each, m."""
    listed: list[Edge] = []
    for ring in (polygon.exterior, *polygon.interiors):
        places = shapely.get_coordinates(ring)
        listed += map(tuple, np.hstack([places[:-1], np.diff(places, axis=0)]).tolist())
    return listed


def meets(edges: Iterable[Edge], start: Place, end: Place) -> list[float]:
    """Where the segment meets edges, as fractions 0-1 of it, in no order."""
    (x, y), dx, dy = start, end[0] - start[0], end[1] - start[1]
    met: list[float] = []
    # Plain loops: a cell has few edges, and a numpy call takes as long as ten of them.
    for edge_x, edge_y, edge_dx, edge_dy in edges:
        across = dx * edge_dy - dy * edge_dx
        if across == 0.0:
            continue
        to_x, to_y = edge_x - x, edge_y - y
        along = (to_x * edge_dy - to_y * edge_dx) / across
        if 0.0 <= along <= 1.0 and -_ROUNDING <= (to_x * dy - to_y * dx) / across <= 1 + _ROUNDING:
            met.append(along)
    return met


def spans(polygon: shapely.Polygon, start: Place, end: Place) -> list[tuple[float, float]]:
    """Parts of the segment inside `polygon` as fractions, in order along it."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    if length == 0.0:
        return []
    inside = shapely.intersection(polygon, shapely.LineString([start, end]))
    shares = []
    for part in shapely.get_parts(inside):
        if part.geom_type == "LineString":
            ends = shapely.get_coordinates(part)[[0, -1]]
            along = np.hypot(ends[:, 0] - start[0], ends[:, 1] - start[1]) / length
            shares.append((float(along.min()), float(along.max())))
    return sorted(shares)


def middle(lonlat: Sequence[shapely.Polygon]) -> tuple[float, float]:
    """Middle of the extent of polygons, (lat, lon) where they are in degrees."""
    west, south, east, north = shapely.total_bounds(lonlat) if len(lonlat) else (0.0, 0.0, 0.0, 0.0)
    return float(south + north) / 2, float(west + east) / 2
