"""The synthetic town as a grid file, the format of docs/grid-format.md."""

from pathlib import Path
from typing import Any

import msgspec

from device_sim.city import city as cities
from device_sim.city import streets


def city_geojson(seed: int = 1) -> dict[str, Any]:
    """FeatureCollection of the areas and cells of the town of this seed, as `patrol grid import` reads it."""
    town, ways = cities.build(seed), streets.build(seed)
    lonlat = cities.lonlat(town)
    features = [_area(area) for area in town.areas]
    features += [
        _cell(cell, [lonlat[corner] for corner in (*cell.ring, cell.ring[0])], streets.road_m(town, ways, k))
        for k, cell in enumerate(town.cells)
    ]
    return {"type": "FeatureCollection", "features": features}


def write(path: Path, seed: int = 1) -> None:
    """Write the grid file of the town of this seed."""
    path.write_bytes(msgspec.json.encode(city_geojson(seed)) + b"\n")


def _area(area: cities.Area) -> dict[str, Any]:
    properties = {"kind": area.kind, "code": area.code, "name": area.name, "parent": area.parent, "synthetic": True}
    return {"type": "Feature", "geometry": None, "properties": properties}


def _cell(cell: cities.Cell, ring: list[tuple[float, float]], road_m: float) -> dict[str, Any]:
    properties = {
        "kind": "cell",
        "code": cell.code,
        "name": cell.name,
        "grid": cell.grid,
        "class": cell.cls,
        "weight": cell.weight,
        "road_m": round(road_m, 1),
        "synthetic": True,
    }
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties}
