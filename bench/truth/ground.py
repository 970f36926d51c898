"""Irregular towns: cells around random sites, holes, enclaves and thin cells; some change in mid-shift."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf, pi, sqrt
from random import Random

import pyproj
import shapely
from shapely.affinity import rotate, translate
from shapely.ops import split

from bench.truth.city import Cell, City
from bench.truth.referee import Asked

LEAST_AREA_M2 = 150.0
HOLES, ENCLAVES, THIN, SPLIT, ENDED, JOINED = 0.08, 0.08, 0.08, 0.12, 0.05, 0.05
"""Shares of the cells that are no cell, hold an enclave, are cut by a strip, and change with the division."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres about a centre, (lat, lon)."""

    to: pyproj.Transformer

    @classmethod
    def about(cls, lat: float, lon: float) -> "Plane":
        """The plane about a centre."""
        crs = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84 +units=m"
        return cls(pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True))

    def metres(self, lat: float, lon: float) -> tuple[float, float]:
        """(x, y) of degrees."""
        return self.to.transform(lon, lat)

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """(lat, lon) of metres."""
        lon, lat = self.to.transform(x, y, direction="INVERSE")
        return lat, lon

    def rings(self, polygon: shapely.Polygon) -> list[list[list[float]]]:
        """Outer ring and holes of a polygon, [lon, lat]."""
        rings = [polygon.exterior, *polygon.interiors]
        return [[[lon, lat] for lat, lon in (self.degrees(x, y) for x, y in ring.coords)] for ring in rings]


PLANS = {
    "business": Asked(300.0, 150.0),
    "public": Asked(300.0, 100.0),
    "institution": Asked(180.0, 100.0),
    "residential": Asked(120.0, 60.0),
}
LATER_PLANS = PLANS | {"business": Asked(200.0, 90.0), "residential": Asked(150.0, 80.0)}
"""What the classes ask for, and what they ask for later."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A town: its plane, its cells, their classes, and when (ms) the plans change."""

    plane: Plane
    cells: list[Cell]
    classes: dict[int, str]
    replanned: float = inf

    def asked(self, cell: int, t: float) -> Asked:
        """What a cell asks of a stay that begins at a moment (ms)."""
        return (LATER_PLANS if t >= self.replanned else PLANS)[self.classes[cell]]

    @property
    def city(self) -> City:
        """The cells, to look places up in."""
        return City(self.cells)


def ground(
    rng: Random, plane: Plane, sites: Sequence[tuple[float, float]], changes: float = inf, replanned: float = inf
) -> Ground:
    """Divide the land about some sites (m); the division changes at `changes` (ms), the plans at `replanned`."""
    shapes = [shape for shape in _voronoi(sites) if rng.random() >= HOLES]
    shapes = [part for shape in shapes for part in _carved(rng, shape)]
    cells = [Cell(n, shape) for n, shape in enumerate(shapes, 1)]
    if changes < inf:
        cells = _divided_anew(rng, cells, changes)
    return Ground(plane, cells, {cell.number: rng.choice(list(PLANS)) for cell in cells}, replanned)


def scattered(rng: Random, half_m: float, count: int) -> list[tuple[float, float]]:
    """Sites in a square, a third of them close together in its middle."""
    spread = [(half_m if n % 3 else half_m / 3) for n in range(count)]
    return [(rng.uniform(-each, each), rng.uniform(-each, each)) for each in spread]


def _voronoi(sites: Sequence[tuple[float, float]]) -> list[shapely.Polygon]:
    points = shapely.MultiPoint(sites)
    edge = points.convex_hull.buffer(60.0, quad_segs=2)
    met = (cell.intersection(edge) for cell in shapely.get_parts(shapely.voronoi_polygons(points, extend_to=edge)))
    return [cell for cell in met if _is_cell(cell)]


def _carved(rng: Random, shape: shapely.Polygon) -> Iterator[shapely.Polygon]:
    """Give a cell an enclave, of which half are cells and half holes of the city, or cut a thin strip out of it."""
    draw = rng.random()
    parts = [shape]
    if draw < ENCLAVES and shape.area > 6_000:
        core = shape.centroid.buffer(0.35 * sqrt(shape.area / pi), quad_segs=2)
        if shape.buffer(-3).contains(core):
            parts = [shape.difference(core), *([core] if rng.random() < 0.5 else [])]
    elif draw < ENCLAVES + THIN and shape.area > 6_000:
        strip = _line(rng, shape).buffer(rng.uniform(4, 8), cap_style="flat")
        parts = [shape.intersection(strip), *shapely.get_parts(shape.difference(strip))]
    yield from parts if all(map(_is_cell, parts)) else [shape]


def _line(rng: Random, shape: shapely.Polygon) -> shapely.LineString:
    """A straight line through the middle of a shape, longer than it."""
    line = shapely.LineString([(-5_000, 0), (5_000, 0)])
    return translate(rotate(line, rng.uniform(0, 180), origin=(0, 0)), shape.centroid.x, shape.centroid.y)


def _divided_anew(rng: Random, cells: list[Cell], changes: float) -> list[Cell]:
    """Split some cells, take some out of force, and join some with a neighbour."""
    made: list[Cell] = []
    kept = list(cells)
    while kept:
        cell, draw = kept.pop(), rng.random()
        shapes: list[shapely.Polygon] | None = None
        if draw < SPLIT:
            shapes = list(shapely.get_parts(split(cell.polygon, _line(rng, cell.polygon))))
            shapes = shapes if all(map(_is_cell, shapes)) else None
        elif draw < SPLIT + ENDED:
            shapes = []
        elif draw < SPLIT + ENDED + JOINED:
            shapes = _joined(cell, kept, made, changes)
        made.append(cell if shapes is None else replace(cell, ends=changes))
        made += [Cell(0, each, changes) for each in shapes or []]
    return [replace(cell, number=n) for n, cell in enumerate(made, 1)]


def _joined(cell: Cell, kept: list[Cell], made: list[Cell], changes: float) -> list[shapely.Polygon] | None:
    """One polygon of a cell and a neighbour that has not changed yet, which ends."""
    for other in kept:
        whole = cell.polygon.union(other.polygon)
        if cell.polygon.intersection(other.polygon).length > 5 and _is_cell(whole):
            kept.remove(other)
            made.append(replace(other, ends=changes))
            return [whole]
    return None


def _is_cell(shape: shapely.Geometry) -> bool:
    return bool(shape.geom_type == "Polygon" and shape.area >= LEAST_AREA_M2)
