"""Arrivals: against a slow independent answer, and who counts."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.coverage import arrival, assignment
from schemas import wire
from tracking.geometry import streets
from tracking.geometry.streets import StreetWays
from tracking.presence.fixes import FixColumns

RULE = arrival.ArrivalRule()
_near = st.lists(st.tuples(st.floats(-2e3, 2e3), st.floats(-2e3, 2e3)), min_size=1, max_size=8)
_places = st.lists(st.tuples(st.floats(-3e4, 3e4), st.floats(-3e4, 3e4)), min_size=1, max_size=30)


@given(st.integers(0, 1 << 32))
def test_some_of_the_cells_are_reached_as_soon_as_among_all(seed: int) -> None:
    """What is asked about a part of the city is what the whole says of it."""
    dice = np.random.default_rng(seed)
    cells = arrival.PlanePoints(
        x=dice.uniform(0, 2_000, 30), y=dice.uniform(0, 2_000, 30), area=dice.integers(0, 3, 30)
    )
    officers = arrival.PlanePoints(
        x=dice.uniform(0, 2_000, 8), y=dice.uniform(0, 2_000, 8), area=dice.integers(-1, 3, 8)
    )
    rows = np.flatnonzero(dice.random(30) < 0.4)
    every, some = (arrival.nearest(each, officers, RULE).ms for each in (cells, cells.some(rows)))
    assert some.tolist() == every[rows].tolist()


@settings(deadline=None, max_examples=50)
@given(_places, _places)
def test_nearest_agrees_with_a_slow_answer(
    cells: list[tuple[float, float]], officers: list[tuple[float, float]]
) -> None:
    """The vectorised search finds the distance that a loop over all pairs finds, to centimetres."""
    cx, cy = np.array(cells).T
    ox, oy = np.array(officers).T
    found = arrival.nearest(arrival.PlanePoints.of(cx, cy), arrival.PlanePoints.of(ox, oy), RULE)
    for i, place in enumerate(cells):
        metres = min(math.dist(place, officer) for officer in officers)
        assert found.ms[i] == pytest.approx(metres * 1.35 / 1.3 * 1000 + 60_000, abs=100)
        assert math.dist(place, officers[found.officer[i]]) == pytest.approx(metres, abs=0.1)
    for i, officer in enumerate(officers):
        metres = min(math.dist(officer, place) for place in cells)
        assert math.dist(officer, cells[found.at[i]]) == pytest.approx(metres, abs=0.1)


def test_nearest_sends_nobody_out_of_the_area_allowed() -> None:
    """An officer bound to a street is the nearest of its cells only; one who may go anywhere fills in."""
    cells = arrival.PlanePoints(x=np.array([0.0, 100.0]), y=np.zeros(2), area=np.array([0, 1]))
    officers = arrival.PlanePoints(x=np.array([0.0, 900.0]), y=np.zeros(2), area=np.array([0, arrival.ANYWHERE]))
    assert arrival.nearest(cells, officers, RULE).officer.tolist() == [0, 1]
    alone = arrival.PlanePoints(x=np.zeros(1), y=np.zeros(1), area=np.zeros(1, np.intp))
    assert arrival.nearest(cells, alone, RULE).officer.tolist() == [0, arrival.NOBODY]


def test_nearest_takes_longer_where_orders_took_longer() -> None:
    """The way, not the start, is stretched by what past orders took."""
    cells, officers = (
        arrival.PlanePoints.of(np.zeros(1), np.zeros(1)),
        arrival.PlanePoints.of(np.array([500.0]), np.zeros(1)),
    )
    plain = int(arrival.nearest(cells, officers, RULE).ms[0]) - RULE.prepare_ms
    slow = int(arrival.nearest(cells, officers, replace(RULE, ratio=1.5)).ms[0]) - RULE.prepare_ms
    assert slow == pytest.approx(1.5 * plain, abs=1)


@settings(deadline=None, max_examples=50)
@given(_places, _places, st.integers(0, 3_600_000))
def test_in_time_agrees_with_a_slow_answer(
    cells: list[tuple[float, float]], officers: list[tuple[float, float]], ms: int
) -> None:
    """Those counted are those whose arrival takes no longer."""
    cx, cy = np.array(cells).T
    ox, oy = np.array(officers).T
    found = arrival.in_time(arrival.PlanePoints.of(cx, cy), arrival.PlanePoints.of(ox, oy), np.full(len(cx), ms), RULE)
    for i, place in enumerate(cells):
        away = [math.dist(place, officer) for officer in officers]
        reach = max(ms - 60_000, 0) / 1000 * 1.3 / 1.35
        assert sum(metres < reach - 0.01 for metres in away) <= found[i] <= sum(m <= reach + 0.01 for m in away)


_SQUARES = st.integers(0, streets.SQUARES - 1)
_ways = st.dictionaries(st.tuples(_SQUARES, _SQUARES), st.integers(0, 4_500), max_size=30)


def _way(told: StreetWays, cell: int, place: tuple[float, float], officer: tuple[float, float]) -> float:
    street = float(told.metres(np.array([cell]), np.array([officer[0]]), np.array([officer[1]]))[0])
    straight = math.dist(place, officer)
    return straight * 1.35 if math.isnan(street) else max(street, straight)


def _told(cells: int, ways: dict[tuple[int, int], int]) -> StreetWays:
    """The same squares about the middle of the plane for all cells."""
    squares = np.full((cells, streets.SQUARES, streets.SQUARES), streets.UNKNOWN, dtype=np.uint16)
    for (row, column), metres in ways.items():
        squares[:, row, column] = metres
    return StreetWays(x=np.zeros(cells), y=np.zeros(cells), squares=squares)


@settings(deadline=None, max_examples=80)
@given(_near, _near, _ways, st.integers(0, 3_600_000))
def test_ways_along_streets_agree_with_a_slow_answer(
    cells: list[tuple[float, float]], officers: list[tuple[float, float]], ways: dict[tuple[int, int], int], ms: int
) -> None:
    """With few officers all ways are looked at: the soonest is found, and those in time are counted."""
    (cx, cy), (ox, oy) = np.array(cells).T, np.array(officers).T
    told = _told(len(cells), ways)
    found = arrival.nearest(arrival.PlanePoints.of(cx, cy), arrival.PlanePoints.of(ox, oy), RULE, told)
    able = arrival.in_time(
        arrival.PlanePoints.of(cx, cy), arrival.PlanePoints.of(ox, oy), np.full(len(cx), ms), RULE, told
    ).tolist()
    reach = max(ms - 60_000, 0) / 1000 * 1.3
    for i, place in enumerate(cells):
        way = [_way(told, i, place, officer) for officer in officers]
        assert found.ms[i] == pytest.approx(min(way) / 1.3 * 1000 + 60_000, abs=100)
        assert way[found.officer[i]] == pytest.approx(min(way), abs=0.1)
        assert sum(metres < reach - 0.01 for metres in way) <= able[i] <= sum(m <= reach + 0.01 for m in way)


def test_who_has_a_river_between_is_not_the_nearest() -> None:
    """An officer 100 m away who has to walk 2 km comes later than one 600 m away on the same bank."""
    squares = np.full((1, streets.SQUARES, streets.SQUARES), 650, dtype=np.uint16)
    squares[0, : streets.SQUARES // 2] = 2_000
    told = StreetWays(x=np.zeros(1), y=np.zeros(1), squares=squares)
    cell, officers = (
        arrival.PlanePoints.of(np.zeros(1), np.full(1, 10.0)),
        arrival.PlanePoints.of(*np.array([[0, 500], [-90, 300.0]])),
    )
    assert arrival.nearest(cell, officers, RULE).officer.tolist() == [0]
    found = arrival.nearest(cell, officers, RULE, told)
    assert found.officer.tolist() == [1]
    assert found.ms.tolist() == [560_000]
    (proposed,) = assignment.propose(
        assignment.Needs(places=cell, left_ms=np.array([3_600_000]), limit_ms=np.array([3_600_000]),
                         dwell_ms=np.zeros(1, np.int64), cost=np.ones(1), streets=told),
        assignment.Free(places=officers, behind_ms=np.zeros(2, np.int64)), assignment.AssignmentRule(), RULE,
    )  # fmt: skip
    assert (proposed.officer, proposed.way_m, proposed.arrival_ms) == (1, 650, 560_000)


def test_nearest_without_officers_finds_nobody() -> None:
    """Without an eligible officer every cell says so."""
    found = arrival.nearest(
        arrival.PlanePoints.of(np.zeros(3), np.zeros(3)), arrival.PlanePoints.of(np.zeros(0), np.zeros(0)), RULE
    )
    assert found.ms.tolist() == found.officer.tolist() == [arrival.NOBODY] * 3


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({}, True),
        ({"t": [1_000_000 - 180_000]}, False),
        ({"bat": [10.0]}, False),
        ({"bat": [11.0]}, True),
        ({"duty": [wire.DUTY_CODE[wire.Duty.TASK]]}, False),
        ({"duty": [wire.DUTY_CODE[wire.Duty.BREAK]]}, False),
        ({"src": [wire.SOURCE_CODE[wire.Source.LAST_KNOWN]]}, False),
        ({"flags": [wire.FixFlag.MOCK]}, False),
    ],
)
def test_eligible_counts_only_officers_who_can_be_sent(changed: dict[str, list[float]], counts: bool) -> None:
    """Fresh, on duty without a task, at a measured place, with battery left (or unknown)."""
    usual: dict[str, list[float]] = {"t": [1_000_000], "lat": [23.08], "lon": [114.4]}
    newest = FixColumns.from_columns(1, **(usual | changed))
    assert arrival.eligible(newest, 1_000_000, RULE).tolist() == [counts]
