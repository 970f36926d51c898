"""Grid files: what is taken, and one fault for each thing that is wrong."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import lattice
from tracking.city import grids
from tracking.city.grid_faults import MOST_FAULTS, FaultKind, GridFault

CLASSES = {"business", "residential"}
CELL = 3
"""Index of the first cell in `lattice.collection()`: district, street and grid come first."""


def parsed(document: Any) -> grids.Grid:
    """The grid of a document that must be valid."""
    grid = grids.parse(lattice.encoded(document), classes=CLASSES)
    assert isinstance(grid, grids.Grid), [str(fault) for fault in grid]
    return grid


def faults(data: bytes) -> list[GridFault]:
    """The faults of a file that must have some."""
    found = grids.parse(data, classes=CLASSES)
    assert isinstance(found, list)
    return found


def test_parse_gives_areas_top_down_and_cells() -> None:
    """A valid file, its features in any order, becomes a grid with areas before what they contain."""
    document = lattice.collection(2, 2)
    document["features"].reverse()
    grid = parsed(document)
    assert [area.level for area in grid.areas] == ["district", "street", "grid", "grid"]
    assert sorted(cell.code[-3:] for cell in grid.cells) == ["001", "002", "003", "004"]
    assert grid.districts == {"441302"}


def test_parse_measures_area_in_square_metres() -> None:
    """A square of 0.002 degrees at 23.08° north has 205 m by 221 m."""
    area = parsed(lattice.collection(1)).cells[0].area_m2
    assert area == pytest.approx(204.9 * 221.5, rel=0.003)


def test_parse_turns_rings_and_drops_heights() -> None:
    """A ring drawn clockwise with heights is the same cell."""
    document = lattice.collection(1)
    geometry = document["features"][CELL]["geometry"]
    geometry["coordinates"] = [[[*position, 12.5] for position in reversed(geometry["coordinates"][0])]]
    turned, plain = parsed(document).cells[0], parsed(lattice.collection(1)).cells[0]
    assert np.array_equal(turned.rings[0], plain.rings[0])


def test_parse_takes_a_polygon_with_a_hole() -> None:
    """A cell may surround a place that is no cell."""
    document = lattice.collection(1)
    hole = [[lon + 0.0005, lat + 0.0005] for lon, lat in lattice.square(0, 0, step=0.001)]
    document["features"][CELL]["geometry"]["coordinates"].append([[round(x, 6), round(y, 6)] for x, y in _shrunk(hole)])
    cell = parsed(document).cells[0]
    assert len(cell.rings) == 2
    assert cell.area_m2 < parsed(lattice.collection(1)).cells[0].area_m2


def _shrunk(ring: list[list[float]]) -> list[list[float]]:
    return [[lattice.WEST + (x - lattice.WEST) * 0.9, lattice.SOUTH + (y - lattice.SOUTH) * 0.9] for x, y in ring]


def test_parse_takes_a_multipolygon_with_one_part() -> None:
    """Some tools wrap every polygon."""
    document = lattice.collection(1)
    geometry = document["features"][CELL]["geometry"]
    geometry.update(type="MultiPolygon", coordinates=[geometry["coordinates"]])
    assert len(parsed(document).cells) == 1


def test_parse_takes_a_byte_order_mark_and_old_crs() -> None:
    """Files of older tools carry a BOM and name WGS-84."""
    document = lattice.collection(1)
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert isinstance(grids.parse(b"\xef\xbb\xbf" + lattice.encoded(document)), grids.Grid)


def _set(index: int, **properties: object) -> Callable[[Any], None]:
    return lambda document: document["features"][index]["properties"].update(properties)


def _ring(ring: object, number: int = CELL) -> Callable[[Any], None]:
    return lambda document: document["features"][number]["geometry"].update(coordinates=[ring])


def _drop(index: int) -> Callable[[Any], None]:
    return lambda document: document["features"].pop(index)


def _add(feature: Any) -> Callable[[Any], None]:
    return lambda document: document["features"].append(feature)


_SQUARE = lattice.square(0, 0)
_BOW = [_SQUARE[0], _SQUARE[2], _SQUARE[1], _SQUARE[3], _SQUARE[0]]
_OUTSIDE = [_SQUARE, lattice.square(5, 5)]


@pytest.mark.parametrize(
    ("harm", "kind", "feature"),
    [
        (_set(CELL, code="44130201000101"), None, None),
        (_set(CELL, code="4413020100010"), FaultKind.BAD_CODE, CELL),
        (_set(CELL, code="441302010000001"), FaultKind.BAD_CODE, CELL),
        (_set(0, code="4413020"), FaultKind.BAD_CODE, 0),
        (_set(1, code="44130201"), FaultKind.BAD_CODE, 1),
        (_set(2, code="G 0"), FaultKind.BAD_CODE, 2),
        (_set(CELL, code=441302010001001), FaultKind.BAD_PROPERTY, CELL),
        (_set(CELL, weight=0), FaultKind.BAD_PROPERTY, CELL),
        (_set(CELL, road_m=-1), FaultKind.BAD_PROPERTY, CELL),
        (_set(CELL, name=""), FaultKind.BAD_PROPERTY, CELL),
        (_set(CELL, kind="planet"), FaultKind.BAD_PROPERTY, CELL),
        (_set(CELL, code="441302010001002"), FaultKind.DUPLICATE, CELL + 1),
        (_set(CELL, code="44130201000102"), FaultKind.DUPLICATE, CELL + 1),
        (_add(lattice.area("grid", "G0", "441302010")), FaultKind.DUPLICATE, 5),
        (_set(CELL, grid="G9"), FaultKind.NO_PARENT, CELL),
        (_set(2, parent="441302011"), FaultKind.NO_PARENT, 2),
        (_set(1, parent=None), FaultKind.NO_PARENT, 1),
        (_set(0, parent="441302010"), FaultKind.WRONG_PARENT, 0),
        (_set(2, parent="441302"), FaultKind.WRONG_PARENT, 2),
        (_set(0, code="441303"), FaultKind.NO_PARENT, 1),
        (_set(CELL, grid="441302010"), FaultKind.WRONG_PARENT, CELL),
        (_set(CELL, code="441302011001001"), FaultKind.WRONG_PARENT, CELL),
        (_set(CELL, **{"class": "moon"}), FaultKind.UNKNOWN_CLASS, CELL),
        (_add(lattice.area("grid", "G5", "441302010")), FaultKind.EMPTY_AREA, 5),
        (
            lambda d: d["features"][2].update(geometry={"type": "Point", "coordinates": [1, 2]}),
            FaultKind.AREA_GEOMETRY,
            2,
        ),
        (lambda d: d["features"][CELL].update(geometry=None), FaultKind.NOT_POLYGON, CELL),
        (lambda d: d["features"][CELL].update(type="Thing"), FaultKind.NOT_FEATURE, CELL),
        (lambda d: d["features"][CELL]["geometry"].update(type="LineString"), FaultKind.NOT_POLYGON, CELL),
        (_ring([["114", "23"]] * 5), FaultKind.BAD_POSITION, CELL),
        (_ring([[114.0]] * 5), FaultKind.BAD_POSITION, CELL),
        (_ring(_SQUARE[:3]), FaultKind.SHORT_RING, CELL),
        (_ring(_SQUARE[:4]), FaultKind.OPEN_RING, CELL),
        (_ring([[lat, lon] for lon, lat in _SQUARE]), FaultKind.OUT_OF_RANGE, CELL),
        (_ring(_BOW), FaultKind.INVALID, CELL),
        (lambda d: d["features"][CELL]["geometry"].update(coordinates=_OUTSIDE), FaultKind.INVALID, CELL),
        (_ring(lattice.square(0, 0, step=0.00005)), FaultKind.TOO_SMALL, CELL),
        (_ring(lattice.square(1, 0)), FaultKind.OVERLAP, CELL + 1),
        (_ring(lattice.square(3, 0)), FaultKind.NOT_ADJACENT, 2),
        (_ring(lattice.square(2, 1)), FaultKind.NOT_ADJACENT, 2),
    ],
)
def test_parse_names_the_fault_and_its_feature(
    harm: Callable[[Any], None], kind: FaultKind | None, feature: int | None
) -> None:
    """Each thing that is wrong is told of the feature it is in; a 14-digit code is not wrong."""
    document = lattice.collection(2)
    harm(document)
    found = grids.parse(lattice.encoded(document), classes=CLASSES)
    told = [] if isinstance(found, grids.Grid) else [(fault.kind, fault.feature) for fault in found]
    assert ((kind, feature) in told) if kind else not told
    assert len(told) <= 3, told


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", FaultKind.NOT_JSON),
        (b"[" * 100_000, FaultKind.NOT_COLLECTION),
        (b'{"type": "FeatureCollection", "features": [NaN]}', FaultKind.NOT_JSON),
        (b'{"type": "FeatureCollection", "features": []}', FaultKind.NO_CELLS),
        (b'{"type": "Feature", "features": []}', FaultKind.NOT_COLLECTION),
        (b"[1, 2]", FaultKind.NOT_COLLECTION),
        ("网格".encode("gbk"), FaultKind.NOT_JSON),
        (b'{"type": "FeatureCollection", "features": [' + b"[" * 50_000, FaultKind.NOT_JSON),
    ],
)
def test_parse_refuses_what_is_no_grid_file(data: bytes, kind: FaultKind) -> None:
    """A wrong file is told as a whole."""
    found = faults(data)
    assert [fault.kind for fault in found] == [kind]
    assert found[0].feature is None


def test_parse_refuses_deep_nesting_in_one_feature() -> None:
    """A feature nested without end is refused without harm."""
    depth = 3_000
    text = json.dumps(lattice.collection(1))
    ring = json.dumps(lattice.square(0, 0))
    assert ring in text
    found = faults(text.replace(ring, "[" * depth + "]" * depth).encode())
    assert found[0].kind in {FaultKind.NOT_JSON, FaultKind.NOT_FEATURE, FaultKind.BAD_POSITION}


def test_parse_refuses_another_datum() -> None:
    """Metres of a national grid are not silently taken for degrees."""
    document = lattice.collection(1)
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    assert [fault.kind for fault in faults(lattice.encoded(document))] == [FaultKind.OTHER_DATUM]


def test_parse_tells_every_fault_at_once() -> None:
    """Faults of different features come together, in the order of the features."""
    document = lattice.collection(4)
    _set(CELL, weight=-1)(document)
    _set(CELL + 1, **{"class": "moon"})(document)
    _ring(_BOW, CELL + 2)(document)
    assert [fault.feature for fault in faults(lattice.encoded(document))] == [CELL, CELL + 1, CELL + 2]


def test_parse_bounds_the_faults() -> None:
    """A hopeless file gives the first hundred and says that there are more."""
    document = lattice.collection(20, 10)
    for feature in document["features"][CELL + 9 :]:
        feature["properties"]["class"] = "moon"
    found = faults(lattice.encoded(document))
    assert len(found) == MOST_FAULTS + 1
    assert found[-1].kind is FaultKind.MORE


def test_parse_allows_a_square_metre_of_overlap() -> None:
    """Rounded vertices of a survey are no overlap."""
    document = lattice.collection(2)
    ring = document["features"][CELL]["geometry"]["coordinates"][0]
    ring[1] = [ring[1][0] + 5e-8, ring[1][1]]
    assert len(parsed(document).cells) == 2


def test_faults_speak_two_languages() -> None:
    """A fault names its feature and says what to do, in Chinese and English."""
    document = lattice.collection(2)
    _ring(lattice.square(1, 0))(document)
    fault = next(fault for fault in faults(lattice.encoded(document)) if fault.kind is FaultKind.OVERLAP)
    assert str(fault).startswith("feature 4 (441302010001002): it overlaps feature 3, 441302010001001, by 45")
    assert fault.where_zh == "要素 4（441302010001002）："
    assert fault.zh.endswith("请改正共同边界")


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.0002, 0.02), st.randoms())
def test_parse_takes_every_lattice(columns: int, rows: int, step: float, random: Any) -> None:
    """Squares that share their vertices exactly are valid in any size and order, and no area is lost."""
    document = lattice.collection(columns, rows, step=step)
    random.shuffle(document["features"])
    grid = parsed(document)
    whole = lattice.collection(1, 1, step=step)
    west, south, far = lattice.WEST, lattice.SOUTH, lattice.square(columns - 1, rows - 1, step=step)[2]
    box = [[west, south], [far[0], south], far, [west, far[1]], [west, south]]
    _ring(box)(whole)
    assert sum(cell.area_m2 for cell in grid.cells) == pytest.approx(parsed(whole).cells[0].area_m2, rel=1e-4)
