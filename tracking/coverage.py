"""Coverage of cells at a moment: how long each has waited in duty time, when it is due, and what can be told. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tracking.fixes import Bool, Int

DAY_MS = 86_400_000
NEVER = -1
"""Stands for a time that is not known in columns of ms."""
LONGEST_WAIT_DAYS = 40
"""Waits are not counted beyond it: every limit is hours."""
LOOK_AHEAD_MS = 2 * DAY_MS
"""How far ahead limits are looked at for the moment a cell falls due."""
DUE_SOON_SHARE = 0.3
"""Share of the limit below which what is left counts as due soon (domain §5.4)."""


class CellState(IntEnum):
    """What a person sees of a cell; the wire has the names in lower case."""

    FRESH = 0
    DUE_SOON = 1
    """Less than 30 % of the limit is left beyond what a visit takes."""
    WILL_BREACH = 2
    """Nobody can make a valid visit before the limit any more, unless sent now."""
    OVERDUE = 3
    UNKNOWN = 4
    """The data cannot tell: nothing ever heard from the city, or a device was silent long enough to have been there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule:
    """What a class of cells asks for."""

    limit_ms: int
    """Longest wait between valid visits, in duty time."""
    limit_peak_ms: int
    """The same within the peak times."""
    peak: tuple[tuple[int, int], ...]
    """Peak times as minutes of the local day, [from, to)."""
    dwell_ms: int
    """Least time inside for a valid visit."""
    path_m: float
    """Least way inside for a valid visit."""


