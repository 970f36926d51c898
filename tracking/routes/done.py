"""Walked roads and passed checkpoints in a period, by cell. Pure; formulas: docs/coverage.md."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.coverage import indicators
from tracking.plans.plans import Windows
from tracking.presence.fixes import Bool, Float, Int
from tracking.routes.checkpoints import LEAST_MS, Passes
from tracking.routes.model import PatrolRoutes

COVERED = 0.6
"""Share of the roads of a cell that must be walked for it to be covered (domain reference 2.3)."""

Unclear = Callable[[NDArray[np.intp], Int, Int], Bool]
"""Of cells and times, ms: whether silence may hide a visit, or nothing was observed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """Walked and passed routes in a period."""

    walked: Bool
    """By piece of the patrol routes."""
    passes: Passes
    """By tracks that touch the period."""
    scanned: NDArray[np.intp]
    """Checkpoints whose tag was read in the period."""
    scanned_at: Int
    """ms."""
    roads_told: float
    """Share of the hours with fixes that were compared with the roads."""
    checkpoints_told: float
    """The same for checkpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSums:
    """Sums of the patrol routes, as columns by cell."""

    road_m: Float
    """Length of its roads in force; 0: none is known."""
    walked_m: Float
    road_known: Bool
    """The result is certain: silence cannot hide the rest, or enough is walked without it."""
    required: Int
    """Checkpoints to be passed: once in every window of required visits, without windows once in the period."""
    passed: Int
    missing: Int
    """Those that were certainly not passed, as silence cannot hide it."""
    roads_told: float
    """Of the whole city, as in Did."""
    checkpoints_told: float

    @property
    def covered(self) -> Bool:
        """Cells with a sufficient share walked."""
        return (self.road_m > 0) & (self.walked_m >= COVERED * self.road_m)


def measure(
    routes: PatrolRoutes,
    did: Did,
    windows: Windows,
    period: tuple[int, int],
    unclear: Unclear,
    unclear_at_once: Unclear,
) -> RouteSums:
    """Add up by cell.

    Args:
        routes: roads and checkpoints; those count that are in force at the end of the period.
        did: walked and passed routes.
        windows: windows of required visits that lie wholly in the period.
        period: start and end, ms; the end is not included.
        unclear: whether a visit may be hidden.
        unclear_at_once: whether a stay long enough for a checkpoint may be hidden.
    """
    cells, whole = np.arange(len(routes.grid)), np.ones(len(routes.grid), dtype=np.int64)
    now = routes.pieces.in_force(period[1] - 1)[routes.piece]
    piece, cell = routes.piece[now], routes.cell_of_piece[now]
    length, walked = routes.length_m[piece], did.walked[piece]
    road_m, walked_m = _sum(cell, length, len(cells)), _sum(cell[walked], length[walked], len(cells))
    required, passed, missing = _checkpoints(routes, did, windows, period, unclear_at_once)
    return RouteSums(
        road_m=road_m,
        walked_m=walked_m,
        road_known=~unclear(cells, whole * period[0], whole * period[1]) | (walked_m >= COVERED * road_m),
        required=np.bincount(required, minlength=len(cells)),
        passed=np.bincount(required[passed], minlength=len(cells)),
        missing=np.bincount(required[missing], minlength=len(cells)),
        roads_told=did.roads_told,
        checkpoints_told=did.checkpoints_told,
    )


def _checkpoints(
    routes: PatrolRoutes, did: Did, windows: Windows, period: tuple[int, int], unclear: Unclear
) -> tuple[NDArray[np.intp], Bool, Bool]:
    """Each required passage: its cell, whether it was made, and whether it was certainly not made."""
    cell_of = routes.cell_of_checkpoint
    known = np.flatnonzero(routes.checkpoints.in_force(period[1] - 1) & (cell_of >= 0))
    order = np.argsort(windows.cell, kind="stable")
    first, last = (np.searchsorted(windows.cell[order], cell_of[known], side=side) for side in ("left", "right"))
    free = known[first == last]
    many = last - first
    window = order[np.repeat(first - np.cumsum(many) + many, many) + np.arange(many.sum())]
    checkpoint = np.concatenate([np.repeat(known, many), free])
    start = np.concatenate([windows.start[window], np.full(len(free), period[0])])
    end = np.concatenate([windows.end[window], np.full(len(free), period[1])])
    # A stay of LEAST_MS or longer covers LEAST_MS of a window if it lasts that long after the begin of the window and
    # began that long before its end. A tag that is read counts as the half minute before.
    times = indicators.TimeSpans(
        of=np.concatenate([did.passes.checkpoint, did.scanned]),
        first=np.concatenate([did.passes.t_in, did.scanned_at - LEAST_MS + 1]),
        last=np.concatenate([did.passes.t_out, did.scanned_at + LEAST_MS]),
    )
    passed = times.touch(checkpoint, start + LEAST_MS - 1, end - LEAST_MS + 1)
    return cell_of[checkpoint], passed, ~passed & ~unclear(cell_of[checkpoint], start, end)


def _sum(cell: NDArray[np.intp], metres: Float, cells: int) -> Float:
    return np.asarray(np.bincount(cell, weights=metres, minlength=cells), dtype=np.float64)
