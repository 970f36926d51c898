"""Small grid files for tests: squares of a lattice in one street, grouped into grids."""

import json
from typing import Any

WEST, SOUTH = 114.40, 23.08
STEP = 0.002
"""Degrees: about 200 m."""

Json = dict[str, Any]


def square(column: float, row: float, *, step: float = STEP) -> list[list[float]]:
    """Closed ring of a square of the lattice."""
    west, south = WEST + column * step, SOUTH + row * step
    east, north = WEST + (column + 1) * step, SOUTH + (row + 1) * step
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def area(kind: str, code: str, parent: str | None, name: str = "某区") -> Json:
    """A feature of a district, street or grid."""
    properties = {"kind": kind, "code": code, "name": name, "parent": parent, "synthetic": True}
    return {"type": "Feature", "geometry": None, "properties": properties}


def cell(number: int, ring: list[list[float]], grid: str, cls: str = "business") -> Json:
    """A feature of a unit cell, `number` 1-999."""
    properties = {
        "kind": "cell",
        "code": f"441302010001{number:03d}",
        "name": f"小金口-{number:02d}",
        "grid": grid,
        "class": cls,
        "weight": 1.0,
        "road_m": None,
        "synthetic": True,
    }
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties}


def collection(columns: int = 2, rows: int = 1, *, step: float = STEP) -> Json:
    """A valid grid file: each row of the lattice is a grid."""
    features = [area("district", "441302", None, "惠城区"), area("street", "441302010", "441302", "小金口街道")]
    features += [area("grid", f"G{row}", "441302010", f"小金口-{row:02d}") for row in range(rows)]
    features += [
        cell(1 + row * columns + column, square(column, row, step=step), f"G{row}")
        for row in range(rows)
        for column in range(columns)
    ]
    return {"type": "FeatureCollection", "features": features}


def encoded(document: Json) -> bytes:
    """The bytes of a grid file."""
    return json.dumps(document, ensure_ascii=False).encode()
