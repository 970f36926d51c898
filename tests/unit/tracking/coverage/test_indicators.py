"""Indicators against a slow answer that looks at every minute, and the traps of idleness."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.coverage import indicators, rollup
from tracking.coverage.coverage import NO_LIMIT, LimitSteps
from tracking.coverage.indicators import Figures, PeriodRecord, Visited, Visits
from tracking.plans.calendars import DutyCalendar
from tracking.plans.plans import Windows
from tracking.presence.silence import Hidden
from tracking.routes import done

MINUTE = 60_000
ZONES = {"Asia/Shanghai": "2026-09-03 00:00", "Europe/Berlin": "2026-10-24 12:00"}


@dataclass
class Timeline:
    """What happened in some cells, in minutes from the start of a period of `length` minutes."""

    visits: list[tuple[int, int, int]] = field(default_factory=list)
    """(cell, from, to)."""
    length: int = 600
    cells: int = 1
    since: int = 0
    """Since when cells wait at the start, and the city is observed."""
    limit: int = 120
    late_limit: int | None = None
    """Limit from the middle of the period on."""
    windows: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(cell, from, to, n)."""
    hidden: list[tuple[int, int, int]] = field(default_factory=list)
    """(cell, first, last)."""
    duty: tuple[tuple[str, str], ...] = (("00:00", "24:00"),)
    zone: str = "Asia/Shanghai"

    @property
    def start(self) -> int:
        """Ms of minute 0."""
        return int(datetime.fromisoformat(ZONES[self.zone]).replace(tzinfo=ZoneInfo(self.zone)).timestamp() * 1000)

    def at(self, minutes: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Ms of minutes."""
        return np.array([self.start + minute * MINUTE for minute in minutes], dtype=np.int64)

    def steps(self) -> list[tuple[int, int]]:
        """Limits as (from minute, minutes)."""
        return [(0, self.limit)] + ([] if self.late_limit is None else [(self.length // 2, self.late_limit)])

    def measure(self) -> Figures:
        """The figures of the product."""
        visits = [visit for visit in self.visits if visit[1] < self.length]
        record = PeriodRecord(
            start=self.start,
            end=self.start + self.length * MINUTE,
            since=np.full(self.cells, self.start + self.since * MINUTE),
            observed=np.full(self.cells, self.start + self.since * MINUTE),
            visits=Visits(
                cell=np.array([c for c, _, _ in visits], dtype=np.intp),
                t_in=self.at([a for _, a, _ in visits]),
                t_out=self.at([b for _, _, b in visits]),
            ),
            hidden=Hidden(
                cell=np.array([c for c, _, _ in self.hidden], dtype=np.intp),
                first=self.at([a for _, a, _ in self.hidden]),
                last=self.at([b for _, _, b in self.hidden]),
            ),
            windows=Windows(
                cell=np.array([c for c, _, _, _ in self.windows], dtype=np.intp),
                start=self.at([a for _, a, _, _ in self.windows]),
                end=self.at([b for _, _, b, _ in self.windows]),
                n=np.array([n for _, _, _, n in self.windows], dtype=np.int32),
            ),
            limits=LimitSteps(
                starts=self.at([a for a, _ in self.steps()]),
                limit_ms=np.array([[limit * MINUTE] * self.cells for _, limit in self.steps()]),
            ),
            dwell_ms=np.full(self.cells, 3 * MINUTE),
        )
        return indicators.measure(record, DutyCalendar(self.zone, self.duty))

    def on_duty(self) -> dict[int, bool]:
        """Whether each minute is duty, by the wall clock."""
        zone, made = ZoneInfo(self.zone), {}
        for minute in range(min(self.since, 0), self.length):
            local = datetime.fromtimestamp(self.start / 1000 + minute * 60, zone)
            clock = f"{local.hour:02d}:{local.minute:02d}"
            made[minute] = any(first <= clock < last for first, last in self.duty)
        return made

    def slowly(self, cell: int, duties: dict[int, bool]) -> tuple[float, int, int, int]:
        """Mean wait, minutes beyond the limit, longest wait and duty minutes of a cell, by every minute."""
        mine = [(a, b) for c, a, b in self.visits if c == cell and a < self.length]
        waited = beyond = worst = duty = 0
        total = 0.0
        for minute in range(min(self.since, 0), self.length):
            on_duty, inside = duties[minute], any(a <= minute < b for a, b in mine)
            if inside or any(minute in {a, b} for a, b in mine):
                waited = 0
            if minute >= max(self.since, 0) and on_duty:
                duty += 1
                limit = [limit for start, limit in self.steps() if start <= minute][-1]
                total += 0 if inside else waited + 0.5
                beyond += not inside and waited >= limit
                worst = max(worst, 0 if inside else waited + 1)
            if not inside and on_duty and minute >= self.since:
                waited += 1
        return total / max(duty, 1), beyond, worst, duty


TIMELINES = st.builds(
    Timeline,
    visits=st.lists(
        st.tuples(st.integers(0, 2), st.integers(-200, 900), st.integers(1, 90)).map(
            lambda v: (v[0], v[1], v[1] + v[2])
        ),
        max_size=12,
    ),
    length=st.integers(60, 1000),
    cells=st.just(3),
    limit=st.sampled_from([30, 120, 400]),
    late_limit=st.sampled_from([None, 45, 200]),
    duty=st.sampled_from([(("00:00", "24:00"),), (("06:00", "11:00"), ("13:00", "20:00")), (("04:00", "23:00"),)]),
    zone=st.sampled_from(list(ZONES)),
)


@settings(max_examples=40, deadline=None)
@given(TIMELINES, st.sampled_from([-300, 0, 50]))
def test_idleness_and_compliance_agree_with_looking_at_every_minute(timeline: Timeline, since: int) -> None:
    """With overlapping visits, waits carried in and left open, breaks of duty, changing limits, a day of 25 hours."""
    timeline.since = since
    timeline.visits = [visit for visit in timeline.visits if visit[2] > since and visit[1] >= since]
    figures, duties = timeline.measure(), timeline.on_duty()
    for cell in range(timeline.cells):
        mean, beyond, worst, duty = timeline.slowly(cell, duties)
        assert set(figures.observed_ms.tolist()) == {duty * MINUTE}
        assert figures.beyond_ms[cell] == beyond * MINUTE
        assert figures.worst_ms[cell] == worst * MINUTE
        assert figures.idle_ms[cell] == pytest.approx(mean * MINUTE if duty else 0.0, abs=1)


@settings(max_examples=40, deadline=None)
@given(
    TIMELINES,
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(1, 400), st.integers(1, 3)), max_size=4),
)
def test_required_visits_agree_with_counting_them(timeline: Timeline, asked: list[tuple[int, int, int, int]]) -> None:
    """A visit counts for the windows in which it begins; what is more than required helps no other window."""
    timeline.windows = [(c, a, min(a + size, timeline.length), n) for c, a, size, n in asked if a < timeline.length]
    figures = timeline.measure()
    for cell in range(timeline.cells):
        windows = [(a, b, n) for c, a, b, n in timeline.windows if c == cell] or [(0, timeline.length, 1)]
        made = [min(n, sum(c == cell and a <= begin < b for c, begin, _ in timeline.visits)) for a, b, n in windows]
        assert figures.done[cell] == sum(made)
        assert figures.required[cell] == sum(n for _, _, n in windows)
        whole = all(done == n for done, (_, _, n) in zip(made, windows, strict=True))
        assert figures.state[cell] == (Visited.VISITED if whole else Visited.NOT_VISITED)


@settings(max_examples=25, deadline=None)
@given(TIMELINES, st.randoms(use_true_random=False))
def test_the_order_of_visits_changes_nothing(timeline: Timeline, random: object) -> None:
    """Indicators are a function of the set of visits."""
    first = timeline.measure()
    random.shuffle(timeline.visits)  # type: ignore[attr-defined]
    second = timeline.measure()
    for name in Figures.__slots__:
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_a_never_visited_cell_has_the_largest_idleness() -> None:
    """Trap (a): the open wait at the end and the one from the start count, also where no visit ever was."""
    timeline = Timeline(cells=2, visits=[(1, 100, 110), (1, 300, 310)], length=600)
    figures = timeline.measure()
    assert figures.worst_ms.tolist() == [600 * MINUTE, 290 * MINUTE]
    assert figures.idle_ms[0] == 300 * MINUTE > figures.idle_ms[1]
    assert figures.gaps.tolist() == [0, 2]


def test_the_time_average_is_not_the_mean_at_visits() -> None:
    """Trap (b): gaps of 10 and 90 min: 50 at visits, Σgap²/2T = 41 over time; others mean twice that by it."""
    figures = Timeline(visits=[(0, 10, 10), (0, 100, 100)], length=100).measure()
    total = rollup.roll_up(figures, sums(1), np.array([0]))
    assert total.idle_mean_s == pytest.approx((10**2 + 90**2) / 200 * 60)
    assert figures.gap_sum_ms[0] == 10 * MINUTE


def test_waits_stand_still_off_duty() -> None:
    """Trap (c): a cell visited before the break has waited no longer after it."""
    figures = Timeline(visits=[(0, 0, 600)], length=900, duty=(("06:00", "11:00"), ("13:00", "20:00"))).measure()
    assert figures.worst_ms[0] == (60 + 120) * MINUTE


@pytest.mark.parametrize(
    ("hidden", "state", "unsure"),
    [
        ([], Visited.NOT_VISITED, 0),
        ([(0, 200, 300)], Visited.UNKNOWN, 480),
        ([(1, 200, 300)], Visited.NOT_VISITED, 0),
        ([(0, -50, -10)], Visited.NOT_VISITED, 0),
    ],
)
def test_what_silence_may_hide_is_neither_covered_nor_failed(
    hidden: list[tuple[int, int, int]], state: Visited, unsure: int
) -> None:
    """A visit that may have been there makes the cell unknown, and its wait beyond the limit is not held against it."""
    timeline = Timeline(cells=2, visits=[(1, 10, 20)], hidden=hidden, length=600)
    figures = timeline.measure()
    assert figures.state[0] == state
    assert figures.unsure_ms[0] == unsure * MINUTE
    assert figures.beyond_ms[0] == (480 - unsure) * MINUTE


def sums(cells: int) -> rollup.RollupSums:
    """Equal weights, roads of 100, 200, … m, no drive-throughs."""
    return rollup.RollupSums(
        weight=np.arange(1.0, cells + 1),
        road_m=np.arange(1.0, cells + 1) * 100,
        drive_throughs=np.zeros(cells, dtype=np.int64),
        routes=no_routes(cells),
    )


def no_routes(cells: int) -> done.RouteSums:
    """No roads and no checkpoints."""
    none, nowhere = np.zeros(cells, dtype=np.int64), np.zeros(cells)
    return done.RouteSums(
        road_m=nowhere, walked_m=nowhere, road_known=np.ones(cells, dtype=np.bool_), required=none, passed=none,
        missing=none, roads_told=1.0, checkpoints_told=1.0,
    )  # fmt: skip


def test_rolled_up_shares_leave_the_unknown_out() -> None:
    """Three of four cells are known, one of them not visited: by count 2/3, by weight and road 3/6."""
    timeline = Timeline(cells=4, visits=[(0, 10, 20), (1, 10, 20)], hidden=[(3, 100, 200)], length=600)
    total = rollup.roll_up(timeline.measure(), sums(4), np.arange(4))
    assert (total.visited, total.not_visited, total.unknown, total.known_cells) == (2, 1, 1, 0.75)
    assert total.coverage == pytest.approx(2 / 3)
    assert total.coverage_weighted == pytest.approx(3 / 6)
    assert total.coverage_road == pytest.approx(3 / 6)
    assert total.compliance == pytest.approx(1 - (460 * 2 + 480) / (2400 - 480))


def test_what_is_mostly_unknown_is_not_told() -> None:
    """Below 70 % of known data there is no figure, and never a 0."""
    timeline = Timeline(cells=2, hidden=[(0, 10, 500), (1, 10, 500)], length=600)
    total = rollup.roll_up(timeline.measure(), sums(2), np.arange(2))
    assert (total.coverage, total.coverage_weighted, total.completion, total.compliance) == (None, None, None, None)
    assert total.known_time == pytest.approx(120 / 600)


def test_a_city_never_observed_has_no_figures() -> None:
    """Nothing is claimed of what nobody looked at."""
    timeline = Timeline(length=600, since=600)
    total = rollup.roll_up(timeline.measure(), sums(1), np.arange(1))
    assert (total.unknown, total.coverage, total.compliance, total.worst_s, total.observed) == (1, None, None, None, 0)


def test_a_cell_without_a_limit_waits_never_too_long() -> None:
    """Only visits are required there."""
    figures = Timeline(length=600, limit=NO_LIMIT // MINUTE).measure()
    assert figures.beyond_ms[0] == 0
