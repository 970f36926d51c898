"""A synthetic town of 1,528 unit cells in 510 responsibility grids, the same for the same seed."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from device_sim.city import geodesy, plan, town

CELLS = 1_528
GRIDS = 510
_WELL_INSIDE_M = 45.0
CLASS_WEIGHT = {"business": 2.0, "public": 1.5, "institution": 1.0, "residential": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A district, street or responsibility grid."""

    kind: str
    code: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A unit cell. `ring` holds the numbers of its corners, counter-clockwise, the first not repeated."""

    code: str
    name: str
    grid: str
    street: str
    cls: str
    weight: float
    ring: tuple[int, ...]
    centre: plan.Point
    """A place inside from which the whole rim is seen, metres east and north of the origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """The town: `corners` in metres east and north of the origin; cells and areas in order of their codes."""

    seed: int
    corners: tuple[plan.Point, ...]
    cells: tuple[Cell, ...]
    areas: tuple[Area, ...]
    tour: tuple[int, ...]
    """Numbers of all cells in an order in which neighbours, and cells of one grid, mostly follow each other."""

    def ring(self, cell: int) -> list[plan.Point]:
        """Corners of the cell with this number, metres, the first not repeated."""
        return [self.corners[corner] for corner in self.cells[cell].ring]


@dataclass(slots=True)
class _Draft:
    """A cell before it has a code."""

    street: str
    community: int
    grid: int
    ring: tuple[int, ...]
    middle: plan.Point


@functools.lru_cache(maxsize=4)
def build(seed: int = 1) -> City:
    """Lay out the town of this seed."""
    rng = np.random.default_rng([seed, 0xC17])
    drawn = plan.Plan()
    regions = [leaf for ring, cuts in town.LAND for leaf in _cut(drawn, drawn.add(_ragged(ring, rng)), cuts)]
    faces = _divide(drawn, regions, rng)
    drawn.bend_edges(rng)
    corners = tuple(_warp(drawn.points, rng))
    drafts = [_draft(corners, drawn.faces[face], *where) for face, where in faces]
    return _name(seed, corners, drafts, rng)


def _km(point: plan.Point) -> plan.Point:
    return point[0] * 1000, point[1] * 1000


def _ragged(
    ring: list[plan.Point], rng: np.random.Generator, *, levels: int = 2, off: float = 0.075
) -> list[plan.Point]:
    """The rim in metres with more corners, each beside the middle of its edge: nature draws no straight lines."""
    points = [_km(point) for point in ring]
    for _ in range(levels):
        finer = []
        for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True):
            f = rng.uniform(-off, off)
            finer += [(ax, ay), ((ax + bx) / 2 - f * (by - ay), (ay + by) / 2 + f * (bx - ax))]
        points = finer
    return points


def _cut(drawn: plan.Plan, face: int, what: town.Cut | str) -> list[tuple[str, int]]:
    if isinstance(what, str):
        return [(what, face)] if what != town.HILL else []
    left, right = drawn.cut_through(face, _km(what.at), math.radians(what.angle))
    return _cut(drawn, left, what.left) + _cut(drawn, right, what.right)


def _divide(
    drawn: plan.Plan, regions: list[tuple[str, int]], rng: np.random.Generator
) -> list[tuple[int, tuple[str, int, int]]]:
    """Cut regions into communities, those into grids, those into cells: (face, (street, community, grid)) of each."""
    demand = [abs(plan.area(drawn.ring(face))) * town.DENSITY[street] for street, face in regions]
    grids = apportion(GRIDS, demand)
    sizes = _grid_sizes(rng)
    cells: list[tuple[int, tuple[str, int, int]]] = []
    community = grid = 0
    for (street, region), count in zip(regions, grids, strict=True):
        mine, sizes = sizes[:count], sizes[count:]
        groups = [list(group) for group in np.array_split(mine, max(1, round(count / 5)))]
        for face, group in zip(drawn.divide(region, [float(sum(g)) for g in groups], rng), groups, strict=True):
            community += 1
            for piece, size in zip(drawn.divide(face, [float(n) for n in group], rng), group, strict=True):
                grid += 1
                cells += [(cell, (street, community, grid)) for cell in drawn.divide(piece, [1.0] * int(size), rng)]
    return cells


