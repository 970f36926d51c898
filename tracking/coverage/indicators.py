"""Indicators of a period: visits, waits, and the known share of the data. Pure.

Formulas and defaults: docs/coverage.md. Waits are counted in duty time and continue over the start of the period, as in
coverage.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tracking.coverage.coverage import LimitSteps
from tracking.plans.calendars import DutyCalendar
from tracking.plans.plans import Windows
from tracking.presence.fixes import Bool, Float, Int
from tracking.presence.silence import Hidden

_CELL = 1 << 42
"""Factor of the cell in a key of cell and time: more ms than any time has."""

Cells = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpans:
    """Spans of time of several objects, as columns: object `of` from `first` to `last`, ms."""

    of: NDArray[np.intp]
    first: Int
    last: Int

    def touch(self, of: NDArray[np.intp], start: Int, end: Int) -> Bool:
        """For objects and times: whether a span of the object ends after `start` and begins before `end`."""
        if not len(self.of):
            return np.zeros(len(of), dtype=np.bool_)
        order = np.lexsort((self.first, self.of))
        own, first = self.of[order], self.first[order]
        latest = np.maximum.accumulate(own * _CELL + self.last[order])
        at = np.searchsorted(own * _CELL + first, of * _CELL + end) - 1
        # A smaller key than the object's own at `start` belongs to another one, or ended before.
        return np.asarray((at >= 0) & (latest[np.maximum(at, 0)] > of * _CELL + start))


class Visited(IntEnum):
    """Whether a cell got its required visits in a period."""

    VISITED = 0
    NOT_VISITED = 1
    UNKNOWN = 2
    """Silence may hide the missing visits, or the cell was not observed: neither failed nor covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Valid visits, as columns. Times in ms."""

    cell: Cells
    """Index of the cell."""
    t_in: Int
    t_out: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRecord:
    """Known data of n cells in a period."""

    start: int
    end: int
    """The period, ms; `end` is not included and not in the future."""
    since: Int
    """Start of each cell's wait at `start`: end of its last visit before, else the start of observation, ms; not after
    `start`, unless observation started later."""
    observed: Int
    """Start of observation of each cell, ms; -1: never."""
    visits: Visits
    """Visits that touch the period."""
    hidden: Hidden
    windows: Windows
    """Windows of required visits that lie wholly in the period."""
    limits: LimitSteps
    dwell_ms: Int
    """Minimum dwell of each cell, ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of n cells over a period, as columns; durations in ms of duty time."""

    duty_ms: int
    """Of the whole period."""
    observed_ms: Int
    """Of the part in which each cell was observed, to which all waits refer."""
    visits: Int
    """Valid visits that began."""
    required: Int
    """Visits required by the plans; 1 in the whole period without such a plan."""
    done: Int
    """Required visits that were made; extra visits in a window do not count for another."""
    state: NDArray[np.uint8]
    """Visited."""
    beyond_ms: Int
    """Time waited beyond the limit, in gaps that silence does not explain."""
    unsure_ms: Int
    """Time waited beyond the limit in gaps in which silence may hide a visit."""
    idle_ms: Float
    """Time average of the wait."""
    worst_ms: Int
    """Longest wait, including the one open at the end."""
    gaps: Int
    """Waits ended by a visit in the period."""
    gap_sum_ms: Float
    gap_square_ms2: Float
    """Sums of their lengths and squared lengths."""


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Waits of all cells by cell and time: from `start` to `end`, ms; `closed` by a visit."""

    cell: Cells
    start: Int
    end: Int
    closed: Bool


def measure(record: PeriodRecord, calendar: DutyCalendar) -> Figures:
    """Compute the figures of every cell."""
    cells = len(record.since)
    begin = _begin(record)
    duty = int(calendar.duty_ms(np.array([record.start]), np.array([record.end]))[0])
    observed = calendar.duty_ms(begin, np.full_like(begin, record.end))
    gaps = _gaps(record, begin)
    shown = _clipped(gaps, begin[gaps.cell], record.end, calendar)
    beyond = _beyond(gaps, shown, record.limits)
    sure = ~_ends(record.hidden).touch(gaps.cell, gaps.start, gaps.end)
    closed = gaps.closed & (gaps.end >= begin[gaps.cell])
    length = shown.whole[closed].astype(np.float64)
    area = (shown.late.astype(np.float64) ** 2 - shown.early.astype(np.float64) ** 2) / 2
    worst = np.zeros(cells, dtype=np.int64)
    np.maximum.at(worst, gaps.cell, np.where(shown.late > shown.early, shown.late, 0))
    required, done, state = _required(record)
    return Figures(
        duty_ms=duty,
        observed_ms=observed,
        visits=_count(record.visits, np.arange(cells), np.full(cells, record.start), np.full(cells, record.end)),
        required=required,
        done=done,
        state=state,
        beyond_ms=_sum(gaps.cell, np.where(sure, beyond, 0), cells).astype(np.int64),
        unsure_ms=_sum(gaps.cell, np.where(sure, 0, beyond), cells).astype(np.int64),
        idle_ms=_sum(gaps.cell, area, cells) / np.maximum(observed, 1),
        worst_ms=worst,
        gaps=np.bincount(gaps.cell[closed], minlength=cells).astype(np.int64),
        gap_sum_ms=_sum(gaps.cell[closed], length, cells),
        gap_square_ms2=_sum(gaps.cell[closed], length**2, cells),
    )


def unclear(record: PeriodRecord, cell: Cells, start: Int, end: Int) -> Bool:
    """For cells and times: whether silence may hide a visit begun then, or the time was not wholly observed."""
    hidden, dwell = record.hidden, record.dwell_ms
    began = TimeSpans(of=hidden.cell, first=hidden.first - dwell[hidden.cell], last=hidden.last - dwell[hidden.cell])
    return began.touch(cell, start, end) | (start < _begin(record)[cell])


