"""Arrival of the nearest eligible officers on foot, for all cells and officers at once. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from alerts.rulebook.rule_values import Body, Number, RuleValues, Whole, value
from schemas import wire
from tracking.geometry.streets import REACH_M, StreetWays
from tracking.presence.fixes import Bool, FixColumns, Float, Int
from tracking.presence.silence import UNHEARD_MS

NOBODY = -1
"""Value of "no eligible officer" in columns of arrivals."""
_LOOKED_AT = 8
"""Number of officers, nearest by straight line, whose distances along streets are looked up."""
ANYWHERE = -1
"""Value of "no area" in columns of areas: the officer may be sent to any cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalRule:
    """How an arrival is estimated."""

    speed_mps: float = 1.3
    """On foot."""
    detour: float = 1.35
    """Street distance ÷ straight line."""
    prepare_ms: int = 60_000
    """Time from the order to setting out."""
    fresh_ms: int = UNHEARD_MS
    """Oldest newest fix of an available officer."""
    battery: float = 10.0
    """Battery in per cent at or below which an officer is not available."""
    ratio: float = 1.0
    """Actual ÷ estimated time: the 80 % quantile of past orders (estimates.py)."""

    def way_m(self, straight_m: Float, street_m: Float) -> Float:
        """Distance on foot: along the streets if known (not NaN), never shorter than the straight line."""
        return np.where(np.isnan(street_m), straight_m * self.detour, np.maximum(street_m, straight_m))

    def walk_ms(self, way_m: Float) -> Int:
        """Time from the order to the arrival for a distance in metres."""
        walk = way_m * (self.ratio / self.speed_mps * 1000)
        return np.asarray(np.rint(walk), dtype=np.int64) + self.prepare_ms

    def reach_m(self, ms: Int) -> Float:
        """Distance that can be walked in a time that includes the preparation."""
        return np.maximum(ms - self.prepare_ms, 0) * (self.speed_mps / (self.ratio * 1000))


KIND = "arrival"
"""Kind of the rules of arrival estimates."""
_RULE = ArrivalRule()


class ArrivalValues(RuleValues):
    """Values of those rules."""

    speed_mps: Number = value(_RULE.speed_mps, "步行速度", "speed on foot", "m/s", least=0.3, most=15)
    detour: Number = value(_RULE.detour, "绕行系数", "detour factor (street distance ÷ straight line)", least=1, most=5)
    prepare_s: Whole = value(
        _RULE.prepare_ms // 1000, "出发准备时间", "time from the order to setting out", "s", least=0, most=3_600
    )
    fresh_s: Whole = value(
        _RULE.fresh_ms // 1000, "定位时间须在多久以内", "an officer is available with a fix newer than", "s",
        least=30, most=3_600,
    )  # fmt: skip
    battery: Number = value(
        _RULE.battery, "可派队员的最低电量", "an officer is available with more battery than", "%", least=0, most=100
    )


