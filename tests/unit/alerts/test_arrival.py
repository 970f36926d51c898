"""Arrivals: against a slow independent answer, and who counts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import arrival
from schemas import wire
from tracking.fixes import FixColumns

RULE = arrival.ArrivalRule()
_places = st.lists(st.tuples(st.floats(-3e4, 3e4), st.floats(-3e4, 3e4)), min_size=1, max_size=30)


@settings(deadline=None, max_examples=50)
@given(_places, _places)
def test_nearest_agrees_with_a_slow_answer(
    cells: list[tuple[float, float]], officers: list[tuple[float, float]]
) -> None:
    """The vectorised search finds the distance that a loop over all pairs finds, to centimetres."""
    cx, cy = np.array(cells).T
    ox, oy = np.array(officers).T
    found = arrival.nearest(cx, cy, ox, oy, RULE)
    for i, place in enumerate(cells):
        metres = min(math.dist(place, officer) for officer in officers)
        assert found.ms[i] == pytest.approx(metres * 1.35 / 1.3 * 1000 + 60_000, abs=100)
        assert math.dist(place, officers[found.officer[i]]) == pytest.approx(metres, abs=0.1)
    for i, officer in enumerate(officers):
        metres = min(math.dist(officer, place) for place in cells)
        assert math.dist(officer, cells[found.at[i]]) == pytest.approx(metres, abs=0.1)


def test_nearest_searches_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer does not depend on how many pairs are measured at once."""
    rng = np.random.default_rng(7)
    cx, cy, ox, oy = (rng.uniform(0, 2e4, n) for n in (200, 200, 50, 50))
    whole = arrival.nearest(cx, cy, ox, oy, RULE)
    monkeypatch.setattr(arrival, "_CHUNK", 128)
    parts = arrival.nearest(cx, cy, ox, oy, RULE)
    assert np.array_equal(whole.officer, parts.officer)
    assert np.array_equal(whole.at, parts.at)


def test_nearest_without_officers_finds_nobody() -> None:
    """Without an eligible officer every cell says so."""
    found = arrival.nearest(np.zeros(3), np.zeros(3), np.zeros(0), np.zeros(0), RULE)
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
