"""What squares tell, and lookups that go by it, against plain shapely asked about each place by itself."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.tracking import timelines as tl
from tracking.geometry import depth, lookup
from tracking.geometry.squares import NEW, SIDE_M, SquareLookup, Squares
from tracking.presence.fixes import Float

STEP = SIDE_M / 5
"""Corners and places fall on the edges of squares, on corners of cells and on their edges."""

steps = st.integers(0, 60)
spots = st.tuples(steps, steps)
triangles = st.tuples(spots, spots, spots).map(lambda corners: shapely.Polygon(STEP * np.array(corners)))
sides = st.integers(1, 40) | st.integers(150, 200)
boxes = st.tuples(spots, sides, sides).map(lambda box: box_of(*box))
ringed = st.tuples(spots, st.integers(3, 40), st.integers(3, 40)).map(lambda box: box_of(*box, hole=True))
cells_of_a_city = st.lists((triangles | boxes | ringed).filter(lambda cell: cell.area > 0), min_size=1, max_size=8)


def box_of(spot: tuple[int, int], width: int, height: int, *, hole: bool = False) -> shapely.Polygon:
    """A box in steps, perhaps with a hole one step within it."""
    x, y = spot
    inside = [shapely.box(x + 1, y + 1, x + width - 1, y + height - 1).exterior.coords] if hole else []
    box = shapely.Polygon(shapely.box(x, y, x + width, y + height).exterior.coords, inside)
    return shapely.transform(box, lambda places: STEP * places)


def squares_of(cells: list[shapely.Polygon]) -> Squares:
    """Squares over cells on the plane."""
    polygons = np.array(cells, dtype=object)
    return Squares(polygons, shapely.boundary(polygons), shapely.STRtree(polygons))


def places_about(cells: list[shapely.Polygon], seed: int) -> tuple[Float, Float]:
    """Places on steps, on corners and edges of the cells, within a hair of them, anywhere, and far away."""
    rng = np.random.default_rng(seed)
    corners = shapely.get_coordinates(cells)
    edges = (corners[1:] + corners[:-1]) / 2
    anywhere = rng.uniform(-50, rng.choice([260, 600]), (100, 2))
    hair = corners + rng.uniform(-1e-7, 1e-7, corners.shape)
    far = np.array([[-1e7, 3.0], [2e7, 2e7], [1e5, 50.0]])
    x, y = np.vstack([STEP * rng.integers(-20, 120, (60, 2)), corners, edges, hair, anywhere, far]).T
    return x, y


def slow_cell(cells: list[shapely.Polygon], x: float, y: float) -> int:
    """The first cell that has a place in it or on its edge, -1: none."""
    return next((n for n, cell in enumerate(cells) if cell.intersects(shapely.Point(x, y))), -1)


def check(cells: list[shapely.Polygon], x: Float, y: Float, seen: SquareLookup) -> None:
    """All that is told is true."""
    columns = (x, y, seen.cell, seen.alike, seen.least, seen.most)
    for east, north, cell, alike, least, most in zip(*(each.tolist() for each in columns), strict=True):
        if alike:
            assert cell == slow_cell(cells, east, north)
        if cell >= 0:
            assert least <= cells[cell].boundary.distance(shapely.Point(east, north)) <= most


@settings(max_examples=150, deadline=None)
@given(cells_of_a_city, st.integers(0, 2**32))
def test_what_squares_tell_is_true(cells: list[shapely.Polygon], seed: int) -> None:
    """Cells that overlap, slivers, holes; places on every kind of edge: what a square tells of them holds."""
    squares = squares_of(cells)
    x, y = places_about(cells, seed)
    squares.learn(x, y)
    seen = squares.look(x, y)
    assert (seen.cell != NEW).all()
    check(cells, x, y, seen)


@settings(max_examples=80, deadline=None)
@given(cells_of_a_city, st.integers(0, 2**32))
def test_places_are_those_of_plain_shapely(cells: list[shapely.Polygon], seed: int) -> None:
    """The first answer and those that go by squares are the same to the bit, and those of the slow way."""
    grid = lookup.CityGrid([lookup.GridCell(id=n + 1, rings=rings(cell)) for n, cell in enumerate(cells)])
    plane = [shapely.Polygon(outer, holes) for outer, *holes in (projected(grid, cell) for cell in cells)]
    lat, lon = np.array([tl.degrees(*place) for place in zip(*places_about(cells, seed), strict=True)]).T
    acc = np.random.default_rng(seed).choice([np.nan, 1, 4, 8, 20, 60, 150], len(lat)).astype(np.float32)
    for _ in range(3):
        found = grid.places(lat, lon, acc)
        inner = [slow_cell(plane, *place) for place in zip(found.x, found.y, strict=True)]
        assert found.inner.tolist() == inner
        assert grid.locate(lat, lon).tolist() == [cell + 1 if cell >= 0 else -1 for cell in inner]
        for n, cell in enumerate(inner):
            place = shapely.Point(found.x[n], found.y[n])
            away = plane[cell].boundary.distance(place) if cell >= 0 else min(map(place.distance, plane))
            for sigma in {found.sigma[n], 12 * depth.SIGMA_OF_68} if np.isnan(acc[n]) else {found.sigma[n]}:
                bounds = depth.SURE_SIGMAS * sigma, depth.DEEP_SIGMAS * sigma
                assert depth.depth_by(found.depth[n], sigma) == sum(away >= bound for bound in bounds)


def rings(cell: shapely.Polygon) -> list[list[list[float]]]:
    """Rings in degrees of a cell in metres."""
    return [
        [[tl.degrees(x, y)[1], tl.degrees(x, y)[0]] for x, y in ring.coords]
        for ring in (cell.exterior, *cell.interiors)
    ]


def projected(grid: lookup.CityGrid, cell: shapely.Polygon) -> list[Float]:
    """Rings of a cell in metres, on the plane of the grid."""
    return [np.column_stack(grid.xy(*np.array(ring).T[::-1])) for ring in rings(cell)]


def test_most_fixes_need_no_search() -> None:
    """Of places all over a cell of 300 m nine in ten are told by squares that are known."""
    cells = [shapely.box(300 * n, 0, 300 * n + 300, 300) for n in range(4)]
    x, y = np.random.default_rng(1).uniform([[0], [0]], [[1200], [300]], (2, 5000))
    squares = squares_of(cells)
    assert not squares.look(x, y).alike.any()
    squares.learn(x, y)
    assert squares.look(x, y).alike.mean() > 0.9


def test_cells_at_the_ends_of_the_earth_take_no_more_memory() -> None:
    """Squares grow with the extent, and tell the truth all the same."""
    cells = [shapely.box(x, y, x + 5e4, y + 300) for x in (-1.2e7, 0.0, 1.2e7) for y in (-1.2e7, 0.0, 1.2e7)]
    x, y = np.array([[cell.centroid.x, cell.centroid.y] for cell in cells]).T
    tracemalloc.start()
    try:
        squares = squares_of(cells)
        squares.learn(x, y)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 48 << 20
    check(cells, x, y, squares.look(x, y))


def test_scattered_cells_are_looked_up_when_memory_is_used_up() -> None:
    """More blocks than there is room for: what is not known stays new, and the rest is true."""
    corners = np.array(np.meshgrid(np.arange(100), np.arange(100))).reshape(2, -1).T * 450.0
    cells = shapely.box(*corners.T, *(corners + 20).T)
    x, y = (corners + 7).T
    squares = squares_of(cells.tolist())
    for rows in np.array_split(np.arange(len(x)), 8):
        squares.learn(x[rows], y[rows])
    seen = squares.look(x, y)
    assert (seen.cell != NEW).sum() == 8192
    assert ((seen.cell == np.arange(len(x))) | (seen.cell == NEW)).all()


def test_threads_learn_at_once() -> None:
    """Many threads on one grid that knows nothing yet get the answers that one gets alone."""
    rng = np.random.default_rng(5)
    lat, lon = np.array([tl.degrees(*place) for place in rng.uniform([-50, -50], [3_650, 350], (20_000, 2))]).T
    acc = np.full(len(lat), 8, dtype=np.float32)
    alone, shared = tl.row_of_cells(12).places(lat, lon, acc), tl.row_of_cells(12)

    def look(rows: NDArray[np.intp]) -> bool:
        found = shared.places(lat[rows], lon[rows], acc[rows])
        return bool((found.inner == alone.inner[rows]).all() and (found.depth == alone.depth[rows]).all())

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(look, [rng.integers(0, len(lat), 2_000) for _ in range(80)]))
