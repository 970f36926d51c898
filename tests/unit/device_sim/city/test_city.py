"""The synthetic town, checked with shapely, which the simulator itself does not know."""

import itertools
import json
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
import shapely

from device_sim.city import city, grid_file, streets, town


@pytest.fixture(scope="module")
def features() -> list[dict[str, Any]]:
    """Features of the grid file of seed 1."""
    found: list[dict[str, Any]] = json.loads(json.dumps(grid_file.city_geojson(1)))["features"]
    return found


@pytest.fixture(scope="module")
def cells(features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are cells."""
    return [feature for feature in features if feature["properties"]["kind"] == "cell"]


@pytest.fixture(scope="module")
def polygons(cells: list[dict[str, Any]]) -> "np.ndarray[Any, Any]":
    """Shapes of the cells in metres."""
    rings = [np.array(cell["geometry"]["coordinates"][0]) for cell in cells]
    scale = np.array([102_400.0, 110_750.0])  # metres in a degree there, near enough for areas
    return np.array([shapely.Polygon(ring * scale) for ring in rings])


def test_city_has_the_numbers_of_the_district(features: list[dict[str, Any]]) -> None:
    """There are 1,528 cells in 510 grids in 11 streets in one district."""
    kinds = Counter(feature["properties"]["kind"] for feature in features)
    assert kinds == {"district": 1, "street": 11, "grid": 510, "cell": 1528}
    assert {"江南街道", "小金口街道", "水口街道", "河南岸街道", "桥东街道"} <= {
        f["properties"]["name"] for f in features
    }


def test_codes_are_unique_and_of_their_areas(features: list[dict[str, Any]], cells: list[dict[str, Any]]) -> None:
    """A code has 15 digits, is used once, and begins with the street of the cell's grid."""
    areas = {f["properties"]["code"]: f["properties"] for f in features if f["properties"]["kind"] != "cell"}
    codes = [cell["properties"]["code"] for cell in cells]
    assert len(set(codes)) == len(codes)
    for cell in cells:
        code = cell["properties"]["code"]
        assert re.fullmatch(r"441302(0|1)\d{8}", code)
        assert code[9:12] != "000"
        assert code[12:] != "000"
        assert areas[cell["properties"]["grid"]]["parent"] == code[:9]
        assert code[:9] in town.STREETS


def test_sequence_runs_without_gaps_in_a_community(cells: list[dict[str, Any]]) -> None:
    """The cells of a community are numbered from 1 without a gap."""
    by_community: dict[str, list[int]] = {}
    for cell in cells:
        code = cell["properties"]["code"]
        by_community.setdefault(code[:12], []).append(int(code[12:]))
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in by_community.values())


def test_sequence_runs_from_north_west_to_south_east(
    cells: list[dict[str, Any]], polygons: "np.ndarray[Any, Any]"
) -> None:
    """Higher numbers of a community lie farther south or, in a row, farther east."""
    middles = shapely.get_coordinates(shapely.centroid(polygons))
    places: dict[str, list[tuple[int, float, float]]] = {}
    for cell, (x, y) in zip(cells, middles, strict=True):
        code = cell["properties"]["code"]
        places.setdefault(code[:12], []).append((int(code[12:]), x, y))
    assert max(map(len, places.values())) > 5
    for found in places.values():
        found.sort()
        # A row is 300 m high, and the middle that counted may be off the centroid by some tens of metres.
        assert all(b[2] < a[2] + 450 for a, b in itertools.combinations(found, 2))


def test_cells_tile_without_gap_or_overlap(polygons: "np.ndarray[Any, Any]") -> None:
    """Neighbours share edges and corners exactly; what is left out is the rivers and the lake."""
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    assert shapely.get_num_geometries(shapely.coverage_union_all(polygons)) == 3


def test_cells_have_plausible_sizes(polygons: "np.ndarray[Any, Any]") -> None:
    """On average a cell has 0.05 to 0.1 km², none is a speck and none a sliver."""
    areas = shapely.area(polygons)
    assert 50_000 < areas.mean() < 100_000
    assert areas.min() > 10_000
    assert (4 * np.pi * areas / shapely.length(polygons) ** 2).min() > 0.25


def test_cells_are_no_chessboard(polygons: "np.ndarray[Any, Any]") -> None:
    """Cells differ in size and in number of corners."""
    corners = Counter(shapely.get_num_coordinates(polygons).tolist())
    assert len(corners) > 5
    assert shapely.area(polygons).std() > 0.2 * shapely.area(polygons).mean()


def test_grid_is_one_piece(cells: list[dict[str, Any]], polygons: "np.ndarray[Any, Any]") -> None:
    """The cells of a grid are joined by shared edges, two to four of them."""
    members: dict[str, list[int]] = {}
    for k, cell in enumerate(cells):
        members.setdefault(cell["properties"]["grid"], []).append(k)
    assert set(map(len, members.values())) == {2, 3, 4}
    assert all(shapely.coverage_union_all(polygons[rows]).geom_type == "Polygon" for rows in members.values())


def test_classes_have_a_realistic_mix(cells: list[dict[str, Any]]) -> None:
    """Most cells are homes; about a sixth has shops, more of them in the old town than at the rim."""
    classes = Counter(cell["properties"]["class"] for cell in cells)
    assert set(classes) == {"business", "public", "institution", "residential"}
    assert 0.5 < classes["residential"] / len(cells) < 0.7
    assert 0.12 < classes["business"] / len(cells) < 0.22

    def share(street: str) -> float:
        inside = [c["properties"]["class"] for c in cells if c["properties"]["code"].startswith(street)]
        return inside.count("business") / len(inside)

    assert share("441302002") > 2 * share("441302103")


def test_another_seed_gives_another_town() -> None:
    """Another seed gives another town with the same numbers."""
    made = city.build(2)
    assert len(made.cells) == city.CELLS
    assert len({cell.grid for cell in made.cells}) == city.GRIDS
    assert made.corners != city.build(1).corners


def test_same_seed_gives_the_same_town() -> None:
    """Laying the town out again gives the same to the last digit."""
    first = city.build(1)
    city.build.cache_clear()
    assert city.build(1) == first


def test_lanes_stay_inside_their_cells() -> None:
    """Lanes and the ways to the gates lie in their cell; a gate is the same place from both sides."""
    made, ways = city.build(1), streets.build(1)
    shapes = [shapely.Polygon(made.ring(k)).buffer(1e-3) for k in range(len(made.cells))]
    for k, lane in enumerate(ways.lanes):
        assert shapes[k].contains(shapely.LinearRing(lane.places))
        for other, (gate, place) in lane.gates.items():
            assert shapes[k].contains(shapely.LineString([gate, lane.places[place]]))
            assert ways.lanes[other].gates[k][0] == gate


def test_route_goes_from_neighbour_to_neighbour() -> None:
    """A route within a street is made of steps through gates; none leads over a river without a bridge."""
    made, ways = city.build(1), streets.build(1)
    north, south = ("441302004", "441302006")
    number = {cell.code: k for k, cell in enumerate(made.cells)}
    same = [k for code, k in number.items() if code.startswith(north)]
    route = ways.route(same[0], same[-1], {})
    assert all(b in ways.lanes[a].gates for a, b in itertools.pairwise(route))
    over = next(k for code, k in number.items() if code.startswith(south))
    with pytest.raises(LookupError, match="no way"):
        ways.route(same[0], over, {})
