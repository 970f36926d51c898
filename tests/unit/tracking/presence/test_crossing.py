"""Steps over boundaries: when, where, and what they pass through, against a slow walk along the step."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tracking.presence import crossing
from tracking.presence.points import Point

GRID = tl.row_of_cells(4)


def point(s: float, x: float, y: float) -> Point:
    """A fix at (x, y) m east and north of the corner of the first cell, `s` after the beginning."""
    lat, lon = tl.degrees(x, y)
    at = GRID.xy(np.array([lat]), np.array([lon]))
    inner = int(GRID.index(np.array([lat]), np.array([lon]))[0])
    return Point(tl.T0 + round(s * 1000), float(at[0][0]), float(at[1][0]), 3.0, inner, 50.0, lat, lon)


def test_a_step_over_a_boundary_crosses_it_in_proportion() -> None:
    """From 100 m before it to 50 m behind it in 30 s: after 20 s, at the boundary."""
    before, after = point(0, 200, 150), point(30, 350, 150)
    for index, entering in ((1, True), (0, False)):
        t, place = crossing.crossing_of(GRID, index, before, after, entering=entering)
        assert t == pytest.approx(tl.T0 + 20_000, abs=50)
        boundary = point(0, 300, 150)
        assert math.dist(place, boundary.place) < 0.5


def test_without_a_fix_before_it_is_the_fix_itself() -> None:
    """Nobody knows where the first fix came from."""
    after = point(30, 350, 150)
    assert crossing.crossing_of(GRID, 1, None, after, entering=True) == (after.t, after.place)


@given(st.floats(20, 280), st.floats(920, 1180), st.floats(40, 260), st.floats(40, 260), st.sampled_from((-1, 1, 2)))
def test_a_long_step_passes_through_what_a_slow_walk_along_it_meets(
    x0: float, x1: float, y0: float, y1: float, held: int
) -> None:
    """The cells between, in order, but for the one that is held; times and ways in proportion."""
    last, after = point(0, x0, y0), point(60, x1, y1)
    met = list(crossing.cells_crossed(GRID, last, after, 5.0, held))
    shares = np.linspace(0, 1, 2_001)
    slow = [int((x0 + (x1 - x0) * share) // tl.SIDE_M) for share in shares]
    assert [index for index, *_ in met] == [cell for cell in (1, 2) if cell != held]
    for index, t_in, t_out, start, end, way in met:
        inside = shares[[cell == index for cell in slow]]
        assert t_in == pytest.approx(last.t + 60_000 * inside[0], abs=100)
        assert t_out == pytest.approx(last.t + 60_000 * inside[-1], abs=100)
        assert way == pytest.approx(math.dist(start, end), rel=1e-3)


@pytest.mark.parametrize(
    ("last", "after", "why"),
    [
        ((0, 280, 150), (5, 305, 150), "shorter than what matters"),
        ((0, 200, 150), (30, 400, 150), "into the next cell over the boundary that both share"),
        ((0, 50, 150), (60, 250, 150), "within one cell"),
    ],
)
def test_the_usual_step_passes_through_nothing(
    last: tuple[float, float, float], after: tuple[float, float, float], why: str
) -> None:
    """Neither a short one, nor one to the cell beside."""
    assert list(crossing.cells_crossed(GRID, point(*last), point(*after), 5.0, -1)) == [], why
