"""A point to send somebody to: surely inside a polygon, whatever its shape."""

from typing import Any

import shapely
from shapely.geometry import shape


def point(geometry: dict[str, Any]) -> tuple[float, float]:
    """Degrees north and east of a point inside a GeoJSON polygon: its centroid where that is inside."""
    area = shape(geometry)
    middle = area.centroid if area.contains(area.centroid) else shapely.point_on_surface(area)
    return round(middle.y, 7), round(middle.x, 7)