def apportion(total: int, demand: list[float]) -> list[int]:
    """Whole numbers in proportion to the demand that add up to the total (largest remainder)."""
    exact = [total * d / sum(demand) for d in demand]
    whole = [int(e) for e in exact]
    for k in sorted(range(len(exact)), key=lambda k: whole[k] - exact[k])[: total - sum(whole)]:
        whole[k] += 1
    return whole


def _grid_sizes(rng: np.random.Generator) -> list[int]:
    """Cells of each grid: mostly three, some two or four, with the right sum."""
    sizes = np.full(GRIDS, 3)
    chosen = rng.permutation(GRIDS)
    short = 3 * GRIDS - CELLS
    pairs = GRIDS // 8
    sizes[chosen[: pairs + short]] -= 1
    sizes[chosen[pairs + short : 2 * pairs + short]] += 1
    return [int(size) for size in sizes]


def _warp(points: list[plan.Point], rng: np.random.Generator) -> list[plan.Point]:
    """Bend the plane smoothly, so that no long street is a ruler's line; small enough to fold nothing."""
    x, y = np.array(points).T
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    for amplitude, length in ((130.0, 4200.0), (60.0, 2100.0), (16.0, 850.0)):
        for _ in range(2):
            angle, phase, lean = rng.uniform(0, 2 * math.pi, 3)
            wave = np.sin(2 * math.pi / length * (x * math.cos(angle) + y * math.sin(angle)) + phase)
            dx += amplitude / math.sqrt(2) * wave * math.cos(lean)
            dy += amplitude / math.sqrt(2) * wave * math.sin(lean)
    # A centimetre is what seven decimals of a degree keep.
    return [(round(a, 2), round(b, 2)) for a, b in zip(x + dx, y + dy, strict=True)]


def _draft(corners: tuple[plan.Point, ...], ring: list[int], street: str, community: int, grid: int) -> _Draft:
    points = [corners[corner] for corner in ring]
    return _Draft(street, community, grid, tuple(ring), _centre(points))


def _centre(ring: list[plan.Point]) -> plan.Point:
    """Place that sees the whole rim: the centroid where it is well inside, else the best of a lattice."""
    corners = np.array(ring)
    edge = np.roll(corners, -1, axis=0) - corners
    normal = np.stack([-edge[:, 1], edge[:, 0]], axis=1) / np.linalg.norm(edge, axis=1)[:, None]
    offset = np.sum(corners * normal, axis=1)
    middle = plan.centroid(ring)
    if np.min(normal @ middle - offset) > _WELL_INSIDE_M:
        return middle
    lows, highs = corners.min(axis=0), corners.max(axis=0)
    axes = [np.linspace(low, high, 21) for low, high in zip(lows, highs, strict=True)]
    lattice = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    inside = np.min(lattice @ normal.T - offset, axis=1)
    best = int(np.argmax(inside))
    if inside[best] <= 0:
        raise ValueError("a cell of this seed is too crooked to walk; take another seed")
    return float(lattice[best, 0]), float(lattice[best, 1])


def _reading_order(middles: list[plan.Point], *, row_m: float = 300.0) -> list[int]:
    """Order of places from north to south by rows, in a row from west to east."""
    return sorted(range(len(middles)), key=lambda k: (-math.floor(middles[k][1] / row_m), middles[k][0]))


def _mean(drafts: list[_Draft]) -> plan.Point:
    return sum(d.middle[0] for d in drafts) / len(drafts), sum(d.middle[1] for d in drafts) / len(drafts)


def _name(seed: int, corners: tuple[plan.Point, ...], drafts: list[_Draft], rng: np.random.Generator) -> City:
    classes = _classes(drafts, rng)
    areas = [Area(kind="district", code=town.DISTRICT_CODE, name=town.DISTRICT_NAME, parent=None)]
    cells: list[Cell] = []
    for street, street_name in town.STREETS.items():
        areas.append(Area(kind="street", code=street, name=street_name, parent=town.DISTRICT_CODE))
        of_street = [k for k, draft in enumerate(drafts) if draft.street == street]
        numbers = _numbers(drafts, of_street, "community")
        grid_numbers = _numbers(drafts, of_street, "grid")
        short = street_name.removesuffix("街道").removesuffix("镇")
        areas += [_grid_area(street, short, number) for number in sorted(grid_numbers.values())]
        cells += _street_cells(street, short, drafts, of_street, (numbers, grid_numbers), classes)
    cells.sort(key=lambda cell: cell.code)
    at = {cell.ring: k for k, cell in enumerate(cells)}
    tour = tuple(at[draft.ring] for draft in drafts)
    return City(seed=seed, corners=corners, cells=tuple(cells), areas=tuple(areas), tour=tour)


