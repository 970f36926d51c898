"""What coverage shows for each cell, hour by hour, compared with the truth: are cells hidden by silence unknown?"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from bench.fleet import Town
from bench.server import Known
from device_sim.fleet import visits
from tracking.coverage import coverage
from tracking.coverage.coverage import CellState
from tracking.plans.calendars import DutyCalendar
from tracking.presence import silence
from tracking.presence.fixes import Int
from tracking.presence.stays import Run, Stay, StayKind

EVERY_MS = 3_600_000
COUNTS_MS = 8 * 3_600_000
"""A silence counts for so long, as in tracking.store.presence.run_store."""
TOLERANCE_MS = 60_000
"""A wait that differs from its limit by less is neither long nor short."""


def states(town: Town, known: Known, begin: int, now: int) -> Int:
    """State of each cell at `now` (ms) by what is known of a shift that began at `begin`."""
    cells = np.array(sorted(town.rules))
    dwell = np.array([town.rules[cell].dwell_ms for cell in cells.tolist()])
    last, present = np.full(len(cells), coverage.NEVER), np.zeros(len(cells), dtype=np.bool_)
    for stay in known.stays:
        # Nobody knew at `now` of a visit that had not lasted its dwell.
        if stay.kind is StayKind.VISIT and stay.t_in + dwell[stay.cell - 1] <= now:
            last[stay.cell - 1] = max(last[stay.cell - 1], min(stay.t_out, now))
            present[stay.cell - 1] |= stay.t_out >= now
    limits = np.array([[town.limit_ms[cell] for cell in cells.tolist()]])
    what = coverage.CoverageInput(
        last_visit=last,
        present=present,
        known_since=np.full(len(cells), begin),
        possible=silence.later(
            silence.possible_visits(silences(known.runs, now), town.grid, dwell),
            silence.joined(silence.sighted_visits(sightings(known, now), dwell), between(known.stays, now)),
        ),
        quota=coverage.Quota.none(len(cells)),
    )
    judged = coverage.evaluate(
        what,
        now=now,
        limits=coverage.LimitSteps(starts=np.array([now]), limit_ms=limits),
        arrival_ms=np.zeros(len(cells), dtype=np.int64),
        dwell_ms=dwell,
        calendar=DutyCalendar("Asia/Shanghai", [("00:00", "24:00")]),
    )
    return judged.state.astype(np.int64)


def between(stays: Iterable[Stay], now: int) -> silence.Hidden:
    """Visits that may have been made between cells up to `now` (ms), as `between_store` tells them."""
    seen = [stay for stay in stays if stay.kind is StayKind.BETWEEN and stay.t_in <= now]
    return silence.Hidden(
        cell=np.array([stay.cell - 1 for stay in seen], dtype=np.intp),
        first=np.array([stay.t_in for stay in seen], dtype=np.int64),
        last=np.array([min(stay.t_out, now) for stay in seen], dtype=np.int64),
    )


def sightings(known: Known, now: int) -> silence.Sightings:
    """Where devices seem to have been up to `now` (ms), as tracking.store.presence.sighting_store tells it."""
    seen = [(cell - 1, first, min(last, now)) for cell, first, last in known.sightings if first <= now]
    cell, t_from, t_to = (np.array([each[part] for each in seen], dtype=np.int64) for part in range(3))
    return silence.Sightings(cell=cell.astype(np.intp), t_from=t_from, t_to=t_to)


def silences(runs: Iterable[Run], now: int) -> silence.Silences:
    """Silences between the runs of each device up to `now` (ms), as tracking.store.presence.run_store tells them."""
    of: dict[int, list[Run]] = {}
    for run in sorted(runs, key=lambda run: (run.device, run.t_first)):
        if run.t_first <= now:
            of.setdefault(run.device, []).append(run)
    found: list[tuple[Run, int, Run | None]] = []
    for mine in of.values():
        found += [(run, after.t_first, after) for run, after in pairwise(mine)]
        found.append((mine[-1], now, None))
    kept = [
        (run, min(end, run.t_last + COUNTS_MS), after if after and end <= run.t_last + COUNTS_MS else None)
        for run, end, after in found
        if end - run.t_last > visits.GAP_MS
    ]
    return silence.Silences(
        t_from=np.array([run.t_last for run, _, _ in kept], dtype=np.int64),
        t_to=np.array([end for _, end, _ in kept], dtype=np.int64),
        lat_from=np.array([run.lat_last for run, _, _ in kept]),
        lon_from=np.array([run.lon_last for run, _, _ in kept]),
        lat_to=np.array([after.lat_first if after else np.nan for _, _, after in kept]),
        lon_to=np.array([after.lon_first if after else np.nan for _, _, after in kept]),
    )


def waits(spans: Sequence[Sequence[tuple[int, int]]], dwell_ms: Int, begin: int, now: int) -> Int:
    """How long each cell has waited at `now`, ms, for visits from and to; one counts once it lasts its dwell."""
    since = [
        max([begin, *(min(end, now) for start, end in times if start + dwell <= now)])
        for times, dwell in zip(spans, dwell_ms.tolist(), strict=True)
    ]
    return np.array([now - each for each in since], dtype=np.int64)


def must_be_unknown(true: Int, covered: Int, limit: Int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Cells that truly waited less than their limit, and more by all that the data covers."""
    return np.asarray((true < limit - TOLERANCE_MS) & (covered > limit + TOLERANCE_MS))


def is_blamed(state: Int, true: Int, limit: Int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Cells shown as overdue that truly waited less than their limit."""
    return np.asarray((state == CellState.OVERDUE) & (true < limit - TOLERANCE_MS))
