"""True visits: the true track of a shift judged by the rules of a valid visit, and the part of it that can be known.

The definition is that of the product (a maximal stay, exits under a minute merged, with enough dwell and path, not
faster than 15 km/h), written apart from it and computed on the way itself, whose cell is known at every moment.

What can be known. A stretch of a shift is *covered* when fixes of it were delivered and taken in, none more than 120 s
after the one before; fixes that are mocked, that lie elsewhere (jump, wrong datum), that are worse than 100 m, or that
the server refuses because they claim to come from the future, cover nothing. A covered stretch is *sure* unless the
officer stands so near to a boundary that no receiver can tell on which side (three standard deviations of the best).
Four readings of the same way follow:

* EXACT: what happened.
* COVERED: the way cut to its covered stretches; each is judged by itself, as a silence ends a stay.
* SURE: what of that is left without standing on boundaries. A visit that is clearly valid by this is *knowable*: it
  must be found.
* POSSIBLE: standing on a boundary counts for both sides, silence for what happened in it. A visit that is found but
  not nearly valid even by this is wrong.

A stay is *clearly* valid when it would be with the dwell and way that the margins take off, *nearly* when it would be
with what they add: a visit of 299 s is not told from one of 300 s by anyone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from device_sim.faults import faults
from device_sim.fleet import track, ways

GAP_MS = 120_000
MERGE_MS = 60_000
WORST_ACCURACY_M = 100.0
AHEAD_MS = 60_000
"""Fixes that claim to be taken so long after their receipt are refused."""
FASTEST_M_PER_S = 15 / 3.6
DWELL_MARGIN_MS = 15_000
PATH_MARGIN_M = 30.0
"""What receivers with an error of 5 m can tell of a stay on foot: a crossing to 5 s, the dwell between two of them to
7 s, the way to some 15 m, as standard deviations. Within twice that of a bound nobody can tell the side of a stay.
"""

Run = tuple[int, int]
"""First and last moment of a covered stretch, ms of true time."""


class Reading(Enum):
    """Which part of the way counts; see the module's text."""

    EXACT = "exact"
    COVERED = "covered"
    SURE = "sure"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRule:
    """Least dwell and path of a valid visit in a class of cells."""

    dwell_ms: int
    path_m: float


@dataclass(slots=True, kw_only=True)
class TrueStay:
    """A maximal stay in a cell; times ms of true time, `dwell_ms` without merged exits, `path_m` inside."""

    cell: int
    t_in: int
    t_out: int
    dwell_ms: int
    path_m: float

    def drives(self, slack: float = 0.0) -> bool:
        """Whether it is faster than a patrol on average."""
        dwell_ms, path_m = self.dwell_ms + slack * DWELL_MARGIN_MS, self.path_m - slack * PATH_MARGIN_M
        return path_m * 1000 > FASTEST_M_PER_S * dwell_ms

    def valid(self, rule: VisitRule, slack: float = 0.0) -> bool:
        """Whether it is a valid visit: to the letter, nearly (`slack` 1) or clearly (`slack` -1)."""
        dwell_ms, path_m = self.dwell_ms + slack * DWELL_MARGIN_MS, self.path_m + slack * PATH_MARGIN_M
        return not self.drives(slack) and dwell_ms >= rule.dwell_ms and path_m >= rule.path_m


def covered(taken: track.Track, deliveries: faults.Deliveries) -> list[Run]:
    """Stretches of a shift that the delivered data covers, in order."""
    good = taken_in(taken, deliveries) & ~taken.wrong & ~taken.mock & (taken.acc <= WORST_ACCURACY_M)
    at = taken.at[good]
    if not len(at):
        return []
    cuts = np.flatnonzero(np.diff(at) > GAP_MS)
    starts, ends = at[np.append(0, cuts + 1)], at[np.append(cuts, len(at) - 1)]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def taken_in(taken: track.Track, deliveries: faults.Deliveries) -> NDArray[np.bool_]:
    """Which fixes arrive and are not refused on each of their arrivals."""
    arrived = np.zeros(len(taken), np.bool_)
    for due, start, stop in zip(deliveries.due, deliveries.start, deliveries.stop, strict=True):
        arrived[start:stop] |= taken.t[start:stop] <= due + AHEAD_MS
    return arrived


def stays(way: ways.Way, runs: list[Run], reading: Reading) -> list[TrueStay]:
    """All stays of a way by one reading, in no particular order.

    Args:
        way: the true way.
        runs: its covered stretches.
        reading: which part of it counts.
    """
    whole = [(int(way.t[0]), int(way.t[-1]))]
    stays: list[TrueStay] = []
    for run in runs if reading in (Reading.COVERED, Reading.SURE) else whole:
        stays += joined(
            TrueStay(cell=cell, t_in=t_in, t_out=t_out, dwell_ms=t_out - t_in, path_m=metres)
            for cell, t_in, t_out, metres in _pieces(way, run, reading)
        )
    return stays


def joined(pieces: Iterable[TrueStay]) -> list[TrueStay]:
    """Make stays of pieces in order of their begin: those of one cell less than a minute apart are one."""
    stays: list[TrueStay] = []
    last: dict[int, TrueStay] = {}
    for piece in pieces:
        before = last.get(piece.cell)
        if before is not None and piece.t_in - before.t_out < MERGE_MS:
            before.t_out = max(before.t_out, piece.t_out)
            before.dwell_ms += piece.dwell_ms
            before.path_m += piece.path_m
        else:
            last[piece.cell] = replace(piece)
            stays.append(last[piece.cell])
    return stays


def valid(stays: list[TrueStay], rules: Mapping[int, VisitRule]) -> list[TrueStay]:
    """Those that are valid visits, by the rule of each cell."""
    return [stay for stay in stays if stay.valid(rules[stay.cell])]


def _pieces(way: ways.Way, run: Run, reading: Reading) -> Iterator[tuple[int, int, int, float]]:
    """(cell, from ms, to ms, metres) of each segment of the way that counts, cut to a stretch, in order."""
    first = max(int(np.searchsorted(way.t, run[0], side="right")) - 1, 0)
    stop = min(int(np.searchsorted(way.t, run[1], side="left")), len(way.cell))
    metres = np.hypot(np.diff(way.x[first : stop + 1]), np.diff(way.y[first : stop + 1])).tolist()
    times, cells, also = way.t[first : stop + 1].tolist(), way.cell[first:stop].tolist(), way.also[first:stop].tolist()
    for k, cell in enumerate(cells):
        t_in, t_out = max(times[k], run[0]), min(times[k + 1], run[1])
        if t_out <= t_in:
            continue
        part = metres[k] * (t_out - t_in) / (times[k + 1] - times[k])
        if also[k] < 0 or reading is not Reading.SURE:
            yield cell, t_in, t_out, part
        if also[k] >= 0 and reading is Reading.POSSIBLE:
            yield also[k], t_in, t_out, part
