"""Calendars from files: the three forms, and what is wrong with a file that is refused."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.plans import calendar_file
from tracking.plans.calendar_file import CalendarError, Day

WANTED = [
    Day(day=date(2027, 2, 6), workday=True, name="春节补班"),
    Day(day=date(2027, 2, 8), workday=False, name="春节"),
    Day(day=date(2027, 2, 9), workday=False, name="春节"),
]
CSV = "day,workday,name\r\n2027-02-08,休,春节\r\n2027-02-09,false,春节\r\n2027-02-06,班,春节补班\r\n"
JSON = """{"year": 2027, "days": [{"name": "春节补班", "date": "2027-02-06", "isOffDay": false},
  {"day": "2027-02-08", "workday": false, "name": "春节"}, {"date": "2027-02-09", "isOffDay": true, "name": "春节"}]}"""
ICS = """BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270208\r\nDTEND;VALUE=DATE:20270210\r\nSUMMARY:春
 节\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270206\r\nSUMMARY:春节补班\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


@pytest.mark.parametrize(("text", "form"), [(CSV, "csv"), ("\ufeff" + CSV, "csv"), (JSON, "json"), (ICS, "ics")])
def test_days_are_read_from_every_form(text: str, form: calendar_file.Form) -> None:
    """The same days, whatever the form; an end in iCalendar is not included, and folded lines are put together."""
    assert calendar_file.parse(text.encode(), form) == WANTED


@pytest.mark.parametrize(
    ("data", "form", "why"),
    [
        (b"day,name\n2027-01-01,x\n", "csv", "line 1: the columns"),
        (b"day,workday\n2027-02-30,true\n", "csv", "line 2: '2027-02-30' is not a day"),
        (b"day,workday\n2027-02-06,maybe\n", "csv", "line 2: 'maybe' does not say"),
        (b"day,workday\n1999-02-06,true\n", "csv", "not a day from 2000"),
        (b"day,workday\n", "csv", "no day in it"),
        (b"\xff\xfe", "csv", "byte 0 is not UTF-8"),
        (b"[" * 100_000, "json", "not JSON"),
        (b"9" * 5_000, "json", "not JSON"),
        (b'{"days": 3}', "json", "expected a list"),
        (b'[{"day": 7}]', "json", "days.0: 7 is not a day"),
        (b"[3]", "json", "days.0: not an object"),
        (b"BEGIN:VEVENT\nDTSTART:2027\nEND:VEVENT\n", "ics", "'2027' is not a day"),
        (b"BEGIN:VEVENT\nDTSTART:20270206\nDTEND:20270201\nEND:VEVENT\n", "ics", "ends before it begins"),
        (b"BEGIN:VEVENT\nDTSTART:T080000\nEND:VEVENT\n", "ics", "is not a day such as 20270206"),
        (b"BEGIN:VEVENT\nDTSTART:20270206\nDTSTART:20270207\nEND:VEVENT\n", "ics", "is not a day such as 20270206"),
        (b"BEGIN:VEVENT\nTZID:x\nEND:VTIMEZONE\n", "ics", "not iCalendar"),
        (b"day,workday\n", "ics", "not iCalendar"),
        (b"x" * (calendar_file.MOST_BYTES + 1), "csv", "larger than"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(data: bytes, form: calendar_file.Form, why: str) -> None:
    """The error says where and why."""
    with pytest.raises(CalendarError, match=why):
        calendar_file.parse(data, form)


def test_times_of_ics_are_days_where_they_are_told() -> None:
    """Whatever the zone, one of the file's own too; signs that iCalendar escapes are themselves."""
    text = """BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:own
BEGIN:STANDARD
DTSTART:19700101T000000
RRULE:FREQ=SECONDLY
TZOFFSETFROM:+0800
TZOFFSETTO:+0800
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=own:20270206T080000
DTEND;TZID=Asia/Shanghai:20270207T180000
SUMMARY:补班\\, all
END:VEVENT
END:VCALENDAR
"""
    assert calendar_file.parse(text.encode(), "ics") == [Day(day=date(2027, 2, 6), workday=True, name="补班, all")]


ICS_LINES = st.sampled_from(
    [*(f"{edge}:{part}" for part in ("VCALENDAR", "VEVENT", "VTIMEZONE", "VALARM", "") for edge in ("BEGIN", "END")),
     "TZID:x", "DTSTART:20270206", "DTSTART;TZID=x:20270206T080000", "DTSTART;VALUE=PERIOD:20270206T080000Z/P1D",
     "DTSTART:20270230", "DTEND:20270208", "DURATION:P1D", "SUMMARY:a", "RRULE:x", "RDATE:20270206,x", "", " ", ":"]
)  # fmt: skip


@given(st.lists(ICS_LINES, max_size=12))
def test_parts_in_any_order_are_days_or_a_reason(lines: list[str]) -> None:
    """What begins and ends anywhere makes no other error either."""
    with contextlib.suppress(CalendarError):
        calendar_file.parse("\n".join(lines).encode(), "ics")


@given(st.binary(max_size=200), st.sampled_from(["csv", "json", "ics"]))
def test_whatever_bytes_come_in_the_answer_is_days_or_a_reason(data: bytes, form: calendar_file.Form) -> None:
    """No input makes another error."""
    with contextlib.suppress(CalendarError):
        assert calendar_file.parse(data, form)
