"""What officers usually do next, against a slow count; who is silent may have done it already."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.coverage import habits
from alerts.coverage.habits import BIN_MS, NOWHERE, SPAN_MS

CELLS = 4
Stop = tuple[int, int, int, bool]
"""Cell, from and to in minutes, valid."""


@st.composite
def _days(draw: st.DrawFn) -> list[Stop]:
    """One officer's stays, one after the other; the last ones were not watched for long enough."""
    made, minute = [], 0
    for _ in range(draw(st.integers(1, 25))):
        minute += draw(st.integers(1, 30))
        stay = draw(st.integers(1, 40))
        made.append((draw(st.integers(0, CELLS - 1)), minute, minute + stay, draw(st.booleans())))
        minute += stay
    return made


def _stops(day: Sequence[Stop]) -> habits.Stops:
    cell, t_in, t_out, valid = (np.array(column) for column in zip(*day, strict=True))
    ends = 60_000 * t_out.astype(np.int64)
    return habits.Stops(
        device=np.zeros(len(day), np.int64), cell=cell.astype(np.intp), t_in=60_000 * t_in.astype(np.int64), t_out=ends,
        valid=valid.astype(np.bool_), counted=ends + SPAN_MS <= ends[-1],
    )  # fmt: skip


def _officer(cell: int, *, since_bins: int, silent_bins: int = 0, left: bool = False) -> habits.Where:
    return habits.Where(
        device=np.array([0]), before=np.array([NOWHERE]), cell=np.array([cell]), left=np.array([left]),
        since_ms=np.array([since_bins * BIN_MS]), silent_ms=np.array([silent_bins * BIN_MS]),
    )  # fmt: skip


def _slow(stops: habits.Stops, cell: int, goal: int, since: int, until: int) -> float:
    """Log of the probability that nobody comes to `goal` from `since` to `until` (ms) after coming to `cell`."""
    took = []
    seen = 0
    for i in np.flatnonzero(stops.counted & (stops.cell == cell)).tolist():
        seen += 1
        after = [j for j in range(i + 1, min(i + 11, len(stops.cell))) if stops.t_in[j] - stops.t_out[i] < SPAN_MS]
        first = next((j for j in after if stops.cell[j] == goal and stops.valid[j]), None)
        if first is not None and stops.t_in[first] - stops.t_in[i] < SPAN_MS:
            took.append(int(stops.t_in[first] - stops.t_in[i]))
    passed = sum(each < since for each in took)
    comes = sum(since <= each < until for each in took)
    return float(np.log(1 - comes / (max(seen - passed, comes) + 1)))


@given(_days(), st.integers(0, CELLS - 1), st.integers(0, 6), st.integers(1, 9), st.integers(0, 6))
def test_missed_is_what_a_slow_count_says(day: list[Stop], cell: int, since: int, left: int, silent: int) -> None:
    """Whether an officer comes to each other cell in time, given that the visit was not seen until the last fix."""
    stops = _stops(day)
    known = habits.fit(stops, CELLS)
    logs, usual = habits.missed(
        known, _officer(cell, since_bins=since, silent_bins=silent), np.full(CELLS, left * BIN_MS)
    )
    for goal in range(CELLS):
        heard = max(since - silent, 0) * BIN_MS
        expected = 0.0 if goal == cell else _slow(stops, cell, goal, heard, (since + left) * BIN_MS)
        assert logs[goal] == pytest.approx(expected, abs=1e-5)
        assert (logs[goal] < 0) <= bool(usual[goal])


def test_who_is_silent_may_have_come_already() -> None:
    """An officer who always goes on after a quarter of an hour: heard for half an hour without it, no; silent, yes."""
    day = [(n % 2, 15 * n, 15 * n + 10, True) for n in range(40)]
    known, left = habits.fit(_stops(day), CELLS), np.full(CELLS, 2 * BIN_MS)
    heard, _ = habits.missed(known, _officer(0, since_bins=6), left)
    silent, _ = habits.missed(known, _officer(0, since_bins=6, silent_bins=5), left)
    assert np.exp(heard[1]) == pytest.approx(1)
    assert np.exp(silent[1]) < 0.1


def test_hourly_counts_on_those_who_usually_come() -> None:
    """Device 7 visits cell 0 four times in an hour, device 9 cell 1 once; a night between two shifts is no time out."""
    stops = habits.Stops(
        device=np.array([7, 7, 7, 7, 9, 9]), cell=np.array([0, 0, 0, 0, 1, 2], dtype=np.intp),
        t_in=np.array([0, 15, 30, 45, 0, 900]) * 60_000, t_out=np.array([10, 25, 40, 60, 10, 910]) * 60_000,
        valid=np.array([True, True, True, True, True, False]), counted=np.ones(6, np.bool_),
    )  # fmt: skip
    known = habits.fit(stops, CELLS)
    one = _officer(0, since_bins=0)
    seven, nine, stranger = (habits.hourly(known, replace(one, device=np.array([n]))) for n in (7, 9, 8))
    assert seven == pytest.approx([4 / (1 + 1)] + [0.0] * (CELLS - 1))
    assert nine == pytest.approx([0.0, 1 / (1 / 3 + 1)] + [0.0] * (CELLS - 2))
    assert not stranger.any()
    assert not habits.hourly(habits.unlearned(CELLS), one).any()
