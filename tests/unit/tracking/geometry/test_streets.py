"""Ways along the streets: against a slow independent search, and where the streets do not tell."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.geometry import streets
from tracking.geometry.streets import FARTHEST_M, JOIN_M, OFF_M, SQUARE_M, SQUARES, UNKNOWN, Network, StreetWays

Place = tuple[float, float]

_roads = st.lists(
    st.tuples(st.floats(-1_200, 1_200), st.floats(-1_200, 1_200), st.floats(0, 2 * math.pi), st.integers(2, 40)),
    min_size=1,
    max_size=6,
)


def road(x: float, y: float, turn: float, n: int) -> list[Place]:
    """Middles of n pieces of 20 m."""
    return [(x + 20 * k * math.cos(turn), y + 20 * k * math.sin(turn)) for k in range(n)]


def around(pieces: list[Place], place: Place) -> StreetWays:
    """What is told around a place."""
    x, y = np.array(pieces).T
    middles = streets.middle(np.array(place))
    return StreetWays(x=middles[:1], y=middles[1:], squares=Network(x, y).around(*place)[None])


def told(found: StreetWays, *places: Place) -> list[float]:
    """Metres from places to the one cell."""
    x, y = np.array(places, dtype=np.float64).T
    return [float(each) for each in found.metres(np.zeros(len(places), np.intp), x, y)]


def walked(pieces: list[Place], place: Place, start: Place) -> float:
    """From a place to another by the shortest way along pieces that are near each other; nan without one."""

    def nearest(to: Place) -> tuple[float, int]:
        return min((math.dist(to, piece), n) for n, piece in enumerate(pieces))

    (off, goal), (aside, begin) = nearest(place), nearest(start)
    if off > OFF_M or aside > OFF_M:
        return math.nan
    best, waiting = {begin: 0.0}, [(0.0, begin)]
    while waiting:
        so_far, at = heapq.heappop(waiting)
        for n, piece in enumerate(pieces):
            step = math.dist(piece, pieces[at])
            if step <= JOIN_M and so_far + step < best.get(n, math.inf):
                best[n] = so_far + step
                heapq.heappush(waiting, (best[n], n))
    return min(best[goal] + off + aside, FARTHEST_M) if goal in best else math.nan


@settings(deadline=None, max_examples=40)
@given(_roads, st.tuples(st.floats(-900, 900), st.floats(-900, 900)), st.integers(0, 1_000_000))
def test_ways_agree_with_a_slow_search(lines: list[tuple[float, float, float, int]], place: Place, seed: int) -> None:
    """The middle of every square looked at is as far as a search of one way at a time says."""
    pieces = [each for line in lines for each in road(*line)]
    found = around(pieces, place)
    rng = np.random.default_rng(seed)
    for row, column in rng.integers(0, SQUARES, (20, 2)).tolist():
        x = float(found.x[0]) + (column - SQUARES // 2 + 0.5) * SQUARE_M
        y = float(found.y[0]) + (row - SQUARES // 2 + 0.5) * SQUARE_M
        assert told(found, (x, y)) == pytest.approx([walked(pieces, place, (x, y))], abs=0.6, nan_ok=True)


def test_a_river_is_walked_around() -> None:
    """Two banks 100 m apart with one bridge a kilometre away: two kilometres, not a hundred metres."""
    banks = [(20.0 * n, y) for n in range(51) for y in (0.0, 100.0)]
    bridge = [(1_000.0, 20.0 * n) for n in range(6)]
    found = around(banks + bridge, (10.0, 100.0))
    (across,) = told(found, (10.0, 0.0))
    assert across == pytest.approx(2_100, abs=60)
    (beside,) = told(found, (110.0, 100.0))
    assert beside == pytest.approx(100, abs=60)


def test_streets_do_not_tell_where_none_leads() -> None:
    """Off the streets, on streets that nothing joins, and beyond the squares."""
    found = around([(20.0 * n, 0.0) for n in range(20)] + [(20.0 * n, 700.0) for n in range(20)], (0.0, 0.0))
    assert told(found, (0.0, 300.0), (200.0, 700.0), (-1_600.0, 0.0)) == pytest.approx([math.nan] * 3, nan_ok=True)
    assert (around([(0.0, 0.0)], (0.0, OFF_M + 1)).squares == UNKNOWN).all()
    assert (Network(np.empty(0), np.empty(0)).around(0.0, 0.0) == UNKNOWN).all()
