"""What is known of a city at one moment, as the rules of coverage gaps need it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import staffing
from alerts.coverage.arrival import Arrivals
from alerts.life.model import Visit
from tracking.coverage.coverage import Coverage
from tracking.presence.fixes import Bool, Float, Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellColumns:
    """n cells in force, as columns."""

    id: NDArray[np.int32]
    code: Sequence[str]
    """15 digits."""
    name: Sequence[str]
    """What people call it; the code where it has no name."""
    street: NDArray[np.intp]
    """Index in `streets`."""
    streets: Sequence[staffing.StreetTeam]
    dwell_ms: Int
    """Least time inside for a valid visit."""
    weight: Float
    """How much a cell counts against others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that is known at one moment."""

    now: int
    """ms since 1970-01-01 UTC."""
    on_duty: bool
    """Duty time is running; nothing is opened or raised while it stands still."""
    cells: CellColumns
    coverage: Coverage
    chance: Float
    """Probability of a breach if nobody is sent."""
    gap_start: Int
    """End of the last valid visit, else since when the place is observed, ms; -1 unknown."""
    visited: Bool
    """Whether `gap_start` is the end of a visit."""
    present: Bool
    """A valid visit is going on."""
    inside_since: Int
    """When the last officer came in whose stay is no valid visit yet, ms; -1 nobody."""
    held: Bool
    """Data of the cell is still coming in (backlog.py): nothing is opened or raised while it is missing."""
    heard: int
    """Newest fix heard from the city, ms; -1 none."""
    arrivals: Arrivals
    officer_at: NDArray[np.intp]
    """Index of the cell each officer on duty is nearest to, on a task too: within the hour it is done."""
    officers: Sequence[str]
    """Names of the eligible officers' devices, by the indices of `arrivals`."""
    clearing: Mapping[str, Visit]
    """By key of an open alert: the first valid visit after the start of its gap."""
    amended: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By key of an open alert: why the visit that its gap was counted from does not hold any more."""
