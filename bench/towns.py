"""Grids of any number of cells: part of the synthetic town, or copies of it side by side."""

from typing import Any

import msgspec

from device_sim.city import grid_file

APART_DEG = 1.0
"""From one copy to the next, eastwards: more than the width of the town."""


def features(cells: int) -> list[dict[str, Any]]:
    """Features of a grid file with so many cells, and the areas above them."""
    town = grid_file.city_geojson(1)["features"]
    kept: list[dict[str, Any]] = []
    copy = 0
    while cells > 0:
        part = _copy(_first(town, cells), copy)
        kept += part
        cells -= sum(each["properties"]["kind"] == "cell" for each in part)
        copy += 1
    return kept


def encoded(kept: list[dict[str, Any]]) -> bytes:
    """The grid file."""
    return msgspec.json.encode({"type": "FeatureCollection", "features": kept})


def _first(town: list[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    """The first `n` cells and all that they belong to."""
    areas = {each["properties"]["code"]: each for each in town if each["properties"]["kind"] != "cell"}
    cells = [each for each in town if each["properties"]["kind"] == "cell"][:n]
    wanted: set[str] = set()
    for cell in cells:
        code = cell["properties"]["grid"]
        while code is not None and code not in wanted:
            wanted.add(code)
            code = areas[code]["properties"]["parent"]
    return [each for code, each in areas.items() if code in wanted] + cells


def _copy(part: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """The same `number` places further east, under codes of its own."""
    if number == 0:
        return part
    return [
        each | {"properties": _renamed(each["properties"], number), "geometry": _moved(each["geometry"], number)}
        for each in part
    ]


def _renamed(properties: dict[str, Any], number: int) -> dict[str, Any]:
    codes = {name: properties[name] for name in ("code", "grid", "parent") if properties.get(name) is not None}
    return properties | {name: f"{int(code[:6]) + number:06d}{code[6:]}" for name, code in codes.items()}


def _moved(geometry: dict[str, Any] | None, number: int) -> dict[str, Any] | None:
    if geometry is None:
        return None
    rings = [[[lon + number * APART_DEG, lat] for lon, lat in ring] for ring in geometry["coordinates"]]
    return geometry | {"coordinates": rings}
