"""Holidays, hours of days, and duty time with weekdays, holidays, changes of the rules and of the clock."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.plans import calendars
from tracking.plans.calendars import DutyCalendar, DutyPeriod, Hours
from tracking.plans.holidays import DayMark, Holidays

MINUTE = 60_000
HOUR = 60 * MINUTE
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def ms(text: str, zone: str = "Asia/Shanghai") -> int:
    """Ms of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("day", "workday", "provisional"),
    [
        (date(2026, 2, 14), True, False),  # a Saturday that is worked
        (date(2026, 10, 1), False, False),
        (date(2026, 10, 7), False, False),
        (date(2026, 11, 24), True, False),
        (date(2027, 10, 1), False, True),
        (date(2027, 10, 4), True, True),
        (date(2027, 4, 5), False, True),
        (date(2027, 5, 8), False, True),
    ],
)
def test_days_without_an_import(day: date, workday: bool, provisional: bool) -> None:
    """Notices up to 2026 are built in; for later years weekends and fixed dates are assumed, and said to be so."""
    mark = Holidays().mark(day)
    assert (mark.workday, mark.provisional) == (workday, provisional)


def test_an_imported_year_replaces_what_was_assumed() -> None:
    """The imported days hold, the others of their year are ordinary days and no longer provisional."""
    holidays = Holidays(
        {date(2027, 2, 6): DayMark(workday=True), date(2027, 2, 8): DayMark(workday=False, name="春节")}
    )
    assert holidays.mark(date(2027, 2, 6)) == DayMark(workday=True)
    assert holidays.mark(date(2027, 2, 8)) == DayMark(workday=False, name="春节")
    assert holidays.mark(date(2027, 1, 1)) == DayMark(workday=True)
    assert holidays.mark(date(2028, 1, 3)).provisional


def test_hours_speak_of_weekdays_workdays_and_holidays() -> None:
    """A make-up Saturday is both a Saturday and a workday."""
    holidays, worked = Holidays(), date(2026, 2, 14)
    speaks = [
        Hours(days=frozenset([each]), spans=()).on(worked, holidays) for each in ("sat", "workday", "holiday", "mon")
    ]
    assert speaks == [True, True, False, False]


def test_a_span_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    """Friday's night duty goes on into Saturday, Saturday has none of its own."""
    calendar = DutyCalendar("Asia/Shanghai")
    night = Hours(days=frozenset(["fri"]), spans=(calendars.span("22:00", "06:00"),))
    assert calendar.holds(night, ms("2026-09-05 05:59"))
    assert not calendar.holds(night, ms("2026-09-05 06:00"))
    assert not calendar.holds(night, ms("2026-09-05 23:00"))


def test_holidays_have_their_own_duty_hours() -> None:
    """The last entry that speaks of a day holds: on the first day of October duty is from nine to twelve."""
    hours = (
        Hours(spans=(calendars.span("07:00", "22:00"),)),
        Hours(days=frozenset(["holiday"]), spans=(calendars.span("09:00", "12:00"),)),
    )
    calendar = DutyCalendar("Asia/Shanghai", duties=[DutyPeriod(hours=hours)])
    start = np.array([ms("2026-09-30 00:00"), ms("2026-10-01 00:00"), ms("2026-10-01 00:00")])
    end = np.array([ms("2026-10-01 00:00"), ms("2026-10-02 00:00"), ms("2026-10-09 00:00")])
    assert (calendar.duty_ms(start, end) // HOUR).tolist() == [15, 3, 7 * 3 + 15]


def test_past_duty_is_counted_by_the_hours_of_its_time() -> None:
    """Duty hours that change at noon leave the morning as it was."""
    change = ms("2026-09-03 12:00")
    calendar = DutyCalendar(
        "Asia/Shanghai",
        duties=[
            DutyPeriod(hours=(Hours(spans=((8 * 60, 18 * 60),)),), end=change),
            DutyPeriod(hours=(Hours(spans=((0, 1440),)),), start=change),
        ],
    )
    start, end = np.array([ms("2026-09-02 00:00")] * 2), np.array([ms("2026-09-03 12:00"), ms("2026-09-04 00:00")])
    assert (calendar.duty_ms(start, end) // HOUR).tolist() == [14, 26]


def test_duty_that_never_comes_is_due_far_away() -> None:
    """A city without duty hours waits for ever, and the answer comes soon."""
    calendar = DutyCalendar("Asia/Shanghai", duties=[DutyPeriod(hours=(Hours(spans=()),))])
    now = ms("2026-09-03 12:00")
    assert calendar.add_duty(np.array([now]), np.array([HOUR]))[0] > now + 800 * calendars.DAY_MS
    assert calendar.duty_ms(np.array([now]), np.array([now + HOUR])).tolist() == [0]


ZONES = st.sampled_from(
    [("Asia/Shanghai", "2026-09-28"), ("Europe/Berlin", "2026-03-25"), ("Europe/Berlin", "2026-10-20")]
)
SPANS = st.sampled_from([((420, 1320),), ((0, 1440),), ((1320, 1800),), ((300, 720), (870, 1050)), ()])
DAYS = st.sets(st.sampled_from([*WEEKDAYS, "workday", "holiday"]), max_size=3)


def slowly(hours: list[Hours], zone: str, holidays: Holidays, at: int) -> bool:
    """Whether a moment is duty, by the wall clock."""
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        minute = local.hour * 60 + local.minute + back * 1440
        kinds = {WEEKDAYS[day.weekday()], "workday" if holidays.mark(day).workday else "holiday"}
        speaking = [each for each in hours if not each.days or each.days & kinds]
        if speaking and any(first <= minute < last for first, last in speaking[-1].spans):
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(ZONES, st.lists(st.tuples(DAYS, SPANS), min_size=1, max_size=3), st.integers(0, 10_000), st.integers(1, 3_000))
def test_duty_time_agrees_with_looking_at_every_minute(
    where: tuple[str, str], rules: list[tuple[set[str], tuple[calendars.Span, ...]]], start: int, length: int
) -> None:
    """With weekdays, holidays, spans over midnight and days of 23 and 25 hours."""
    zone, day = where
    hours = [Hours(days=frozenset(days), spans=spans) for days, spans in rules]
    calendar = DutyCalendar(zone, duties=[DutyPeriod(hours=tuple(hours))])
    begin = ms(day, zone) + start * MINUTE
    wanted = sum(slowly(hours, zone, Holidays(), begin + n * MINUTE) for n in range(length))
    assert calendar.duty_ms(np.array([begin]), np.array([begin + length * MINUTE]))[0] == wanted * MINUTE
