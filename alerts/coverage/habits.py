"""Next cells of officers: how soon after entering or leaving a cell they visit others, by past stays. Pure.

Patrols follow beats, so the present and previous cell of an officer predict the cells visited within half an hour.
Nothing is assumed about beats: transitions between cells are counted, whoever made them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tracking.presence.fixes import Bool, Float, Int

BIN_MS = 5 * 60_000
BINS = 18
SPAN_MS = BINS * BIN_MS
"""Transitions later than 90 minutes are not counted."""
_MOST_STOPS = 10
"""Following stays that are counted."""
_PRIOR_TIMES = 1.0
"""Added to the count of a state, so that one or two transitions do not make a habit."""
_PRIOR_HOURS = 1.0
"""Added to the hours of a device, so that a few minutes do not make a regular visitor."""
_HOUR = 3_600_000
_ENOUGH = 6
"""Minimum count of a cell with its previous cell; otherwise the cell alone is used."""
NOWHERE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """n stays of a minute and more, by device and time, as columns of length n."""

    device: NDArray[np.int64]
    cell: NDArray[np.intp]
    """Index of the cell."""
    t_in: Int
    """ms."""
    t_out: Int
    valid: Bool
    """A valid visit."""
    counted: Bool
    """The following 90 minutes are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Positions of m officers on patrol, as columns of length m."""

    device: NDArray[np.int64]
    """Number of the device each carries, as in `Stops`."""
    before: NDArray[np.intp]
    """Cell of the stay before the last one; NOWHERE."""
    cell: NDArray[np.intp]
    """Cell of the last stay; NOWHERE."""
    left: Bool
    """That stay has ended."""
    since_ms: Int
    """Time since it ended, else since it began."""
    silent_ms: Int
    """Time since the last fix; their movement since then is unknown."""

    def some(self, which: Bool) -> "Where":
        """Those of them."""
        return Where(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Counts by state (a cell, its previous cell or any, entered or left) and by device, each in order."""

    cells: int
    key: NDArray[np.int64]
    seen: NDArray[np.float32]
    """Times an officer was in a state, by state."""
    start: NDArray[np.int64]
    """Goals of state i are start[i] to start[i + 1]."""
    goal: NDArray[np.int32]
    """Cell that was visited later."""
    within: NDArray[np.float32]
    """Counts within k steps of five minutes, by goal, shape (goals, BINS + 1)."""
    device: NDArray[np.int64]
    begin: NDArray[np.int64]
    """Cells that device i visits are begin[i] to begin[i + 1]."""
    visited: NDArray[np.int32]
    hourly: NDArray[np.float32]
    """Valid visits of that cell per hour of the device."""


def unlearned(cells: int) -> Habits:
    """No counts yet."""
    return Habits(
        cells=cells,
        key=np.empty(0, dtype=np.int64),
        seen=np.empty(0, dtype=np.float32),
        start=np.zeros(1, dtype=np.int64),
        goal=np.empty(0, dtype=np.int32),
        within=np.empty((0, BINS + 1), dtype=np.float32),
        device=np.empty(0, dtype=np.int64),
        begin=np.zeros(1, dtype=np.int64),
        visited=np.empty(0, dtype=np.int32),
        hourly=np.empty(0, dtype=np.float32),
    )


