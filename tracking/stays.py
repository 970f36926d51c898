"""A stay: one maximal presence of a device in a cell. What visits, coverage, dwell and idleness are read from."""

from dataclasses import dataclass
from enum import StrEnum

from tracking.coverage import ClassRule

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StayChange:
    """A difference to the stored stays: put `stay` where (device, t_in) is, or withdraw it when `stay` is None."""

    device: int
    t_in: int
    stay: Stay | None
    reason: str | None = None
    """Why what was known before no longer holds; None when a stay begins, grows or ends in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of a device's time, ms, ends included, whose stays must be computed again."""

    device: int
    t_lo: int
    t_hi: int
    received: int
    """ms at which the late data came in."""


def worth(rule: ClassRule, dwell_ms: int, path_m: float, way_m: float) -> StayKind:
    """Judge a stay.

    Args:
        rule: what the class of the cell asks for.
        dwell_ms: time inside.
        path_m: way inside without jitter.
        way_m: straight distance from where it began to where it ended: what was at least travelled.
    """
    if max(path_m, way_m) * 1000 > DRIVING_M_PER_S * dwell_ms:
        return StayKind.DRIVE_THROUGH
    if dwell_ms >= rule.dwell_ms and path_m >= rule.path_m:
        return StayKind.VISIT
    return StayKind.SHORT


def differences(
    stored: dict[int, Stay], computed: dict[int, Stay], *, reason: str | None, frontier: int
) -> list[StayChange]:
    """What must change in the store, by t_in, so that it holds `computed` and nothing else of this stretch.

    Args:
        stored: current stays of the stretch by t_in.
        computed: stays as they must be, by t_in.
        reason: why what was known no longer holds.
        frontier: newest fix of the device, ms, before the data that made the stretch dirty. A stay that ends at or
            after it grew in order: nothing that was known is taken back.
    """
    changes = []
    for t_in in sorted(stored.keys() | computed.keys()):
        old, new = stored.get(t_in), computed.get(t_in)
        if old == new:
            continue
        grown = new is not None and new.t_out >= frontier and (old is None or old.cell == new.cell)
        device = (new or stored[t_in]).device
        changes.append(StayChange(device=device, t_in=t_in, stay=new, reason=None if grown else reason))
    return changes
