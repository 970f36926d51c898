"""Coverage of cells at a moment: waits in duty time, due times and states. Pure."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tracking.plans.calendars import DAY_MS, DutyCalendar
from tracking.presence.fixes import Bool, Float, Int

NEVER = -1
"""Value of an unknown time in columns of ms."""
LONGEST_WAIT_DAYS = 40
"""Upper bound of counted waits; every limit is shorter."""
NO_LIMIT = 2 * LONGEST_WAIT_DAYS * DAY_MS
"""No limit: longer than any wait."""
FAR = 1 << 52
"""Later than any moment, and exact as a float."""
DUE_SOON_SHARE = 0.3
"""Default share of the limit below which the slack counts as due soon (domain §5.4)."""
BETWEEN_VISITS_MS = 60_000
"""Minimum time outside between two visits of one officer; a shorter absence does not end a stay."""


class CellState(IntEnum):
    """State of a cell; the wire has the names in lower case."""

    FRESH = 0
    DUE_SOON = 1
    """Less than 30 % of the limit is left beyond the time for a visit."""
    WILL_BREACH = 2
    """Nobody can make a valid visit before the limit, unless sent now."""
    OVERDUE = 3
    UNKNOWN = 4
    """Nothing was ever heard from the city, or a device was silent for long enough to have been there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSteps:
    """Limits of n cells over time: in step k, from `starts[k]` to the next, `limit_ms[k]` applies (shape k × n)."""

    starts: Int
    """Start of each step, ms, ascending; the first is at or before every queried moment."""
    limit_ms: Int

    def at(self, now: int) -> Int:
        """Limit of each cell at `now` (ms)."""
        return np.asarray(self.limit_ms[max(0, int(np.searchsorted(self.starts, now, side="right")) - 1)])

    def due(self, since: Int, now: int, calendar: DutyCalendar) -> Int:
        """First moment from `now` on, ms, at which a cell last visited at `since` reaches its limit.

        An earlier, tighter limit that no longer applies does not count; a limit that tightens later is reached at that
        moment, or when the wait gets there.
        """
        due = np.full(len(since), NEVER, dtype=np.int64)
        ends = np.append(self.starts[1:], np.iinfo(np.int64).max)
        for start, end, limit in zip(self.starts.tolist(), ends.tolist(), self.limit_ms, strict=True):
            if end <= now:
                continue
            limited = limit < NO_LIMIT
            reached = np.where(limited, calendar.add_duty(since, np.where(limited, limit, 0)), FAR)
            # An overdue cell keeps the moment it became overdue; a tightening limit is reached when it tightens.
            passed = np.where(reached > start, reached, start) if start > now else reached
            due = np.where((due < 0) & (passed < end), passed, due)
        return due


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Required visits of n cells in the present window, as columns of length n; `required` 0: none."""

    required: NDArray[np.int32]
    """Valid visits that must begin in the window."""
    done: NDArray[np.int32]
    """Visits made in it."""
    start: Int
    end: Int
    """The window, ms; `end` is not included. NEVER if nothing is required."""

    @classmethod
    def none(cls, cells: int) -> "Quota":
        """Nothing required."""
        return cls(
            required=np.zeros(cells, dtype=np.int32),
            done=np.zeros(cells, dtype=np.int32),
            start=np.full(cells, NEVER, dtype=np.int64),
            end=np.full(cells, NEVER, dtype=np.int64),
        )

    @property
    def missing(self) -> NDArray[np.int32]:
        """Visits still required."""
        return np.asarray(np.maximum(self.required - self.done, 0), dtype=np.int32)

    def due(self, dwell_ms: Int) -> Int:
        """Latest moment, ms, for the next valid visit, so that one officer can make the rest in the window."""
        missing = self.missing.astype(np.int64)
        return np.asarray(np.where(missing > 0, self.end - (missing - 1) * (dwell_ms + BETWEEN_VISITS_MS), FAR))

    def share_ms(self) -> Int:
        """Length of the window divided by its visits, ms."""
        return np.asarray((self.end - self.start) // np.maximum(self.required, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """State of n cells at one moment, as columns of length n."""

    at: int
    """The moment, ms."""
    state: NDArray[np.uint8]
    """CellState."""
    idle_ms: Int
    """Duty time since the last valid visit, or since observation began; NEVER if unknown."""
    limit_ms: Int
    """Longest wait; NO_LIMIT: none."""
    span_ms: Int
    """Reference of the time left: the limit, or the window's share of a visit if that is due first."""
    due: Int
    """Due time by the limit or a required visit, ms; NEVER if there is none or it is unknown."""
    left_ms: Int
    """Duty time left until due, negative afterwards; 0 if unknown."""
    slack_ms: Int
    """Time left minus the nearest arrival and the minimum dwell; 0 if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageInput:
    """Known data of n cells at a moment, as columns of length n."""

    last_visit: Int
    """End of the last valid visit, ms, NEVER if none."""
    present: Bool
    """A valid visit is ongoing: the wait is zero."""
    known_since: Int
    """Start of observation, ms; NEVER if there is none."""
    possible: Int
    """Latest possible end of a visit in silence or between cells, ms; NEVER if none is possible."""
    quota: Quota


def evaluate(
    known: CoverageInput,
    *,
    now: int,
    limits: LimitSteps,
    arrival_ms: Int,
    dwell_ms: Int,
    calendar: DutyCalendar,
    soon_share: Float | float = DUE_SOON_SHARE,
) -> Coverage:
    """Compute the coverage of n cells at `now`.

    Args:
        known: known data of the cells.
        now: the moment, ms.
        limits: limits of the cells from now on.
        arrival_ms: earliest arrival of an officer, ms.
        dwell_ms: minimum dwell of a valid visit, ms.
        calendar: duty times.
        soon_share: share of the limit below which the slack counts as due soon.

    Returns:
        The coverage; an overdue cell that may have been visited in silence is UNKNOWN.
    """
    if not len(known.last_visit):
        return _empty(now)
    present, quota = known.present, known.quota
    since = np.where(known.last_visit >= 0, known.last_visit, known.known_since)
    judged = (since >= 0) | present
    since = np.where(present, now, np.clip(since, now - LONGEST_WAIT_DAYS * DAY_MS, now))
    at = np.full_like(since, now)
    waits, visits = limits.due(since, now, calendar), quota.due(dwell_ms)
    due = np.minimum(waits, visits)
    left = _left(due, at, calendar)
    slack = left - arrival_ms - dwell_ms
    limit = limits.at(now)
    span = np.where(visits < waits, quota.share_ms(), limit)
    state = np.full(len(since), CellState.FRESH, dtype=np.uint8)
    state[slack <= soon_share * span] = CellState.DUE_SOON
    state[slack <= 0] = CellState.WILL_BREACH
    state[due <= now] = CellState.OVERDUE
    state[_hidden(known, since, waits, visits, limits, now, calendar)] = CellState.UNKNOWN
    state[present & (visits > now)] = CellState.FRESH
    state[~judged] = CellState.UNKNOWN
    return Coverage(
        at=now,
        state=state,
        idle_ms=np.where(judged, np.where(present, 0, calendar.duty_ms(since, at)), NEVER),
        limit_ms=limit,
        span_ms=span,
        due=np.where(judged & (due < FAR), due, NEVER),
        left_ms=np.where(judged, left, 0),
        slack_ms=np.where(judged, slack, 0),
    )


def _left(due: Int, at: Int, calendar: DutyCalendar) -> Int:
    """Duty time left at `at` until `due`, negative afterwards, ms."""
    most = LONGEST_WAIT_DAYS * DAY_MS
    ahead = calendar.duty_ms(at, np.clip(due, at, at + most))
    return np.where(due < FAR, ahead - calendar.duty_ms(np.clip(due, at - most, at), at), NO_LIMIT)


def _hidden(
    known: CoverageInput, since: Int, waits: Int, visits: Int, limits: LimitSteps, now: int, calendar: DutyCalendar
) -> Bool:
    """Overdue cells that would not be overdue with a visit that silence may hide."""
    hidden = np.zeros(len(since), dtype=np.bool_)
    rows = np.flatnonzero((np.minimum(waits, visits) <= now) & (known.possible >= 0))
    if not len(rows):
        return hidden
    possible, since = known.possible[rows], since[rows]
    again = LimitSteps(starts=limits.starts, limit_ms=limits.limit_ms[:, rows])
    in_time = (possible > since) & (again.due(np.clip(possible, since, now), now, calendar) > now)
    # A silence that reaches into the window may hide any number of visits.
    enough = (visits[rows] > now) | (possible > known.quota.start[rows])
    hidden[rows] = ((waits[rows] > now) | in_time) & enough
    return hidden


def _empty(now: int) -> Coverage:
    none = np.empty(0, dtype=np.int64)
    return Coverage(
        at=now,
        state=none.astype(np.uint8),
        idle_ms=none,
        limit_ms=none,
        span_ms=none,
        due=none,
        left_ms=none,
        slack_ms=none,
    )