def rule_of(body: Body, ratio: float = 1.0) -> ArrivalRule:
    """The rule of a stored body; missing values are the defaults."""
    values = ArrivalValues.model_construct(**body)
    return ArrivalRule(
        speed_mps=float(values.speed_mps), detour=float(values.detour), battery=float(values.battery),
        prepare_ms=int(values.prepare_s) * 1000, fresh_ms=int(values.fresh_s) * 1000, ratio=ratio,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanePoints:
    """Positions of n cells, or officers, on one plane."""

    x: Float
    """m."""
    y: Float
    area: NDArray[np.intp]
    """Area of a cell; area to which an officer may be sent, or ANYWHERE."""

    @classmethod
    def of(cls, x: Float, y: Float, area: NDArray[np.intp] | None = None) -> "PlanePoints":
        """Positions; without `area` every officer may go anywhere."""
        return cls(x=x, y=y, area=np.full(len(x), ANYWHERE, dtype=np.intp) if area is None else area)

    def some(self, rows: NDArray[np.intp]) -> "PlanePoints":
        """Those with these indices."""
        return PlanePoints(x=self.x[rows], y=self.y[rows], area=self.area[rows])

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Nearest officers of n cells, and nearest cells of m officers."""

    ms: Int
    """Time until the officer arrives, by cell; NOBODY if no officer is eligible."""
    officer: NDArray[np.intp]
    """Index of that officer, by cell; NOBODY."""
    at: NDArray[np.intp]
    """Index of the cell whose centre is nearest, by officer."""


def eligible(newest: FixColumns, now: int, rule: ArrivalRule) -> Bool:
    """Officers who can be sent: on duty and not on a task, with a recent measured fix and enough battery.

    Args:
        newest: the newest fix of each officer.
        now: the moment, ms.
        rule: the rule of arrivals.
    """
    free = newest.duty == wire.DUTY_CODE[wire.Duty.DUTY]
    powered = np.isnan(newest.bat) | (newest.bat > rule.battery)
    return np.asarray(free & powered & on_duty(newest, now, rule))


def on_duty(newest: FixColumns, now: int, rule: ArrivalRule) -> Bool:
    """Officers at work, on a task or not, with a recent measured fix."""
    works = np.isin(newest.duty, [wire.DUTY_CODE[duty] for duty in (wire.Duty.DUTY, wire.Duty.TASK)])
    return np.asarray(works & (newest.t > now - rule.fresh_ms) & newest.present())


def nearest(
    cells: PlanePoints, officers: PlanePoints, rule: ArrivalRule, streets: StreetWays | None = None
) -> Arrivals:
    """Find the officer who can arrive first at each cell, of those who may be sent there.

    Args:
        cells: positions of the cells.
        officers: positions of the officers.
        rule: the rule of arrivals.
        streets: distances to the cells; None: unknown. Used for the _LOOKED_AT officers nearest by straight line.
    """
    metres = np.full(len(cells), np.inf)
    officer = np.full(len(cells), NOBODY, dtype=np.intp)
    near = [1] if streets is None else list(range(1, _LOOKED_AT + 1))
    for mine, rows in _by_area(cells, officers):
        away, who = _tree(officers, mine).query(_points(cells, rows), k=near)
        way = np.full(away.shape, np.inf)
        at, _ = reachable = np.nonzero(np.isfinite(away))
        way[reachable] = ways(rows[at], officers, mine[who[reachable]], away[reachable], rule, streets)
        best = np.argmin(way, axis=1)[:, None]
        least, soonest = np.take_along_axis(way, best, 1)[:, 0], np.take_along_axis(who, best, 1)[:, 0]
        better = least < metres[rows]
        metres[rows[better]], officer[rows[better]] = least[better], mine[soonest[better]]
    ms = np.where(officer >= 0, rule.walk_ms(np.where(officer >= 0, metres, 0)), NOBODY)
    return Arrivals(ms=ms, officer=officer, at=nearest_cell(cells, officers))


def in_time(
    cells: PlanePoints, officers: PlanePoints, ms: Int, rule: ArrivalRule, streets: StreetWays | None = None
) -> Int:
    """Count the officers who can arrive at each cell within its time."""
    counts = np.zeros(len(cells), dtype=np.int64)
    reach = rule.reach_m(ms)
    for mine, rows in _by_area(cells, officers):
        tree, points = _tree(officers, mine), _points(cells, rows)
        counts[rows] += tree.query_ball_point(points, reach[rows] / rule.detour, return_length=True)
        if streets is not None:
            # Beyond the known distances, straight lines are used.
            near = tree.query_ball_point(points, np.minimum(reach[rows], 1.5 * REACH_M))
            at = np.repeat(rows, [len(indices) for indices in near])
            counts += _in_reach(
                cells, officers, at, mine[np.concatenate([*near, []]).astype(np.intp)], reach, rule, streets
            )
    return counts


def _in_reach(
    cells: PlanePoints,
    officers: PlanePoints,
    at: NDArray[np.intp],
    who: NDArray[np.intp],
    reach: Float,
    rule: ArrivalRule,
    streets: StreetWays,
) -> Int:
    """Correction of the counts by street distances for these pairs."""
    straight = np.hypot(cells.x[at] - officers.x[who], cells.y[at] - officers.y[who])
    way = ways(at, officers, who, straight, rule, streets)
    change = (way <= reach[at]).astype(np.int64) - (straight * rule.detour <= reach[at])
    return np.bincount(at, weights=change, minlength=len(cells)).astype(np.int64)


def ways(
    rows: NDArray[np.intp], officers: PlanePoints, who: NDArray[np.intp], straight: Float, rule: ArrivalRule,
    streets: StreetWays | None,
) -> Float:  # fmt: skip
    """Distance of each pair of a cell (`rows`) and an officer (`who`), m.

    Args:
        rows: indices of the cells, shape (n,).
        officers: positions of the officers.
        who: indices of the officers, shape (n,).
        straight: straight line between them, m.
        rule: the rule of arrivals.
        streets: distances to the cells; None: unknown.
    """
    street_m = np.full(len(rows), np.nan) if streets is None else streets.metres(rows, officers.x[who], officers.y[who])
    return rule.way_m(straight, street_m)


def _by_area(cells: PlanePoints, officers: PlanePoints) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """For each area: its officers and the cells to which they may be sent."""
    for area in np.unique(officers.area).tolist():
        yield np.flatnonzero(officers.area == area), np.flatnonzero((cells.area == area) | (area == ANYWHERE))


def nearest_cell(cells: PlanePoints, officers: PlanePoints) -> NDArray[np.intp]:
    """Index of the cell whose centre is nearest, by officer."""
    if not len(cells):
        return np.full(len(officers), NOBODY, dtype=np.intp)
    if not len(officers):
        return np.empty(0, dtype=np.intp)
    every = np.arange(len(cells))
    return np.asarray(_tree(cells, every).query(_points(officers, np.arange(len(officers))))[1], dtype=np.intp)


def _points(places: PlanePoints, rows: NDArray[np.intp]) -> Float:
    return np.column_stack([places.x[rows], places.y[rows]])


def _tree(places: PlanePoints, rows: NDArray[np.intp]) -> "scipy.spatial.cKDTree":
    return scipy.spatial.cKDTree(_points(places, rows))
