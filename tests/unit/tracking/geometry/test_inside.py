"""A place surely inside a polygon, and how far places lie apart."""

import pytest
import shapely

from tracking.geometry import inside

HOOK = [
    [0, 0], [0.01, 0], [0.01, 0.001], [0.001, 0.001], [0.001, 0.009], [0.01, 0.009], [0.01, 0.01], [0, 0.01], [0, 0],
]  # fmt: skip
SQUARE = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]


@pytest.mark.parametrize("ring", [HOOK, SQUARE])
def test_the_point_is_inside_whatever_the_shape(ring: list[list[float]]) -> None:
    """Also where the centroid is not."""
    lat, lon = inside.point({"type": "Polygon", "coordinates": [ring]})
    assert shapely.Polygon(ring).contains(shapely.Point(lon, lat))


def test_the_point_of_a_square_is_its_middle() -> None:
    """The centroid is taken where it can be."""
    assert inside.point({"type": "Polygon", "coordinates": [SQUARE]}) == (0.005, 0.005)


@pytest.mark.parametrize(
    ("other", "east", "north"), [((23.01, 114.0), 0, 1_112), ((23.0, 114.01), 1_023.6, 0), ((22.99, 114.0), 0, -1_112)]
)
def test_places_are_apart_by_metres_east_and_north(other: tuple[float, float], east: float, north: float) -> None:
    """A degree of longitude is shorter in the north."""
    assert inside.offset((23.0, 114.0), other) == pytest.approx((east, north), abs=1)
    assert inside.metres((23.0, 114.0), other) == pytest.approx(abs(east + north), abs=1)
