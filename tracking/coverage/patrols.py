"""Indicators of officers and devices: sums over parts of shifts, and whether they can be assessed. Pure.

Formulas: docs/coverage.md. A track with too many gaps is not assessed: null, never 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tracking.coverage.rollup import UNRELIABLE

ON_TIME_MS = 10 * 60_000
LATE_MS = 30 * 60_000
GAP_S = 120.0
"""Most time counted for a gap in a track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolPart:
    """Data of one device in one shift of the officer who carried it, or in a period without a shift."""

    key: int
    """Number of the officer or device it counts for."""
    shift: int | None
    """Number of the shift; None: only counts, no expected time."""
    starts: int
    """Start of the shift, ms; without an arrival if it precedes the period."""
    expected_s: float
    """Length of the shift within the period."""
    runs_s: float
    """Time of it with fixes without a gap."""
    gaps: int
    """Gaps between them."""
    has_area: bool
    on_post_s: float
    arrived: int | None
    """First presence of a minute in the area, from half an hour before the start, ms."""
    first_known: bool
    """The shift began within the period, at least half an hour ago."""
    way_m: float
    drive_m: float
    visits: int
    drive_throughs: int
    fixes: int
    late: int
    recorder_known: int
    recorder_on: int
    events: int
    events_reporting: int
    """Events with a known state of the recorder."""
    events_recorded: int
    events_two: int
    """Events with a second officer nearby."""
    events_placed: int
    """Events for which that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalCounts:
    """Arrivals at shifts, counted by punctuality."""

    on_time: int
    late: int
    absent: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFigures:
    """Figures of one officer or device. Shares from 0 to 1; None: unknown."""

    shifts: int
    expected_s: float
    covered_s: float
    completeness: float | None
    assessable: bool
    on_post_s: float | None
    on_post_rate: float | None
    arrivals: ArrivalCounts
    way_m: float
    drive_m: float
    visits: int
    drive_throughs: int
    drive_through_share: float | None
    fixes: int
    fix_share: float | None
    late_share: float | None
    recorder_share: float | None
    events: int
    events_recorded: float | None
    events_two: float | None


def add_up(parts: Iterable[PatrolPart], interval_s: float) -> dict[int, PersonFigures]:
    """Figures by officer or device; devices are configured to send a fix every `interval_s`."""
    of: dict[int, list[PatrolPart]] = {}
    for part in parts:
        of.setdefault(part.key, []).append(part)
    return {key: _sums(mine, interval_s) for key, mine in of.items()}


def _sums(parts: list[PatrolPart], interval_s: float) -> PersonFigures:
    shifts = _by_shift(parts)
    expected = sum(group[0].expected_s for group in shifts)
    covered = sum(_covered(group) for group in shifts)
    completeness = covered / expected if expected > 0 else None
    assessable = completeness is not None and completeness >= UNRELIABLE
    posted = [group for group in shifts if group[0].has_area]
    on_post = sum(part.on_post_s for group in posted for part in group)
    on_duty = sum(group[0].expected_s for group in posted)
    fixes, known = sum(part.fixes for part in parts), sum(part.recorder_known for part in parts)
    visits, drives = sum(part.visits for part in parts), sum(part.drive_throughs for part in parts)
    return PersonFigures(
        shifts=len(shifts),
        expected_s=expected,
        covered_s=covered,
        completeness=completeness,
        assessable=assessable,
        on_post_s=on_post if assessable and posted else None,
        on_post_rate=min(1.0, on_post / on_duty) if assessable and on_duty > 0 else None,
        arrivals=_arrivals(shifts),
        way_m=round(sum(part.way_m for part in parts), 1),
        drive_m=round(sum(part.drive_m for part in parts), 1),
        visits=visits,
        drive_throughs=drives,
        drive_through_share=_share(drives, drives + visits),
        fixes=fixes,
        fix_share=fixes * interval_s / expected if expected > 0 else None,
        late_share=_share(sum(part.late for part in parts), fixes),
        recorder_share=_share(sum(part.recorder_on for part in parts), known),
        events=sum(part.events for part in parts),
        events_recorded=_share(sum(p.events_recorded for p in parts), sum(p.events_reporting for p in parts)),
        events_two=_share(sum(p.events_two for p in parts), sum(p.events_placed for p in parts)),
    )


def _by_shift(parts: list[PatrolPart]) -> list[list[PatrolPart]]:
    """Parts of each shift: an officer may have changed the device in it."""
    shifts: dict[int, list[PatrolPart]] = {}
    for part in parts:
        if part.shift is not None:
            shifts.setdefault(part.shift, []).append(part)
    return list(shifts.values())


def _covered(shift: list[PatrolPart]) -> float:
    """Σ min(time between fixes, 120 s) of a shift, s."""
    return min(shift[0].expected_s, sum(part.runs_s + GAP_S * part.gaps for part in shift))


def _arrivals(shifts: list[list[PatrolPart]]) -> ArrivalCounts:
    counts = {"on_time": 0, "late": 0, "absent": 0, "unknown": 0}
    for shift in shifts:
        if shift[0].first_known:
            counts[_arrival(shift)] += 1
    return ArrivalCounts(**counts)


def _arrival(shift: list[PatrolPart]) -> str:
    arrived = min((part.arrived for part in shift if part.arrived is not None), default=None)
    after = None if arrived is None else arrived - shift[0].starts
    if after is not None and after <= ON_TIME_MS:
        return "on_time"
    # An officer without a track may have been there all the time.
    if not shift[0].has_area or _covered(shift) < UNRELIABLE * shift[0].expected_s:
        return "unknown"
    return "late" if after is not None and after <= LATE_MS else "absent"


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
