"""A stay: one maximal presence of a device in a cell. What visits, coverage, dwell and idleness are read from."""

from dataclasses import dataclass
from enum import StrEnum


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
    """Presence of one device in one cell; key (device, t_in), as a device is in one cell at a time."""

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
    """Length walked inside, jitter removed."""
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
