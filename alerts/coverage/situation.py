"""The state of a city at one moment, as the rules of coverage gaps need it. Pure."""

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
    """Name; the code if it has none."""
    street: NDArray[np.intp]
    """Index in `streets`."""
    streets: Sequence[staffing.StreetTeam]
    dwell_ms: Int
    """Minimum dwell of a valid visit."""
    weight: Float
    """Weight of a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The state at one moment."""

    now: int
    """ms since 1970-01-01 UTC."""
    on_duty: bool
    """Whether it is duty time; outside it no alert is opened or raised."""
    cells: CellColumns
    coverage: Coverage
    chance: Float
    """Probability of a breach if nobody is sent."""
    gap_start: Int
    """End of the last valid visit, else the start of observation, ms; -1 unknown."""
    visited: Bool
    """Whether `gap_start` is the end of a visit."""
    present: Bool
    """A valid visit is ongoing."""
    inside_since: Int
    """Entry of the last officer inside without a valid visit yet, ms; -1 nobody."""
    held: Bool
    """Data of the cell is still arriving (backlog.py): no alert is opened or raised."""
    heard: int
    """Newest fix heard from the city, ms; -1 none."""
    arrivals: Arrivals
    officer_at: NDArray[np.intp]
    """Index of the nearest cell of each officer on duty, also on a task, which ends within the hour."""
    officers: Sequence[str]
    """Names of the devices of eligible officers, by the indices of `arrivals`."""
    clearing: Mapping[str, Visit]
    """By key of an open alert: the first valid visit after the start of its gap."""
    amended: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By key of an open alert: why the visit at the start of its gap is no longer valid."""
