"""The law, one step on: coverage and indicators say the same, whatever the order in which their basis came in."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import shown
from tests.unit.tracking import timelines as tl
from tracking.coverage import coverage, indicators
from tracking.plans.calendars import DutyCalendar
from tracking.plans.plans import Windows
from tracking.presence import silence
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import Run, Stay, StayKind

HOUR = 3_600_000
CELLS = 4
END = tl.T0 + 6 * HOUR
CALENDAR = DutyCalendar("Asia/Shanghai", [("00:00", "22:30"), ("23:00", "24:00")])
DWELL = np.full(CELLS, tl.RULE.dwell_ms)
LIMITS = coverage.LimitSteps(starts=np.array([0]), limit_ms=np.full((1, CELLS), 40 * 60_000))


def patrolling(seed: int, device: int) -> FixColumns:
    """An officer who walks to and fro between places for hours, with noise and stretches that nobody heard."""
    rng = np.random.default_rng([seed, device])
    points: list[tuple[float, float, float]] = []
    place, s = (150.0, 150.0), 0.0
    while s < 9_000:
        to = float(rng.uniform(20, 1180)), float(rng.uniform(20, 280))
        points += tl.walk(place, to, begin=s + 10, speed=float(rng.choice([1.2, 1.2, 6.0])))
        place, s = to, points[-1][0]
    heard = np.ones(len(points), dtype=np.bool_)
    for start in rng.integers(0, len(points), rng.integers(0, 5)).tolist():
        heard[start : start + int(rng.integers(5, 120))] = False
    off = rng.normal(0, 4, (len(points), 2)).tolist()
    return tl.track(
        [(t, x + dx, y + dy) for (t, x, y), (dx, dy), kept in zip(points, off, heard, strict=True) if kept],
        device=device,
    )


def visits_of(stays: list[Stay]) -> indicators.Visits:
    """Valid visits as columns, in the order given."""
    found = [stay for stay in stays if stay.kind is StayKind.VISIT]
    return indicators.Visits(
        cell=np.array([stay.cell - 1 for stay in found], dtype=np.intp),
        t_in=np.array([stay.t_in for stay in found], dtype=np.int64),
        t_out=np.array([stay.t_out for stay in found], dtype=np.int64),
    )


def judged(stays: list[Stay], runs: list[Run]) -> list[Any]:
    """Coverage every twenty minutes and the indicators of the whole period."""
    grid, visits = tl.row_of_cells(CELLS), visits_of(stays)
    made: list[Any] = []
    for now in range(tl.T0 + HOUR // 3, END, HOUR // 3):
        begun = visits.t_in <= now
        last = np.full(CELLS, coverage.NEVER, dtype=np.int64)
        np.maximum.at(last, visits.cell[begun], np.minimum(visits.t_out[begun], now))
        present = np.isin(np.arange(CELLS), visits.cell[begun & (visits.t_out >= now)])
        known = coverage.CoverageInput(
            last_visit=last, present=present, known_since=np.full(CELLS, tl.T0),
            possible=silence.possible_visits(shown.silences(runs, now), grid, DWELL),
            quota=coverage.Quota.none(CELLS),
        )  # fmt: skip
        none = np.zeros(CELLS, dtype=np.int64)
        made.append(
            coverage.evaluate(known, now=now, limits=LIMITS, arrival_ms=none, dwell_ms=DWELL, calendar=CALENDAR)
        )
    nothing = np.empty(0, dtype=np.int64)
    record = indicators.PeriodRecord(
        start=tl.T0, end=END, since=np.full(CELLS, tl.T0), observed=np.full(CELLS, tl.T0), visits=visits,
        hidden=silence.hidden_visits(shown.silences(runs, END), grid, DWELL),
        windows=Windows(cell=nothing.astype(np.intp), start=nothing, end=nothing, n=nothing.astype(np.int32)),
        limits=LIMITS, dwell_ms=DWELL,
    )  # fmt: skip
    return [*made, indicators.measure(record, CALENDAR)]


def plain(value: Any) -> Any:
    """Columns as lists, to be compared."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value.tolist() if isinstance(value, np.ndarray) else value


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_coverage_and_indicators_do_not_depend_on_arrival(seed: int) -> None:
    """Fixes in any order, some twice, in any batches: every state, wait and figure is the same to the last bit."""
    rng = np.random.default_rng(seed)
    fixes = FixColumns.concat([patrolling(seed, device) for device in (1, 2)])
    in_order, mess = tl.Store(tl.engine()), tl.Store(tl.engine())
    in_order.receive(fixes)
    arrival = np.append(rng.permutation(len(fixes)), rng.integers(0, len(fixes), len(fixes) // 4))
    for part in np.array_split(arrival, rng.integers(1, 9)):
        mess.receive(fixes.take(part))
    in_order.settle()
    mess.settle()
    first, second = (judged(list(s.known.values()), list(s.runs.values())) for s in (in_order, mess))
    assert plain(second) == plain(first)


def test_the_property_is_about_something() -> None:
    """In such tracks cells are visited, waited for too long, and unknown."""
    states: set[int] = set()
    visits = waited = 0
    for seed in range(6):
        store = tl.Store(tl.engine())
        store.receive(FixColumns.concat([patrolling(seed, device) for device in (1, 2)]))
        store.settle()
        *covered, figures = judged(list(store.known.values()), list(store.runs.values()))
        states |= {state for each in covered for state in each.state.tolist()}
        visits += int(figures.visits.sum())
        waited += int((figures.beyond_ms + figures.unsure_ms).sum())
    assert {coverage.CellState.FRESH, coverage.CellState.OVERDUE, coverage.CellState.UNKNOWN} <= states
    assert visits > 0
    assert waited > 0
