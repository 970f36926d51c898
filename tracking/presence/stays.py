"""A stay: one maximal presence of a device in a cell. What visits, coverage, dwell and idleness are read from."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tracking.presence.visit_rules import VisitRule
from tracking.records.reasons import Cause

DRIVING_M_PER_S = 15 / 3.6
"""A mean speed above 15 km/h is no patrol on foot."""


class StayKind(StrEnum):
    """What a stay is worth."""

    VISIT = "visit"
    """Dwell and path reached what the class of the cell asks: resets idleness."""
    SHORT = "short"
    """Too short in time or path."""
    DRIVE_THROUGH = "drive_through"
    """Faster than 15 km/h on average: does not reset idleness."""
    BETWEEN = "between"
    """No stay, but time in which no fix said surely where the device was: it may have made a valid visit here, or have
    been elsewhere. Neither resets idleness nor counts as neglect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Presence of one device in one cell; key (device, t_in).

    A device that leaves for less than a minute and comes back has stayed, so stays of one device in neighbouring cells
    may overlap in time; their dwell never does.
    """

    device: int
    cell: int
    """Number of the cell in the store."""
    t_in: int
    """ms since 1970-01-01 UTC at which the boundary was crossed inwards, or of the first fix."""
    t_out: int
    """ms at which it was crossed outwards, or of the latest fix."""
    dwell_ms: int
    """Time inside, without the merged exits."""
    path_m: float
    """Length walked inside, jitter removed, to the metre's tenth."""
    fixes: int
    """Fixes inside."""
    kind: StayKind
    open: bool
    """True while no later fix of the device has ended it."""
    other: int | None = None
    """Of time between cells: number of the cell that the device may have been in instead; None: outside every cell."""

    @property
    def key(self) -> int:
        """What tells it from the device's other stays."""
        return self.t_in


@dataclass(frozen=True, slots=True, kw_only=True)
class StayChange:
    """A difference to the stored stays: put `stay` where (device, t_in) is, or withdraw it when `stay` is None."""

    device: int
    t_in: int
    stay: Stay | None
    reason: str | None = None
    """Why what was known before no longer holds; None when a stay begins, grows or ends in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A device's fixes without a gap; key (device, t_first). What lies between two runs is silence.

    Times are ms, places degrees, of the first and the last eligible fix.
    """

    device: int
    t_first: int
    lat_first: float
    lon_first: float
    t_last: int
    lat_last: float
    lon_last: float
    open: bool
    """True while neither a gap nor silence has ended it: what lies in it may not all have been reported."""

    @property
    def key(self) -> int:
        """What tells it from the device's other runs."""
        return self.t_first


Kept = TypeVar("Kept", Stay, Run)


@dataclass(frozen=True, slots=True)
class StoredStays:
    """Stays and runs of one stretch of a device, as stored or as they must be."""

    stays: list[Stay]
    runs: list[Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """A difference to the stored runs: put `run` where (device, t_first) is, or remove it when `run` is None."""

    device: int
    t_first: int
    run: Run | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What the store must change so that its projections agree with its fixes."""

    stays: list[StayChange]
    runs: list[RunChange]

    def __bool__(self) -> bool:
        return bool(self.stays or self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of a device's time, ms, ends included, whose stays must be computed again."""

    device: int
    t_lo: int
    t_hi: int
    received: int
    """ms at which the late data came in."""
    cause: Cause = Cause.LATE


def worth(rule: VisitRule, dwell_ms: int, path_m: float, way_m: float, *, logged: bool = False) -> StayKind:
    """Judge a stay.

    Args:
        rule: what the cell asks for.
        dwell_ms: time inside.
        path_m: way inside without jitter.
        way_m: straight distance from where it began to where it ended: what was at least travelled.
        logged: an event was logged in it, which counts as path: who deals with something does not walk.
    """
    if max(path_m, way_m) * 1000 > DRIVING_M_PER_S * dwell_ms:
        return StayKind.DRIVE_THROUGH
    if dwell_ms >= rule.dwell_ms and (logged or path_m >= rule.path_m):
        return StayKind.VISIT
    return StayKind.SHORT


def differences(
    device: int, stored: StoredStays, computed: StoredStays, *, reason: str | None, frontier: int
) -> Changes:
    """What must change in the store so that it holds `computed` and nothing else of this stretch.

    Args:
        device: the device whose stretch it is.
        stored: its current stays and runs of the stretch.
        computed: stays and runs as they must be.
        reason: why what was known no longer holds.
        frontier: newest fix of the device, ms, before the data that made the stretch dirty. A stay that ends at or
            after it grew in order: nothing that was known is taken back.
    """
    old_stays, new_stays = _by_key(stored.stays), _by_key(computed.stays)
    changes = []
    for t_in in sorted(old_stays.keys() | new_stays.keys()):
        old, new = old_stays.get(t_in), new_stays.get(t_in)
        if old != new:
            grown = new is not None and new.t_out >= frontier and (old is None or _goes_on(old, new))
            changes.append(StayChange(device=device, t_in=t_in, stay=new, reason=None if grown else reason))
    old_runs, new_runs = _by_key(stored.runs), _by_key(computed.runs)
    runs = [
        RunChange(device=device, t_first=t_first, run=new_runs.get(t_first))
        for t_first in sorted(old_runs.keys() | new_runs.keys())
        if old_runs.get(t_first) != new_runs.get(t_first)
    ]
    return Changes(stays=changes, runs=runs)


def _goes_on(old: Stay, new: Stay) -> bool:
    """Whether a stay was reported before it ended; one that had ended is another now, and not because it grew."""
    return old.cell == new.cell and (old.open or new.t_out > old.t_out)


def _by_key(kept: list[Kept]) -> dict[int, Kept]:
    return {stay.key: stay for stay in kept}
