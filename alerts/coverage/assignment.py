"""Assignment of officers to all cells in need at once, at the least total cost. Pure."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from alerts.coverage.arrival import ANYWHERE, ArrivalRule, PlanePoints, ways
from tracking.geometry.streets import StreetWays
from tracking.presence.fixes import Bool, Float, Int

_NEAREST = 24
"""Nearest officers considered for each cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRule:
    """Costs of an assignment."""

    farthest_ms: int = 40 * 60_000
    """Longest distance to send an officer."""
    left_behind: float = 0.5
    """ϑ: weight of a minute of wait in the cell left behind, compared with a minute of travel."""
    late: float = 2.0
    """Weight of a minute after the limit, compared with a minute of travel."""
    scarce_share: float = 0.08
    """If more than this share of officers is under orders, no officer is sent"""
    soonest_share: float = 0.2
    """to a cell with a larger share of the limit left,"""
    near_ms: int = 6 * 60_000
    """unless it is due within this time,"""
    leaves_ms: int = 60_000
    """or the nearest officer must leave within this time."""
    gain_ms: int = 60 * 60_000
    """Distance equivalent to an expected cost of 1; decides which cells wait if there are too few officers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """n cells that need an officer, as columns."""

    places: PlanePoints
    left_ms: Int
    """Time until due, negative afterwards."""
    limit_ms: Int
    """The whole limit."""
    dwell_ms: Int
    cost: Float
    """Expected cost of a breach."""
    streets: StreetWays | None = None
    """Distances to these cells; None: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """m eligible officers, as columns."""

    places: PlanePoints
    behind_ms: Int
    """Wait of the cell that an officer would leave unfinished, 0 if none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An assignment of an officer to a cell."""

    need: int
    """Index among the needs."""
    officer: int
    """Index among the officers."""
    arrival_ms: int
    way_m: int
    """On foot."""


def propose(
    needs: Needs, free: Free, rule: AssignmentRule, arrival: ArrivalRule, *, ordered: int = 0
) -> list[Proposal]:
    """Assign at most one officer to each cell and one cell to each officer; the most urgent cells come first.

    Args:
        needs: cells that need an officer.
        free: officers who can be sent.
        rule: the costs.
        arrival: the rule of arrivals.
        ordered: number of officers under orders.
    """
    if not len(needs.places) or not len(free.places):
        return []
    officers = _near(needs.places, free.places)
    way = _ways(needs, free.places.some(officers), arrival)
    arrives = arrival.walk_ms(way)
    area = free.places.area[officers][None, :]
    allowed = ((area == ANYWHERE) | (area == needs.places.area[:, None])) & (arrives <= rule.farthest_ms)
    if ordered > rule.scarce_share * (ordered + len(free.places)):
        soon = _soon(needs, np.where(allowed, arrives, rule.farthest_ms).min(axis=1), rule)
        allowed &= soon[:, None] | (arrives <= rule.near_ms)
    late = np.maximum(arrives + needs.dwell_ms[:, None] - np.maximum(needs.left_ms, 0)[:, None], 0)
    cost = (
        arrives + rule.left_behind * free.behind_ms[officers][None, :] + rule.late * late
        - rule.gain_ms * needs.cost[:, None]
    )  # fmt: skip
    forbidden = float(np.abs(cost).max()) * (min(cost.shape) + 1) + 1
    rows, columns = scipy.optimize.linear_sum_assignment(np.where(allowed, cost, forbidden))
    kept = np.flatnonzero(allowed[rows, columns])
    order = kept[np.argsort(needs.left_ms[rows[kept]], kind="stable")]
    return [
        Proposal(
            need=int(rows[k]),
            officer=int(officers[columns[k]]),
            arrival_ms=int(arrives[rows[k], columns[k]]),
            way_m=round(float(way[rows[k], columns[k]])),
        )
        for k in order.tolist()
    ]


def _ways(needs: Needs, officers: PlanePoints, arrival: ArrivalRule) -> Float:
    """Distance of each officer to each cell, m, shape (cells, officers)."""
    row, who = (index.ravel() for index in np.indices((len(needs.places), len(officers)), dtype=np.intp))
    straight = np.hypot(needs.places.x[row] - officers.x[who], needs.places.y[row] - officers.y[who])
    return ways(row, officers, who, straight, arrival, needs.streets).reshape(len(needs.places), len(officers))


def _soon(needs: Needs, nearest_ms: Int, rule: AssignmentRule) -> Bool:
    """Cells to which an officer should set out now."""
    leaves = needs.left_ms - nearest_ms <= rule.leaves_ms
    return np.asarray(leaves | (needs.left_ms <= rule.soonest_share * needs.limit_ms))


def _near(needs: PlanePoints, free: PlanePoints) -> NDArray[np.intp]:
    """Officers among the nearest of any cell, by the areas to which they may be sent."""
    pairs = [np.empty(0, np.intp)]
    for area in np.unique(free.area).tolist():
        mine = np.flatnonzero(free.area == area)
        rows = np.flatnonzero((needs.area == area) | (area == ANYWHERE))
        if len(rows):
            tree = scipy.spatial.cKDTree(np.column_stack([free.x[mine], free.y[mine]]))
            _, near = tree.query(np.column_stack([needs.x[rows], needs.y[rows]]), k=min(_NEAREST, len(mine)))
            pairs.append(mine[np.unique(near)])
    return np.concatenate(pairs)
