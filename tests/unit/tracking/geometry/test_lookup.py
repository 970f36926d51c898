"""Geometry of the city against slow independent answers."""

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tracking.geometry import depth, lookup


def ray_cast(ring: list[tuple[float, float]], x: float, y: float) -> bool:
    """Whether a point is inside a ring, by counting crossings."""
    inside = False
    for (ax, ay), (bx, by) in itertools.pairwise(ring):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def star(rng: np.random.Generator, x: float, y: float) -> list[tuple[float, float]]:
    """A simple polygon of 3 to 30 corners around (x, y), concave as it comes."""
    corners = int(rng.integers(3, 31))
    angles = (np.arange(corners) + rng.uniform(0, 0.8, corners)) * 2 * math.pi / corners
    radii = rng.uniform(60, 140, corners)
    ring = [(x + r * math.cos(a), y + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]
    return [*ring, ring[0]]


def grid_of(rings: list[list[tuple[float, float]]]) -> lookup.CityGrid:
    """A grid of cells whose corners are in metres."""
    lonlat = [[[tl.degrees(*corner)[1], tl.degrees(*corner)[0]] for corner in ring] for ring in rings]
    return lookup.CityGrid([lookup.GridCell(id=n + 1, rings=[ring]) for n, ring in enumerate(lonlat)])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_locate_agrees_with_ray_casting(seed: int) -> None:
    """Bulk lookup answers what counting crossings answers, away from rounding at the boundary."""
    rng = np.random.default_rng(seed)
    rings = [star(rng, 150 + 300 * n, 150) for n in range(4)]
    places = [
        (float(x), float(y)) for x, y in zip(rng.uniform(-50, 1250, 200), rng.uniform(-50, 350, 200), strict=True)
    ]
    lat, lon = np.array([tl.degrees(*place) for place in places]).T
    answer = grid_of(rings).locate(lat, lon)
    for place, cell in zip(places, answer.tolist(), strict=True):
        expected = next((n + 1 for n, ring in enumerate(rings) if ray_cast(ring, *place)), -1)
        near = min(segment_distance(place, a, b) for ring in rings for a, b in itertools.pairwise(ring))
        assert cell == expected or near < 0.05


def segment_distance(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance from a point to a segment."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    f = 0.0 if length == 0 else max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length))
    return math.hypot(p[0] - a[0] - f * dx, p[1] - a[1] - f * dy)


def test_depth_follows_distance_and_accuracy() -> None:
    """A fix 10 m inside is deep at 4 m accuracy, sure at 15 m, unsure at 30 m; if it says none, whoever asks does."""
    lat, lon = np.array([tl.degrees(10, 150)] * 4).T
    places = tl.row_of_cells().places(lat, lon, np.array([4, 15, 30, np.nan], dtype=np.float32))
    assert places.depth[:3].tolist() == [2, 1, 0]
    assert [depth.depth_by(places.depth[3], acc * depth.SIGMA_OF_68) for acc in (4, 15, 25)] == [2, 1, 0]
    assert places.inner.tolist() == [0, 0, 0, 0]


def test_a_point_on_a_shared_edge_is_in_the_lower_cell() -> None:
    """The answer on an edge does not depend on the order in which the tree answers."""
    grid = tl.row_of_cells()
    lat, lon = np.array([tl.degrees(300, 150)]).T
    assert grid.locate(lat, lon)[0] in (1, 2)
    assert grid.locate(lat, lon)[0] == grid.locate(lat, lon)[0]


def test_the_other_side_of_the_earth_is_outside() -> None:
    """No place on earth gives NaN or a cell it is not in."""
    lat, lon = np.array([-23.08, 90.0, -90.0, 0.0]), np.array([-65.59, 0.0, 180.0, -180.0])
    grid = tl.row_of_cells()
    assert grid.locate(lat, lon).tolist() == [-1] * 4
    assert np.isfinite(np.array(grid.xy(lat, lon))).all()


def test_crossing_is_where_the_boundary_is() -> None:
    """A segment across a shared edge at 2/3 of its length crosses both cells there."""
    grid = tl.row_of_cells()
    (x0,), (y0,) = grid.xy(*(np.array([each]) for each in tl.degrees(100, 150)))
    (x1,), (y1,) = grid.xy(*(np.array([each]) for each in tl.degrees(400, 150)))
    assert math.isclose(grid.crossing(0, (x0, y0), (x1, y1), entering=False), 2 / 3, abs_tol=1e-4)
    assert math.isclose(grid.crossing(1, (x0, y0), (x1, y1), entering=True), 2 / 3, abs_tol=1e-4)


def test_areas_are_true() -> None:
    """The projection keeps areas: a square of 300 m has 9 ha within the error of the test's degrees."""
    assert np.allclose(tl.row_of_cells().areas_m2, 90_000, rtol=2e-3)


def test_a_hole_is_outside() -> None:
    """A place in a hole of a cell is not in the cell."""
    grid = lookup.CityGrid([lookup.GridCell(id=7, rings=tl.square(0, 0) + tl.square(100, 100, 100))])
    lat, lon = np.array([tl.degrees(150, 150), tl.degrees(50, 50)]).T
    assert grid.locate(lat, lon).tolist() == [-1, 7]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.5, 10))
def test_a_step_between_adjoining_cells_crosses_no_other(seed: int, depth_m: float) -> None:
    """Where two cells adjoin along a step, the slow search finds no third cell surely crossed."""
    rng = np.random.default_rng(seed)
    walls = [[(160 * n + rng.uniform(-70, 70), y) for y in range(0, 301, 30)] for n in range(5)]
    grid = grid_of([[*west, *east[::-1], west[0]] for west, east in itertools.pairwise(walls)])
    places = np.column_stack([rng.uniform(0, 640, 12), rng.uniform(0, 300, 12)])
    lat, lon = np.array([tl.degrees(*place) for place in places]).T
    found = grid.places(lat, lon, np.full(12, 5, dtype=np.float32))
    inside = np.flatnonzero(found.inner >= 0).tolist()
    for a, b in itertools.permutations(inside, 2):
        start, end = (float(found.x[a]), float(found.y[a])), (float(found.x[b]), float(found.y[b]))
        cells = int(found.inner[a]), int(found.inner[b])
        if grid.adjoin(*cells, start, end, least_m=2 * depth_m):
            crossed = {cell for cell, _, _ in grid.crossed(start, end, least_depth_m=depth_m)}
            assert crossed <= set(cells)


def test_neighbours_adjoin_and_cells_apart_do_not() -> None:
    """A step over a shared edge leaves nothing between its cells; one over a whole cell leaves that."""
    grid = tl.row_of_cells()
    lat, lon = np.array([tl.degrees(290, 150), tl.degrees(310, 150), tl.degrees(650, 150)]).T
    here, next_door, far = zip(*(each.tolist() for each in grid.xy(lat, lon)), strict=True)
    assert grid.adjoin(0, 1, here, next_door, least_m=1)
    assert not grid.adjoin(0, 2, here, far, least_m=100)
