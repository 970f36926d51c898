"""Calendars of holidays and make-up workdays as files: CSV, JSON or iCalendar. Pure; every input is hostile."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from icalendar import Component

Form = Literal["csv", "json", "ics"]

MOST_BYTES = 1 << 20
MOST_DAYS = 4_000
_YES = frozenset({"true", "1", "yes", "work", "workday", "班", "是", "上班"})
_NO = frozenset({"false", "0", "no", "off", "holiday", "休", "否", "休息", "放假"})
_WORKED = re.compile(r"补班|上班|调休上班|[(（]班[)）]|workday|make-up", re.IGNORECASE)
_UNREADABLE = (ValueError, AttributeError, TypeError, LookupError, ArithmeticError)
"""Raised by icalendar for parts with a wrong end, or that occur twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day that differs from its weekday, or has a name."""

    day: date
    workday: bool
    name: str | None


class CalendarError(Exception):
    """The file is not a valid calendar; the text says where and why. Nothing was imported."""


def parse(data: bytes, form: Form) -> list[Day]:
    """Read the days of a file, in order; if a day occurs twice, the last entry counts.

    Raises:
        CalendarError: it cannot be read.
    """
    if len(data) > MOST_BYTES:
        raise CalendarError(f"the file is larger than {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalendarError(f"byte {error.start} is not UTF-8: save the file as UTF-8") from error
    days: dict[date, Day] = {}
    for marked in {"csv": _csv, "json": _json, "ics": _ics}[form](text):
        days[marked.day] = marked
        if len(days) > MOST_DAYS:
            raise CalendarError(f"more than {MOST_DAYS} days")
    if not days:
        raise CalendarError("no day in it")
    return [days[day] for day in sorted(days)]


def _csv(text: str) -> Iterator[Day]:
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames is None or not {"day", "workday"} <= set(reader.fieldnames):
        raise CalendarError("line 1: the columns must be named day, workday and, if there is one, name")
    try:
        for row in reader:
            yield _day(row.get("day"), row.get("workday"), row.get("name"), f"line {reader.line_num}")
    except csv.Error as error:
        raise CalendarError(f"line {reader.line_num}: {error}") from error


def _json(text: str) -> Iterator[Day]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number with thousands of digits raises a ValueError, too
        raise CalendarError(f"not JSON: {error}") from error
    rows = document.get("days") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise CalendarError('expected a list of days, or {"days": [...]}')
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise CalendarError(f"days.{number}: not an object")
        # Public files on the web use `date` and `isOffDay`.
        off = row.get("isOffDay")
        workday = row.get("workday", not off if isinstance(off, bool) else None)
        yield _day(row.get("day", row.get("date")), workday, row.get("name"), f"days.{number}")


def _day(day: Any, workday: Any, name: Any, where: str) -> Day:
    try:
        read = date.fromisoformat(day) if isinstance(day, str) else None
    except ValueError:
        read = None
    if read is None or not 2000 <= read.year < 2100:
        raise CalendarError(f"{where}: {_shown(day)} is not a day from 2000 to 2099 such as 2027-02-06")
    word = str(workday).strip().lower()
    if word not in _YES | _NO:
        raise CalendarError(f"{where}: {_shown(workday)} does not say whether {read} is a workday: true or false")
    return Day(day=read, workday=word in _YES, name=_name(name))


def _ics(text: str) -> Iterator[Day]:
    import icalendar  # noqa: PLC0415 - slow to import, and every process of the server imports this module

    try:
        events = [event for part in icalendar.Calendar.from_ical(text, multiple=True) for event in part.walk("VEVENT")]
    except _UNREADABLE as error:
        raise CalendarError(f"not iCalendar: {error}") from error
    for event in events:
        yield from _event(event)


def _event(event: "Component") -> Iterator[Day]:
    summary = str(event.get("SUMMARY", ""))
    first = _ics_day(event, "DTSTART", summary)
    end = _ics_day(event, "DTEND", summary) if "DTEND" in event else first + timedelta(days=1)
    if not 0 <= (end - first).days <= 366:
        raise CalendarError(f"event {_shown(summary)}: it ends before it begins, or after more than a year")
    for more in range(max(1, (end - first).days)):
        yield Day(day=first + timedelta(days=more), workday=bool(_WORKED.search(summary)), name=_name(summary))


def _ics_day(event: "Component", name: str, summary: str) -> date:
    """The day of a date, or of a time in its own zone."""
    value = event.get(name)
    try:
        read = value.dt
    except _UNREADABLE:
        read = None
    if isinstance(read, datetime):
        read = read.date()
    if not isinstance(read, date) or not 2000 <= read.year < 2100:
        raise CalendarError(f"event {_shown(summary)}: {_shown(str(value))} is not a day such as 20270206")
    return read


def _name(text: Any) -> str | None:
    cleaned = "".join(sign for sign in str(text or "") if sign.isprintable()).strip()[:64]
    return cleaned or None


def _shown(value: Any) -> str:
    return repr(value)[:60]