def _grid_area(street: str, short: str, number: int) -> Area:
    return Area(kind="grid", code=f"{street}G{number:03d}", name=f"{short}-{number:02d}", parent=street)


def _numbers(drafts: list[_Draft], of_street: list[int], level: str) -> dict[int, int]:
    """Number within the street, from 1, of each community or grid."""
    members: dict[int, list[_Draft]] = {}
    for k in of_street:
        members.setdefault(getattr(drafts[k], level), []).append(drafts[k])
    keys = list(members)
    order = _reading_order([_mean(members[key]) for key in keys], row_m=700.0)
    return {keys[k]: n for n, k in enumerate(order, 1)}


def _street_cells(
    street: str,
    short: str,
    drafts: list[_Draft],
    of_street: list[int],
    numbers: tuple[dict[int, int], dict[int, int]],
    classes: list[str],
) -> list[Cell]:
    in_community: dict[int, int] = {}
    in_grid: dict[int, int] = {}
    built = []
    for k in [of_street[n] for n in _reading_order([drafts[k].middle for k in of_street])]:
        draft = drafts[k]
        community, grid = numbers[0][draft.community], numbers[1][draft.grid]
        in_community[community] = in_community.get(community, 0) + 1
        in_grid[grid] = in_grid.get(grid, 0) + 1
        built.append(
            Cell(
                code=f"{street}{community:03d}{in_community[community]:03d}",
                name=f"{short}-{grid:02d}-{in_grid[grid]}",
                grid=f"{street}G{grid:03d}",
                street=street,
                cls=classes[k],
                weight=CLASS_WEIGHT[classes[k]],
                ring=draft.ring,
                centre=draft.middle,
            )
        )
    return built


def _classes(drafts: list[_Draft], rng: np.random.Generator) -> list[str]:
    """Class of each cell: shops and night markets towards the middle of town, the rest spread, most of it homes."""
    middles = np.array([draft.middle for draft in drafts])
    from_centre = np.hypot(*(middles - np.array(_km(town.CENTRE))).T)
    from_street = np.min([_off_shop_street(middles, from_centre, rng) for _ in range(26)], axis=0)
    shops = 0.35 * np.exp(-from_centre / 1800) + np.exp(-from_street / 170) + rng.normal(0, 0.1, len(drafts))
    classes = np.full(len(drafts), "residential", dtype=object)
    order = np.argsort(-shops)
    business = round(0.17 * len(drafts))
    classes[order[:business]] = "business"
    rest = rng.permutation(order[business:])
    classes[rest[: round(0.08 * len(drafts))]] = "public"
    classes[rest[round(0.08 * len(drafts)) : round(0.22 * len(drafts))]] = "institution"
    return [str(cls) for cls in classes]


def _off_shop_street(middles: plan.Floats, from_centre: plan.Floats, rng: np.random.Generator) -> plan.Floats:
    """Distance of places, m, from a random straight shopping street of about a kilometre, likelier near the centre."""
    chance = np.exp(-from_centre / 3500)
    start = middles[rng.choice(len(middles), p=chance / chance.sum())]
    angle, length = rng.uniform(0, math.pi), rng.uniform(500, 1500)
    along = np.array([math.cos(angle), math.sin(angle)])
    foot = np.clip((middles - start) @ along, 0, length)
    return np.asarray(np.linalg.norm(middles - start - foot[:, None] * along, axis=1))


def lonlat(city: City) -> list[tuple[float, float]]:
    """Corners as (longitude, latitude) in degrees with seven decimals."""
    x, y = np.array(city.corners).T
    lat, lon = geodesy.degrees(x, y)
    return [(round(float(a), 7), round(float(b), 7)) for a, b in zip(lon, lat, strict=True)]
