"""A point inside a polygon of any shape, as a destination."""

import math
from typing import Any

import shapely
from shapely.geometry import shape

EARTH_M = 6_371_009.0


def point(geometry: dict[str, Any]) -> tuple[float, float]:
    """Degrees north and east of a point inside a GeoJSON polygon: its centroid where that is inside."""
    area = shape(geometry)
    middle = area.centroid if area.contains(area.centroid) else shapely.point_on_surface(area)
    return round(middle.y, 7), round(middle.x, 7)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Straight line between two places of a city, degrees north and east; accurate to some parts in a thousand."""
    return math.hypot(*offset(one, other))


def offset(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Distance of one place of a city to the east and north of another, m; accurate to some parts in a thousand."""
    north = math.radians(other[0] - one[0])
    east = math.radians(other[1] - one[1]) * math.cos(math.radians((one[0] + other[0]) / 2))
    return EARTH_M * east, EARTH_M * north
