"""The city's calendar: days and hours of rules, and duty time, in which waits are counted. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from tracking.plans.holidays import Holidays
from tracking.presence.fixes import Int

DAY_MS = 86_400_000
DAY_MINUTES = 1_440
MOST_DAYS = 800
"""How far ahead duty time is searched; beyond this nothing falls due."""
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Span = tuple[int, int]
"""Minutes of the local day, [from, to); beyond 1,440 the span continues on the next day."""


def minute_of_day(text: str) -> int:
    """Minutes since midnight of "HH:MM", up to "24:00".

    Raises:
        ValueError: not such a time.
    """
    hours, minutes = (int(part) for part in text.split(":"))
    total = hours * 60 + minutes
    if not (0 <= minutes < 60 and 0 <= total <= DAY_MINUTES):
        raise ValueError(f"{text!r} is not a time of day between 00:00 and 24:00")
    return total


def span(start: str, end: str) -> Span:
    """Span of two local times; an end that is not after the start lies on the next day."""
    first, last = minute_of_day(start), minute_of_day(end)
    return first, last if last > first else last + DAY_MINUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Spans of the local day on some days."""

    days: frozenset[str] = frozenset()
    """Of mon to sun, workday, holiday; empty: every day."""
    spans: tuple[Span, ...]

    def on(self, day: date, holidays: Holidays) -> bool:
        """Whether it applies on a day."""
        if not self.days or _WEEKDAYS[day.weekday()] in self.days:
            return True
        return ("workday" if holidays.mark(day).workday else "holiday") in self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPeriod:
    """Duty hours while they are in force; of the entries that apply on a day, the last one counts."""

    hours: tuple[Hours, ...]
    start: int | None = None
    """Start, ms; None: no start."""
    end: int | None = None
    """End, ms, exclusive; None: no end."""


class DutyCalendar:
    """Duty time of the city; waits are counted in duty time only.

    Args:
        time_zone: IANA name of the city's zone.
        windows: local times ("07:00", "22:00") of each day, if the hours are the same every day.
        duties: duty hours in order of time, instead of `windows`.
        holidays: which days are workdays.
    """

    def __init__(
        self,
        time_zone: str,
        windows: Sequence[tuple[str, str]] = (),
        *,
        duties: Sequence[DutyPeriod] = (),
        holidays: Holidays | None = None,
    ) -> None:
        self.zone = ZoneInfo(time_zone)
        self.holidays = holidays or Holidays()
        always = DutyPeriod(hours=(Hours(spans=tuple(sorted(span(start, end) for start, end in windows))),))
        self._duties = tuple(duties) or (always,)
        self._table: tuple[Int, Int] | None = None

    def duty_ms(self, start: Int, end: Int) -> Int:
        """Duty time between each pair of moments, ms."""
        if not len(start):
            return np.empty(0, dtype=np.int64)
        moments, duty = self._cumulated(int(np.min(start)), int(np.max(end)))
        waited = np.interp(end, moments, duty) - np.interp(start, moments, duty)
        return np.asarray(np.rint(waited), dtype=np.int64)

    def add_duty(self, start: Int, duty_ms: Int) -> Int:
        """Moment at which `duty_ms` of duty time have passed since `start`, both in ms."""
        if not len(start):
            return np.empty(0, dtype=np.int64)
        last, days = int(np.max(start)), 8 + int(np.max(duty_ms)) // DAY_MS
        while True:
            moments, duty = self._cumulated(int(np.min(start)), last + days * DAY_MS)
            goal = np.interp(start, moments, duty) + duty_ms
            if goal.max() <= duty[-1] or days > MOST_DAYS:
                break
            days *= 2
        # While duty time stands still, many moments have the same duty time: take the first of them.
        after = np.clip(np.searchsorted(duty, goal, side="left"), 1, len(duty) - 1)
        left = np.minimum(goal, duty[-1]) - duty[after - 1]
        rise = np.maximum(duty[after] - duty[after - 1], 1)
        reached = moments[after - 1] + left * (moments[after] - moments[after - 1]) / rise
        reached = np.where(goal > duty[-1], moments[-1], reached)
        return np.asarray(np.rint(reached), dtype=np.int64)

    def spans_of(self, hours: Hours, start: int, end: int) -> Iterator[Span]:
        """Spans in ms of `hours` that touch [start, end), in order of their first days."""
        for day in self.days(start, end):
            if hours.on(day, self.holidays):
                yield from (span for span in self._spans(day, hours) if span[0] < end and span[1] > start)

    def holds(self, hours: Hours, at: int) -> bool:
        """Whether `at` (ms) lies within `hours`."""
        return any(True for _ in self.spans_of(hours, at, at + 1))

    def days(self, start: int, end: int) -> Iterator[date]:
        """Local days whose spans may touch [start, end), both ms: from the day before the first."""
        day = self.day(start) - timedelta(days=1)
        last = self.day(max(start, end - 1))
        while day <= last:
            yield day
            day += timedelta(days=1)

    def day(self, at: int) -> date:
        """Local day of a moment in ms."""
        return datetime.fromtimestamp(at / 1000, self.zone).date()

    def midnight(self, day: date) -> int:
        """First moment of a local day, ms."""
        return _ms(datetime.combine(day, time(), self.zone), 0)

    def edges(self, spans: Iterable[Span], start: int, end: int) -> list[int]:
        """Moments within (start, end) at which a day or one of `spans` begins or ends, in order."""
        minutes = {0} | {minute % DAY_MINUTES for span in spans for minute in span}
        moments = set()
        for day in self.days(start, end):
            midnight = datetime.combine(day, time(), self.zone)
            moments |= {_ms(midnight, minute) for minute in minutes}
        return sorted(at for at in moments if start < at < end)

    def _spans(self, day: date, hours: Hours) -> list[Span]:
        midnight = datetime.combine(day, time(), self.zone)
        return [(_ms(midnight, first), _ms(midnight, last)) for first, last in hours.spans]

    def _cumulated(self, start: int, end: int) -> tuple[Int, Int]:
        """Moments at which duty begins or ends, with the duty time until then, covering [start, end]."""
        if self._table is None or start < self._table[0][0] or end > self._table[0][-1]:
            self._table = self._tabulate(start - 2 * DAY_MS, end + 32 * DAY_MS)
        return self._table

    def _tabulate(self, start: int, end: int) -> tuple[Int, Int]:
        moments, duty, passed = [start], [0], 0
        for opens, closes in self._on_duty(start, end):
            first, last = max(opens, moments[-1]), min(closes, end)
            if last > first:
                moments += [first, last]
                duty += [passed, passed + last - first]
                passed += last - first
        moments.append(max(end, moments[-1]))
        duty.append(passed)
        return np.array(moments, dtype=np.int64), np.array(duty, dtype=np.int64)

    def _on_duty(self, start: int, end: int) -> Iterator[Span]:
        for duty in self._duties:
            lo, hi = max(start, duty.start or start), min(end, duty.end or end)
            if lo >= hi:
                continue
            for day in self.days(lo, hi):
                speaking = [hours for hours in duty.hours if hours.on(day, self.holidays)]
                for opens, closes in self._spans(day, speaking[-1]) if speaking else []:
                    if max(opens, lo) < min(closes, hi):
                        yield max(opens, lo), min(closes, hi)


def _ms(midnight: datetime, minute: int) -> int:
    """Moment of a local wall-clock minute; Python adds in wall-clock time, as duty rosters do."""
    return int((midnight + timedelta(minutes=minute)).timestamp() * 1000)