def _begin(record: PeriodRecord) -> Int:
    """Start of observation of each cell in the period, ms; its end if not observed."""
    begin = np.where(record.observed >= 0, np.maximum(record.start, record.observed), record.end)
    return np.asarray(np.minimum(begin, record.end))


def _ends(hidden: Hidden) -> TimeSpans:
    return TimeSpans(of=hidden.cell, first=hidden.first, last=hidden.last)


def _gaps(record: PeriodRecord, begin: Int) -> _Gaps:
    """Waits between visits, including the one before the first and the one open at the end."""
    cells, visits = np.arange(len(record.since)), record.visits
    since = np.where(record.since >= 0, record.since, begin)
    cell = np.concatenate([cells, visits.cell, cells])
    t_in = np.concatenate([np.full(len(cells), -1), visits.t_in, np.full(len(cells), record.end)])
    t_out = np.concatenate([np.minimum(since, record.end), visits.t_out, np.full(len(cells), record.end)])
    closed = np.concatenate([np.ones(len(cells) + len(visits.cell), np.bool_), np.zeros(len(cells), np.bool_)])
    order = np.lexsort((~closed, t_in, cell))
    cell, t_in, closed = cell[order], t_in[order], closed[order]
    # The latest end of any visit before; a visit within another officer's visit ends no wait.
    reached = np.maximum.accumulate(cell * _CELL + t_out[order]) - cell * _CELL
    start, end = np.concatenate([[0], reached[:-1]]), np.minimum(t_in, record.end)
    kept = (t_in >= 0) & (end > start)
    return _Gaps(cell[kept], start[kept], end[kept], closed[kept])


@dataclass(frozen=True, slots=True)
class _Clipped:
    """The part of each wait that lies in the period. Times in ms, lengths in ms of duty time."""

    start: Int
    end: Int
    early: Int
    """Time waited already at its start."""
    late: Int
    """Time waited at its end."""
    whole: Int
    """Length of the whole wait."""
    origin: Int
    """Duty clock at the start of the wait."""
    clock: tuple[int, DutyCalendar]
    """Origin of the duty clock."""


def _clipped(gaps: _Gaps, begin: Int, end: int, calendar: DutyCalendar) -> _Clipped:
    zero = min(int(gaps.start.min(initial=end)), int(begin.min(initial=end)))
    first, last = np.clip(gaps.start, begin, end), np.clip(gaps.end, begin, end)

    def clock(at: Int) -> Int:
        return calendar.duty_ms(np.full_like(at, zero), at)

    origin = clock(gaps.start)
    return _Clipped(
        first, last, clock(first) - origin, clock(last) - origin, clock(gaps.end) - origin, origin, (zero, calendar)
    )


def _beyond(gaps: _Gaps, shown: _Clipped, limits: LimitSteps) -> Int:
    """Duty time of each wait beyond the limit in force at each moment of it, ms."""
    last_step = len(limits.starts) - 1
    first = np.clip(np.searchsorted(limits.starts, shown.start, side="right") - 1, 0, last_step)
    last = np.clip(np.searchsorted(limits.starts, shown.end, side="left") - 1, first, last_step)
    sizes = last - first + 1
    gap = np.repeat(np.arange(len(sizes)), sizes)
    step = np.arange(len(gap)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[gap]
    zero, calendar = shown.clock
    starts = np.maximum(limits.starts, zero)
    edge = np.append(calendar.duty_ms(np.full_like(starts, zero), starts), np.iinfo(np.int64).max // 2)
    edge[0] = 0
    begins, ends = shown.early[gap] + shown.origin[gap], shown.late[gap] + shown.origin[gap]
    passed = shown.origin[gap] + limits.limit_ms[step, gaps.cell[gap]]
    begins = np.maximum(np.maximum(begins, passed), edge[step])
    over = np.maximum(np.minimum(ends, edge[step + 1]) - begins, 0)
    return _sum(gap, over, len(sizes)).astype(np.int64)


def _required(record: PeriodRecord) -> tuple[Int, Int, NDArray[np.uint8]]:
    """Required and made visits of each cell, and the result."""
    cells = len(record.since)
    plain = np.setdiff1d(np.arange(cells), record.windows.cell)
    cell = np.concatenate([record.windows.cell, plain])
    start = np.concatenate([record.windows.start, np.full(len(plain), record.start)])
    end = np.concatenate([record.windows.end, np.full(len(plain), record.end)])
    n = np.concatenate([record.windows.n, np.ones(len(plain), dtype=np.int32)])
    done = np.minimum(_count(record.visits, cell, start, end), n)
    missing, failed = done < n, (done < n) & ~unclear(record, cell, start, end)
    state = np.full(cells, Visited.VISITED, dtype=np.uint8)
    state[cell[missing]] = Visited.UNKNOWN
    state[cell[failed]] = Visited.NOT_VISITED
    return _sum(cell, n, cells).astype(np.int64), _sum(cell, done, cells).astype(np.int64), state


def _count(visits: Visits, cell: Cells, start: Int, end: Int) -> Int:
    """Visits in each `cell` that began from `start` to `end` (not included)."""
    keys = np.sort(visits.cell * _CELL + visits.t_in)
    return np.asarray(np.searchsorted(keys, cell * _CELL + end) - np.searchsorted(keys, cell * _CELL + start))


def _sum(of: Cells, values: NDArray[np.generic], length: int) -> Float:
    return np.asarray(np.bincount(of, weights=values.astype(np.float64), minlength=length), dtype=np.float64)
