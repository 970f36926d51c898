"""Indicators of cells rolled up to areas, with their known shares. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tracking.coverage.indicators import Figures, Visited
from tracking.presence.fixes import Bool, Float, Int
from tracking.routes import done

UNRELIABLE = 0.7
"""Below this known share an indicator is null (domain §2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupSums:
    """Further summands, as columns by cell."""

    weight: Float
    road_m: Float
    """NaN: unknown."""
    drive_throughs: Int
    routes: done.RouteSums


RoadRule = Literal["walked", "visited"]
"""Basis of `coverage_road`: roads along tracks, or the roads of visited cells if no roads are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFigures:
    """Required checkpoints."""

    required: int
    passed: int
    unknown: int
    """Unknown checkpoints."""
    share: float | None
    """Share passed of the known ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFigures:
    """Figures of one cell or area. Shares from 0 to 1; None: unknown, or nothing to count."""

    cells: int
    visited: int
    not_visited: int
    unknown: int
    coverage: float | None
    coverage_weighted: float | None
    coverage_road: float | None
    coverage_road_by: RoadRule
    coverage_road_cells: float | None
    """Share of known cells with 60 % of their roads walked; None if by visited cells."""
    checkpoints: CheckpointFigures
    completion: float | None
    compliance: float | None
    visits: int
    drive_throughs: int
    drive_through_share: float | None
    idle_mean_s: float | None
    idle_weighted_s: float | None
    gap_mean_s: float | None
    gap_std_s: float | None
    worst_s: float | None
    known_cells: float
    """Share of cells with a known state: reliability of `coverage` and `completion`."""
    known_time: float
    """Share of duty time in which it is known whether the wait was within the limit."""
    observed: float
    """Share of the period's duty time in which the city was observed."""
    roads_told: float
    """Share of hours with fixes that were compared with the roads."""
    checkpoints_told: float
    """The same for checkpoints."""


def roll_up(figures: Figures, sums: RollupSums, rows: NDArray[np.intp]) -> AreaFigures:
    """Combined figures of the cells with these indices."""
    state = figures.state[rows]
    known, visited = state != Visited.UNKNOWN, state == Visited.VISITED
    counts = [int(np.count_nonzero(state == result)) for result in Visited]
    weight = sums.weight[rows]
    done = figures.done[rows] / np.maximum(figures.required[rows], 1)
    drives, visits = int(sums.drive_throughs[rows].sum()), int(figures.visits[rows].sum())
    time = int(figures.observed_ms[rows].sum())
    unsure, beyond = int(figures.unsure_ms[rows].sum()), int(figures.beyond_ms[rows].sum())
    known_cells = _share(float(known.sum()), len(rows)) or 0.0
    known_time = _share(time - unsure, figures.duty_ms * len(rows)) or 0.0
    trusted = known_cells >= UNRELIABLE
    idle = figures.idle_ms[rows]
    by, road, covered = _roads(sums, rows, known, visited)
    n, mean, std = _gap_mean(figures, rows)
    return AreaFigures(
        cells=len(rows),
        visited=counts[Visited.VISITED],
        not_visited=counts[Visited.NOT_VISITED],
        unknown=counts[Visited.UNKNOWN],
        coverage=_share(float(visited.sum()), float(known.sum())) if trusted else None,
        coverage_weighted=_share(float(weight[visited].sum()), float(weight[known].sum())) if trusted else None,
        coverage_road=road,
        coverage_road_by=by,
        coverage_road_cells=covered,
        checkpoints=_checkpoints(sums.routes, rows),
        completion=_share(float(done[known].sum()), float(known.sum())) if trusted else None,
        compliance=_share(time - unsure - beyond, time - unsure) if known_time >= UNRELIABLE else None,
        visits=visits,
        drive_throughs=drives,
        drive_through_share=_share(drives, drives + visits),
        idle_mean_s=float(idle.mean()) / 1000 if time and len(rows) else None,
        idle_weighted_s=_seconds(_share(float((idle * weight).sum()), float(weight.sum()))) if time else None,
        gap_mean_s=_seconds(mean) if n else None,
        gap_std_s=_seconds(std) if n else None,
        worst_s=int(figures.worst_ms[rows].max()) / 1000 if time and len(rows) else None,
        known_cells=known_cells,
        known_time=known_time,
        observed=_share(time, figures.duty_ms * len(rows)) or 0.0,
        roads_told=sums.routes.roads_told,
        checkpoints_told=sums.routes.checkpoints_told,
    )


def groups(of: Sequence[str | None]) -> dict[str, NDArray[np.intp]]:
    """Indices by name; entries without a name are left out."""
    rows: dict[str, list[int]] = {}
    for at, name in enumerate(of):
        if name is not None:
            rows.setdefault(name, []).append(at)
    return {name: np.array(rows[name], dtype=np.intp) for name in sorted(rows)}


def _roads(
    sums: RollupSums, rows: NDArray[np.intp], known: Bool, visited: Bool
) -> tuple[RoadRule, float | None, float | None]:
    """Basis, share of the roads walked, and share of cells with enough of them."""
    routes = sums.routes
    mine = rows[routes.road_m[rows] > 0]
    if not len(mine):
        road = np.nan_to_num(sums.road_m[rows])
        trusted = (_share(float(known.sum()), len(rows)) or 0.0) >= UNRELIABLE
        return "visited", _share(float(road[visited].sum()), float(road[known].sum())) if trusted else None, None
    certain = mine[routes.road_known[mine]]
    if routes.roads_told < UNRELIABLE or len(certain) < UNRELIABLE * len(mine):
        return "walked", None, None
    walked = _share(float(routes.walked_m[certain].sum()), float(routes.road_m[certain].sum()))
    return "walked", walked, _share(float(routes.covered[certain].sum()), len(certain))


def _checkpoints(routes: done.RouteSums, rows: NDArray[np.intp]) -> CheckpointFigures:
    required, passed, missing = (int(column[rows].sum()) for column in (routes.required, routes.passed, routes.missing))
    known = passed + missing
    trusted = routes.checkpoints_told >= UNRELIABLE and known >= UNRELIABLE * required
    return CheckpointFigures(
        required=required, passed=passed, unknown=required - known, share=_share(passed, known) if trusted else None
    )


def _gap_mean(figures: Figures, rows: NDArray[np.intp]) -> tuple[int, float, float]:
    """Number, mean and standard deviation of ended waits, ms."""
    n = int(figures.gaps[rows].sum())
    if not n:
        return 0, 0.0, 0.0
    mean = float(figures.gap_sum_ms[rows].sum()) / n
    return n, mean, sqrt(max(float(figures.gap_square_ms2[rows].sum()) / n - mean * mean, 0.0))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000
