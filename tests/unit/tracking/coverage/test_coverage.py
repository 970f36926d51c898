"""Coverage of cells: waits in duty time, limits, states, and what cannot be told."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.coverage import coverage
from tracking.coverage.coverage import CellState
from tracking.plans import calendars
from tracking.plans.calendars import DutyCalendar

ZONE = "Asia/Shanghai"
MINUTE = 60_000
HOUR = 60 * MINUTE


def ms(text: str) -> int:
    """Ms of a local time in the city."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def judge(now: int, **given_columns: Any) -> coverage.Coverage:
    """Evaluate one cell: visited an hour ago, limit two hours, heard now, a visit takes ten minutes."""
    columns = {
        "last_visit": now - HOUR, "present": False, "known_since": now - 20 * HOUR, "possible": coverage.NEVER,
        "dwell_ms": 10 * MINUTE, **given_columns,
    }  # fmt: skip
    quota = columns.pop("quota", coverage.Quota.none(1))
    limits = columns.pop("limits", coverage.LimitSteps(starts=np.array([0]), limit_ms=np.array([[2 * HOUR]])))
    share = columns.pop("soon_share", coverage.DUE_SOON_SHARE)
    calendar = columns.pop("calendar", DutyCalendar(ZONE, [("00:00", "24:00")]))
    arrays = {name: np.array([value], dtype=bool if name == "present" else np.int64) for name, value in columns.items()}
    dwell = arrays.pop("dwell_ms")
    known = coverage.CoverageInput(quota=quota, **arrays)
    return coverage.evaluate(
        known,
        now=now,
        calendar=calendar,
        limits=limits,
        arrival_ms=np.zeros(1, dtype=np.int64),
        dwell_ms=dwell,
        soon_share=share,
    )


NOW = ms("2026-09-03 15:00")


@pytest.mark.parametrize(
    ("ago", "state"),
    [
        (1, CellState.FRESH),
        (73, CellState.FRESH),
        (75, CellState.DUE_SOON),
        (109, CellState.DUE_SOON),
        (110, CellState.WILL_BREACH),
        (119, CellState.WILL_BREACH),
        (120, CellState.OVERDUE),
        (3000, CellState.OVERDUE),
    ],
)
def test_the_state_follows_the_wait(ago: int, state: CellState) -> None:
    """Limit 120 min, a visit takes 10: due soon with 36 left beyond it, too late with none, overdue at the limit."""
    assert judge(NOW, last_visit=NOW - ago * MINUTE).state[0] == state


@pytest.mark.parametrize(("share", "state"), [(0.2, CellState.FRESH), (0.5, CellState.DUE_SOON)])
def test_what_is_due_soon_is_a_parameter(share: float, state: CellState) -> None:
    """Half an hour is left beyond the visit, a quarter of the limit."""
    assert judge(NOW, last_visit=NOW - 80 * MINUTE, soon_share=share).state[0] == state


def test_a_visit_going_on_is_fresh() -> None:
    """Presence stops the wait at zero."""
    judged = judge(NOW, last_visit=NOW - 5 * HOUR, present=True)
    assert (judged.state[0], judged.idle_ms[0]) == (CellState.FRESH, 0)


def test_a_never_visited_cell_waits_since_it_is_observed() -> None:
    """A cell nobody ever visited has the longest wait, not none."""
    judged = judge(NOW, last_visit=coverage.NEVER)
    assert (judged.state[0], judged.idle_ms[0]) == (CellState.OVERDUE, 20 * HOUR)


def test_a_place_never_heard_from_is_unknown() -> None:
    """Without any data nothing is claimed."""
    judged = judge(NOW, last_visit=coverage.NEVER, known_since=coverage.NEVER)
    assert (judged.state[0], judged.idle_ms[0], judged.due[0]) == (CellState.UNKNOWN, coverage.NEVER, coverage.NEVER)


def test_a_cell_that_may_have_been_visited_in_silence_is_unknown() -> None:
    """Overdue by what is known, but a silent officer may have been there within the limit: it cannot be told."""
    last = NOW - 150 * MINUTE
    assert judge(NOW, last_visit=last, possible=NOW - 60 * MINUTE).state[0] == CellState.UNKNOWN
    assert judge(NOW, last_visit=last, possible=NOW - 121 * MINUTE).state[0] == CellState.OVERDUE
    assert judge(NOW, possible=NOW - 10 * MINUTE).state[0] == CellState.FRESH


