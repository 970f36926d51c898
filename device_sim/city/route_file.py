"""The streets of the synthetic town, and checkpoints on them, as files of docs/grid-format.md."""

from pathlib import Path
from typing import Any

import msgspec

from device_sim.city import city as cities
from device_sim.city import geodesy, streets
from device_sim.city.plan import Point

CHECKED = ("business", "public")
"""Classes of the cells that have a checkpoint."""


def roads_geojson(seed: int = 1) -> dict[str, Any]:
    """FeatureCollection of the lanes and the ways to their gates, as `patrol roads import` reads it."""
    features = []
    for lane in streets.build(seed).lanes:
        ring = [*lane.places, lane.places[0]]
        ways = [ring, *([gate, lane.places[place]] for gate, place in lane.gates.values())]
        features.append(_feature("MultiLineString", [[_position(place) for place in way] for way in ways], {}))
    return {"type": "FeatureCollection", "features": features}


def checkpoints_geojson(seed: int = 1) -> dict[str, Any]:
    """FeatureCollection of one checkpoint on the lane of each busy cell, as `patrol checkpoints import` reads it."""
    town, ways = cities.build(seed), streets.build(seed)
    features = [
        _feature("Point", _position(lane.places[0]), {"code": f"P{cell.code}", "name": f"{cell.name} 打卡点"})
        for cell, lane in zip(town.cells, ways.lanes, strict=True)
        if cell.cls in CHECKED
    ]
    return {"type": "FeatureCollection", "features": features}


def write_roads(path: Path, seed: int = 1) -> None:
    """Write the roads of the town of this seed."""
    path.write_bytes(msgspec.json.encode(roads_geojson(seed)) + b"\n")


def write_checkpoints(path: Path, seed: int = 1) -> None:
    """Write the checkpoints of the town of this seed."""
    path.write_bytes(msgspec.json.encode(checkpoints_geojson(seed)) + b"\n")


def _position(place: Point) -> list[float]:
    lat, lon = geodesy.degrees(*place)
    return [round(float(lon), 7), round(float(lat), 7)]


def _feature(kind: str, coordinates: list[Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature", "geometry": {"type": kind, "coordinates": coordinates},
        "properties": {**properties, "synthetic": True},
    }  # fmt: skip
