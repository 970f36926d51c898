"""Gaps of a simulated shift: from visit to visit of a cell, with the time at which it is due."""

from dataclasses import dataclass, replace

import numpy as np

from bench import shift
from bench.shift import Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A wait of a cell as it truly was; ms."""

    cell: int
    start: int
    due: int
    visited: float
    """When the next valid visit began; infinite where none did."""

    @property
    def breached(self) -> bool:
        """No visit began before the limit."""
        return self.visited > self.due


def gaps_of(going: Shift) -> list[Gap]:
    """Every gap of a shift that is over."""
    rows: list[tuple[int, int, float]] = []
    for cell, visits in enumerate(shift.visits_of(going.patrols, len(going.world.places))):
        since = float(going.start + shift.BEGIN)
        for t_in, t_out in visits:
            if t_in > since:
                rows.append((cell, round(since), t_in))
            since = max(since, t_out)
        rows.append((cell, round(since), float("inf")))
    cells = np.array([row[0] for row in rows])
    limits = replace(going.limits, limit_ms=going.limits.limit_ms[:, cells])
    due = limits.due(np.array([row[1] for row in rows]), going.start, going.world.calendar)
    return [
        Gap(cell=cell, start=start, due=at, visited=visited)
        for (cell, start, visited), at in zip(rows, due.tolist(), strict=True)
    ]