def test_a_peak_ahead_is_seen_coming() -> None:
    """The limit falls from 120 to 60 min at 17:00: a cell visited at 15:50 is due at 17:00, and warned of before."""
    starts = [ms("2026-09-03 11:00"), ms("2026-09-03 17:00"), ms("2026-09-03 23:00")]
    limits = coverage.LimitSteps(starts=np.array(starts), limit_ms=np.array([[2 * HOUR], [HOUR], [2 * HOUR]]))
    for minute, state in ((5, CellState.FRESH), (50, CellState.WILL_BREACH), (60, CellState.OVERDUE)):
        now = ms("2026-09-03 16:00") + minute * MINUTE
        judged = judge(now, last_visit=ms("2026-09-03 15:50"), limits=limits)
        assert (judged.state[0], judged.due[0]) == (
            state,
            ms("2026-09-03 17:00") if minute < 60 else ms("2026-09-03 16:50"),
        )


def test_off_duty_time_does_not_count() -> None:
    """A cell visited an hour before the end of duty has waited an hour at the next day's start."""
    calendar = DutyCalendar(ZONE, [("08:00", "12:00"), ("14:00", "18:00")])
    judged = judge(ms("2026-09-04 08:30"), last_visit=ms("2026-09-03 17:00"), calendar=calendar)
    assert judged.idle_ms[0] == 90 * MINUTE
    assert judged.due[0] == ms("2026-09-04 09:00")


def test_a_limit_over_the_noon_break_ends_after_it() -> None:
    """The due time jumps over the break."""
    calendar = DutyCalendar(ZONE, [("08:00", "12:00"), ("14:00", "18:00")])
    judged = judge(ms("2026-09-03 11:30"), last_visit=ms("2026-09-03 11:00"), calendar=calendar)
    assert judged.due[0] == ms("2026-09-03 15:00")


@pytest.mark.parametrize("text", ["24:01", "12:60", "-1:00", "noon", "1200"])
def test_minute_of_day_refuses_what_is_no_time(text: str) -> None:
    """Only HH:MM up to 24:00 is a time of day."""
    with pytest.raises(ValueError, match=r"time of day|invalid literal|not enough values"):
        calendars.minute_of_day(text)


WINDOWS = st.sampled_from(
    [
        [("00:00", "24:00")],
        [("07:00", "22:00")],
        [("08:30", "12:00"), ("14:30", "17:30")],
        [("00:00", "02:00"), ("20:00", "24:00")],
    ]
)


def slowly(calendar_windows: list[tuple[str, str]], start: int, end: int) -> int:
    """Duty minutes by asking every minute."""
    spans = [(calendars.minute_of_day(a), calendars.minute_of_day(b)) for a, b in calendar_windows]
    count, at = 0, datetime.fromtimestamp(start / 1000, ZoneInfo(ZONE))
    while at.timestamp() * 1000 < end:
        minute = at.hour * 60 + at.minute
        count += any(a <= minute < b for a, b in spans)
        at += timedelta(minutes=1)
    return count


@settings(max_examples=60, deadline=None)
@given(WINDOWS, st.integers(0, 3000), st.integers(0, 4000))
def test_duty_time_agrees_with_counting_minutes(windows: list[tuple[str, str]], start: int, length: int) -> None:
    """Duty time is what counting every minute gives, and adding it leads to where it was counted to."""
    calendar = DutyCalendar(ZONE, windows)
    begin = ms("2026-08-30 00:00") + start * MINUTE
    end = begin + length * MINUTE
    duty = int(calendar.duty_ms(np.array([begin]), np.array([end]))[0])
    assert duty == slowly(windows, begin, end) * MINUTE
    reached = int(calendar.add_duty(np.array([begin]), np.array([duty]))[0])
    assert int(calendar.duty_ms(np.array([begin]), np.array([max(reached, begin)]))[0]) == duty
    assert reached <= end