class DutyCalendar:
    """When the city is on duty; waits are counted in duty time only.

    Args:
        time_zone: IANA name of the city's zone.
        windows: local times ("07:00", "22:00") of each day; "24:00" is the end of the day.
    """

    def __init__(self, time_zone: str, windows: list[tuple[str, str]]) -> None:
        self.zone = ZoneInfo(time_zone)
        self._windows = sorted((minute_of_day(start), minute_of_day(end)) for start, end in windows)
        self._table: tuple[Int, Int] | None = None

    def duty_ms(self, start: Int, end: Int) -> Int:
        """Duty time between each pair of moments, ms."""
        moments, duty = self._cumulated(int(np.min(start)), int(np.max(end)))
        waited = np.interp(end, moments, duty) - np.interp(start, moments, duty)
        return np.asarray(np.rint(waited), dtype=np.int64)

    def add_duty(self, start: Int, duty_ms: Int) -> Int:
        """Moment at which `duty_ms` of duty time have passed since `start`, both in ms."""
        span = (int(np.max(duty_ms)) // self._duty_per_day_ms() + 3) * DAY_MS
        moments, duty = self._cumulated(int(np.min(start)), int(np.max(start)) + span)
        goal = np.interp(start, moments, duty) + duty_ms
        # Where the clock stands still many moments have the same duty time: the first of them is meant.
        after = np.clip(np.searchsorted(duty, goal, side="left"), 1, len(duty) - 1)
        left = goal - duty[after - 1]
        rise = np.maximum(duty[after] - duty[after - 1], 1)
        reached = moments[after - 1] + left * (moments[after] - moments[after - 1]) / rise
        return np.asarray(np.rint(reached), dtype=np.int64)

    def minute(self, now: int) -> int:
        """Minute of the local day at `now` (ms)."""
        local = datetime.fromtimestamp(now / 1000, self.zone)
        return local.hour * 60 + local.minute

    def moments(self, minutes: list[int], start: int, end: int) -> list[int]:
        """Moments from `start` to `end` (ms) at which the local day reaches one of `minutes`, in order."""
        day = datetime.fromtimestamp(start / 1000, self.zone).date()
        last = datetime.fromtimestamp(end / 1000, self.zone).date()
        found: list[int] = []
        while day <= last:
            midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
            found += [at for at in (_ms(midnight, minute) for minute in minutes) if start <= at <= end]
            day += timedelta(days=1)
        return sorted(found)

    def _duty_per_day_ms(self) -> int:
        return max(60_000, sum(end - start for start, end in self._windows) * 60_000)

    def _cumulated(self, start: int, end: int) -> tuple[Int, Int]:
        """Moments at which duty begins or ends and the duty time passed by then, covering [start, end]."""
        if self._table is None or start < self._table[0][0] or end > self._table[0][-1]:
            self._table = self._tabulate(start - 2 * DAY_MS, end + 32 * DAY_MS)
        return self._table

    def _tabulate(self, start: int, end: int) -> tuple[Int, Int]:
        moments, duty, passed = [start], [0], 0
        day = datetime.fromtimestamp(start / 1000, self.zone).date() - timedelta(days=1)
        last = datetime.fromtimestamp(end / 1000, self.zone).date()
        while day <= last:
            midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
            for first, until in self._windows:
                opens, closes = (_ms(midnight, minute) for minute in (first, until))
                opens = max(opens, moments[-1])
                if closes > opens:
                    moments += [opens, closes]
                    passed += closes - opens
                    duty += [passed - (closes - opens), passed]
            day += timedelta(days=1)
        moments.append(max(end, moments[-1]))
        duty.append(passed)
        return np.array(moments, dtype=np.int64), np.array(duty, dtype=np.int64)


def _ms(midnight: datetime, minute: int) -> int:
    """Moment of a local wall-clock minute; Python adds to an aware time on the wall, as duty rosters do."""
    return int((midnight + timedelta(minutes=minute)).timestamp() * 1000)


def minute_of_day(text: str) -> int:
    """Minutes since midnight of "HH:MM", up to "24:00".

    Raises:
        ValueError: not such a time.
    """
    hours, minutes = (int(part) for part in text.split(":"))
    total = hours * 60 + minutes
    if not (0 <= minutes < 60 and 0 <= total <= 1440):
        raise ValueError(f"{text!r} is not a time of day between 00:00 and 24:00")
    return total


def limit_ms(rule: ClassRule, minute: int) -> int:
    """Limit of a class at a minute of the local day, ms."""
    peak = any(start <= minute < end for start, end in rule.peak)
    return rule.limit_peak_ms if peak else rule.limit_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of n cells over some time: in step k, from `starts[k]` to the next, `limit_ms[k]` holds (shape k × n)."""

    starts: Int
    """Ms at which each step begins, ascending; the first is at or before every moment asked about."""
    limit_ms: Int

    def at(self, now: int) -> Int:
        """Limit of each cell at `now` (ms)."""
        return np.asarray(self.limit_ms[max(0, int(np.searchsorted(self.starts, now, side="right")) - 1)])

    def due(self, since: Int, now: int, calendar: DutyCalendar) -> Int:
        """First moment from `now` on, ms, at which a cell visited last at `since` has waited its limit.

        A limit that was passed under an earlier, tighter step and holds no more is not passed; one that tightens later
        is passed at that moment, or when the wait gets there.
        """
        due = np.full(len(since), -1, dtype=np.int64)
        ends = np.append(self.starts[1:], np.iinfo(np.int64).max)
        for start, end, limit in zip(self.starts.tolist(), ends.tolist(), self.limit_ms, strict=True):
            if end <= now:
                continue
            reached = calendar.add_duty(since, limit)
            # Overdue already keeps the moment it became so; a limit that tightens is passed when it does.
            passed = np.where(reached > start, reached, start) if start > now else reached
            due = np.where((due < 0) & (passed < end), passed, due)
        return due


def limits_ahead(rules: Sequence[ClassRule], of: NDArray[np.intp], now: int, calendar: DutyCalendar) -> Limits:
    """Limits from `now` (ms) on of cells whose rules are `rules[of]`; the last step goes on for ever."""
    edges = sorted({minute for rule in rules for span in rule.peak for minute in span})
    starts = [now] + [at for at in calendar.moments(edges, now, now + LOOK_AHEAD_MS) if at > now]
    steps = np.array([[limit_ms(rule, calendar.minute(at)) for rule in rules] for at in starts], dtype=np.int64)
    return Limits(starts=np.array(starts, dtype=np.int64), limit_ms=steps[:, of])


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """State of n cells at one moment, as columns of length n."""

    at: int
    """The moment, ms."""
    state: NDArray[np.uint8]
    """CellState."""
    idle_ms: Int
    """Duty time since the last valid visit, or since the place is observed; NEVER where unknown."""
    limit_ms: Int
    due: Int
    """When the limit is reached, ms; NEVER where it cannot be told."""
    left_ms: Int
    """Duty time left until it is due, negative since then; 0 where unknown."""
    slack_ms: Int
    """What of it remains after the nearest arrival and the least dwell; 0 where unknown."""


def evaluate(
    *,
    now: int,
    last_visit: Int,
    present: Bool,
    known_since: Int,
    possible: Int,
    limits: Limits,
    need_ms: Int,
    calendar: DutyCalendar,
) -> Coverage:
    """Judge n cells at `now`.

    Args:
        now: the moment, ms.
        last_visit: end of the last valid visit, ms, NEVER if none.
        present: a valid visit is going on: the wait is zero.
        known_since: since when the city is observed, ms; NEVER if it never was.
        possible: latest end of a visit that silence may hide, ms; NEVER if none may.
        limits: limits of the cells over the time to come.
        need_ms: what a visit still takes: nearest arrival and least dwell, ms.
        calendar: duty times.

    Returns:
        The coverage; a cell that may have been visited in silence is UNKNOWN, neither covered nor neglected.
    """
    if not len(last_visit):
        none = np.empty(0, dtype=np.int64)
        return Coverage(
            at=now, state=none.astype(np.uint8), idle_ms=none, limit_ms=none, due=none, left_ms=none, slack_ms=none
        )
    since = np.where(last_visit >= 0, last_visit, known_since)
    told = (since >= 0) | present
    since = np.where(present, now, np.clip(since, now - LONGEST_WAIT_DAYS * DAY_MS, now))
    idle = np.where(present, 0, calendar.duty_ms(since, np.full_like(since, now)))
    limit = limits.at(now)
    due = limits.due(since, now, calendar)
    at = np.full_like(due, now)
    left = calendar.duty_ms(at, np.maximum(due, now)) - calendar.duty_ms(np.minimum(due, now), at)
    slack = left - need_ms
    state = np.full(len(since), CellState.FRESH, dtype=np.uint8)
    state[slack <= DUE_SOON_SHARE * limit] = CellState.DUE_SOON
    state[slack <= 0] = CellState.WILL_BREACH
    state[due <= now] = CellState.OVERDUE
    hidden = (possible > since) & (limits.due(np.clip(possible, since, now), now, calendar) > now)
    state[hidden & (due <= now)] = CellState.UNKNOWN
    state[present] = CellState.FRESH
    state[~told] = CellState.UNKNOWN
    return Coverage(
        at=now,
        state=state,
        idle_ms=np.where(told, idle, NEVER),
        limit_ms=limit,
        due=np.where(told, due, NEVER),
        left_ms=np.where(told, left, 0),
        slack_ms=np.where(told, slack, 0),
    )
