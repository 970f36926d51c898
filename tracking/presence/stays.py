"""Stays: the longest presences of a device in a cell, from which visits, coverage, dwell and idleness follow."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tracking.presence.visit_rules import VisitRule
from tracking.records.reasons import Cause

DRIVING_M_PER_S = 15 / 3.6
"""A mean speed above 15 km/h is not a patrol on foot."""


class StayKind(StrEnum):
    """Kind of a stay."""

    VISIT = "visit"
    """Dwell and path meet the requirements of the class of the cell: resets idleness."""
    SHORT = "short"
    """Too short in time or path."""
    DRIVE_THROUGH = "drive_through"
    """Faster than 15 km/h on average: does not reset idleness."""
    BETWEEN = "between"
    """Not a stay, but time in which no fix tells surely where the device was: it may have made a valid visit here, or
    been elsewhere. Neither resets idleness nor counts as neglect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Presence of one device in one cell; key (device, t_in).

    Leaving for less than a minute does not end a stay, so stays of one device in neighbouring cells may overlap in
    time; their dwell never does.
    """

    device: int
    cell: int
    """Number of the cell in the store."""
    t_in: int
    """Time of the inward crossing of the boundary, or of the first fix, ms since 1970-01-01 UTC."""
    t_out: int
    """Time of the outward crossing, or of the latest fix, ms."""
    dwell_ms: int
    """Time inside, without exits."""
    path_m: float
    """Distance walked inside, jitter removed, to a tenth of a metre."""
    fixes: int
    """Fixes inside."""
    kind: StayKind
    open: bool
    """True while no later fix of the device has ended it."""
    other: int | None = None
    """For time between cells: number of the other possible cell; None: outside all cells."""

    @property
    def key(self) -> int:
        """Key among the stays of the device."""
        return self.t_in


@dataclass(frozen=True, slots=True, kw_only=True)
class StayChange:
    """A difference from the stored stays: replace (device, t_in) by `stay`, or withdraw it if `stay` is None."""

    device: int
    t_in: int
    stay: Stay | None
    reason: str | None = None
    """Why the earlier state is no longer valid; None if a stay begins, grows or ends in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Fixes of a device without a gap; key (device, t_first). The time between two runs is silence.

    Times are ms, positions degrees, of the first and the last eligible fix.
    """

    device: int
    t_first: int
    lat_first: float
    lon_first: float
    t_last: int
    lat_last: float
    lon_last: float
    open: bool
    """True while neither a gap nor silence has ended it; its stays may not all have been reported."""

    @property
    def key(self) -> int:
        """Key among the runs of the device."""
        return self.t_first


Kept = TypeVar("Kept", Stay, Run)


@dataclass(frozen=True, slots=True)
class StoredStays:
    """Stays and runs of one stretch of a device, stored or computed."""

    stays: list[Stay]
    runs: list[Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """A difference from the stored runs: replace (device, t_first) by `run`, or remove it if `run` is None."""

    device: int
    t_first: int
    run: Run | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes that make the stored stays and runs agree with the fixes."""

    stays: list[StayChange]
    runs: list[RunChange]

    def __bool__(self) -> bool:
        return bool(self.stays or self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time span of a device, ms, ends included, whose stays must be recomputed."""

    device: int
    t_lo: int
    t_hi: int
    received: int
    """Time of receipt of the late data, ms."""
    cause: Cause = Cause.LATE


def classify(rule: VisitRule, dwell_ms: int, path_m: float, way_m: float, *, logged: bool = False) -> StayKind:
    """Decide the kind of a stay.

    Args:
        rule: requirements of the cell.
        dwell_ms: time inside.
        path_m: path inside without jitter.
        way_m: straight distance from its begin to its end: the minimum travelled.
        logged: an event was logged in it, which replaces the path, since an officer at work does not walk.
    """
    if max(path_m, way_m) * 1000 > DRIVING_M_PER_S * dwell_ms:
        return StayKind.DRIVE_THROUGH
    if dwell_ms >= rule.dwell_ms and (logged or path_m >= rule.path_m):
        return StayKind.VISIT
    return StayKind.SHORT


def differences(
    device: int, stored: StoredStays, computed: StoredStays, *, reason: str | None, frontier: int
) -> Changes:
    """Changes that make the store hold exactly `computed` for this stretch.

    Args:
        device: the device.
        stored: its current stays and runs of the stretch.
        computed: the correct stays and runs.
        reason: why the earlier state is no longer valid.
        frontier: newest fix of the device, ms, before the data that made the stretch dirty. A stay that ends at or
            after it grew in order, and nothing is corrected.
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
    """Whether a stay only grew: it was reported before it ended."""
    return old.cell == new.cell and (old.open or new.t_out > old.t_out)


def _by_key(kept: list[Kept]) -> dict[int, Kept]:
    return {item.key: item for item in kept}