def fit(stops: Stops, cells: int) -> Habits:
    """Count the following visits."""
    if not len(stops.cell):
        return unlearned(cells)
    follows = np.append(False, stops.device[1:] == stops.device[:-1])
    before = np.where(follows, np.roll(stops.cell, 1), NOWHERE)
    parts = list(_variants(stops, before, cells))
    key = np.unique(np.concatenate([part[0] for part in parts]))
    seen = sum(np.bincount(np.searchsorted(key, part[0]), minlength=len(key)) for part in parts)
    pair = np.concatenate([np.searchsorted(key, part[1]) * cells + part[2] for part in parts])
    took = np.concatenate([part[3] for part in parts])
    pairs, at = np.unique(pair, return_inverse=True)
    counts = np.bincount(at * BINS + took // BIN_MS, minlength=len(pairs) * BINS).reshape(len(pairs), BINS)
    within = np.zeros((len(pairs), BINS + 1), dtype=np.float32)
    np.cumsum(counts, axis=1, out=within[:, 1:])
    device, begin, visited, hourly = _regulars(stops, cells)
    return Habits(
        cells=cells,
        key=key,
        seen=np.asarray(seen, dtype=np.float32),
        start=np.searchsorted(pairs, np.arange(len(key) + 1, dtype=np.int64) * cells),
        goal=(pairs % cells).astype(np.int32),
        within=within,
        device=device,
        begin=begin,
        visited=visited,
        hourly=hourly,
    )


def _regulars(
    stops: Stops, cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Visits of each device to each cell: the last four columns of `Habits`."""
    device, of = np.unique(stops.device, return_inverse=True)
    out = stops.t_out - stops.t_in
    pause = stops.t_in[1:] - stops.t_out[:-1]
    out[:-1] += np.where((of[1:] == of[:-1]) & (pause > 0) & (pause < SPAN_MS), pause, 0)
    hours = np.bincount(of, weights=out) / _HOUR
    pair, times = np.unique(of[stops.valid] * cells + stops.cell[stops.valid], return_counts=True)
    begin = np.searchsorted(pair, np.arange(len(device) + 1, dtype=np.int64) * cells)
    hourly = times / (hours[pair // cells] + _PRIOR_HOURS)
    return device, begin, (pair % cells).astype(np.int32), hourly.astype(np.float32)


def _variants(stops: Stops, before: NDArray[np.intp], cells: int) -> Iterator[tuple[Int, Int, NDArray[np.intp], Int]]:
    """Keys of all counted stays, and key, goal and time (ms) of the visits after them, for each kind of state."""
    rows, later = _followers(stops)
    for left, since in ((False, stops.t_in), (True, stops.t_out)):
        took = stops.t_in[later] - since[rows]
        near = (took >= 0) & (took < SPAN_MS)
        for known in (before, np.full_like(before, NOWHERE)):
            keys = _keys(known, stops.cell, np.full(len(stops.cell), left), cells)
            # A stay without a previous one already has the state of the cell alone.
            some = stops.counted & ((known != NOWHERE) if known is before else np.True_)
            kept = near & some[rows]
            yield keys[some], keys[rows[kept]], stops.cell[later[kept]], took[kept]


def _followers(stops: Stops) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Each counted stay with the first later visit of each other cell, as rows."""
    n, cells = len(stops.cell), int(stops.cell.max()) + 1
    rows, later = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for step in range(1, min(_MOST_STOPS, n - 1) + 1):
        first, after = np.arange(n - step), np.arange(step, n)
        near = (stops.device[first] == stops.device[after]) & (stops.t_in[after] - stops.t_out[first] < SPAN_MS)
        good = near & stops.counted[first] & stops.valid[after] & (stops.cell[first] != stops.cell[after])
        rows.append(first[good])
        later.append(after[good])
    row, follower = np.concatenate(rows), np.concatenate(later)
    # Steps are in order, so the first of each stay and goal is the earliest.
    _, soonest = np.unique(row.astype(np.int64) * cells + stops.cell[follower], return_index=True)
    return row[soonest], follower[soonest]


def _keys(before: NDArray[np.intp], cell: NDArray[np.intp], left: Bool, cells: int) -> Int:
    return np.asarray((((before.astype(np.int64) + 1) * cells) + cell) * 2 + left, dtype=np.int64)


def missed(known: Habits, officers: Where, left_ms: Int) -> tuple[Float, Int]:
    """Log of the probability that no officer comes in time, and the expected number who would, by cell.

    A silent officer may have made an unknown visit already, so the time since the last fix counts, too.

    Args:
        known: the counts.
        officers: their positions.
        left_ms: time left, by cell.
    """
    none = np.zeros(len(left_ms))
    if not len(known.key) or not len(officers.cell):
        return none, none.astype(np.int64)
    state = _states(known, officers)
    some = np.flatnonzero((state >= 0) & (officers.since_ms < SPAN_MS))
    row, pair = _spread(known.start[state[some]], known.start[state[some] + 1])
    who = some[row]
    near = (left_ms[known.goal[pair]] > 0) & (left_ms[known.goal[pair]] < SPAN_MS)
    who, pair = who[near], pair[near]
    goal = known.goal[pair]
    passed = _within(known, pair, np.maximum(officers.since_ms - officers.silent_ms, 0)[who])
    comes = _within(known, pair, officers.since_ms[who] + left_ms[goal]) - passed
    stays_away = 1 - comes / (np.maximum(known.seen[state[who]] - passed, comes) + _PRIOR_TIMES)
    logs = np.bincount(goal, weights=np.log(stays_away), minlength=len(left_ms))
    return np.asarray(logs), np.bincount(goal, minlength=len(left_ms))


def hourly(known: Habits, officers: Where) -> Float:
    """Usual valid visits of these officers per hour, by cell, wherever they are now."""
    at = np.searchsorted(known.device, officers.device)
    at = at[np.isin(officers.device, known.device)]
    _, pair = _spread(known.begin[at], known.begin[at + 1])
    expected = np.bincount(known.visited[pair], weights=known.hourly[pair], minlength=known.cells)
    return np.asarray(expected, dtype=np.float64)


def _spread(first: Int, last: Int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All numbers from first[i] to last[i], with their i."""
    sizes = last - first
    row = np.repeat(np.arange(len(first)), sizes)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes - first, sizes)


def _states(known: Habits, officers: Where) -> NDArray[np.intp]:
    """State of each officer: with the previous cell if counted often enough; -1 none."""
    alone = _find(known, np.full_like(officers.before, NOWHERE), officers)
    pair = _find(known, officers.before, officers)
    enough = (pair >= 0) & (known.seen[np.maximum(pair, 0)] >= _ENOUGH) & (officers.before != NOWHERE)
    return np.asarray(np.where(officers.cell == NOWHERE, -1, np.where(enough, pair, alone)), dtype=np.intp)


def _find(known: Habits, before: NDArray[np.intp], officers: Where) -> NDArray[np.intp]:
    wanted = _keys(before, np.maximum(officers.cell, 0), officers.left, known.cells)
    at = np.minimum(np.searchsorted(known.key, wanted), len(known.key) - 1)
    return np.asarray(np.where(known.key[at] == wanted, at, -1), dtype=np.intp)


def _within(known: Habits, pair: Int, ms: Int) -> Float:
    at = np.clip(ms / BIN_MS, 0, BINS)
    low = np.minimum(at.astype(np.intp), BINS - 1)
    first, second = known.within[pair, low], known.within[pair, low + 1]
    return np.asarray(first + (second - first) * (at - low), dtype=np.float64)
