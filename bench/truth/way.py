"""The way inside a cell ("Path", rules 1 and 3 to 5)."""

from dataclasses import dataclass
from math import exp, hypot, sqrt

from bench.truth.crossed import Crossing
from bench.truth.fixes import Heard
from bench.truth.noise import Knot, knot_ms

CLEAR_SIGMAS = 6.8
MEMORY_MS = 60_000.0
LEAST_CLEAR_M, MOST_CLEAR_M = 10.0, 60.0
LOOK_BACK_MS = 60_000.0
LONGER_BY = 0.7
BEND_SIGMAS, LEAST_BEND_M = 2.5, 3.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One way inside a cell, from where it was entered to where it was left; None: it has no crossing there."""

    entered: Crossing | None
    inside: list[Heard]
    left: Crossing | None


@dataclass(frozen=True, slots=True)
class _Point:
    """A knot with the relative error as it is known there."""

    knot: Knot
    relative: float
    learnt: int


def length(leg: Leg) -> float:
    """Metres of a leg, jitter removed."""
    points = _points(leg)
    last, walked = 0, 0.0
    for k in range(1, len(points)):
        crossing = leg.left is not None and k == len(points) - 1
        if crossing or _is_corner(points, last, k):
            walked += _between(points, last, k)
            last = k
    rest = _apart(points[last], points[-1])
    if last < len(points) - 1 and rest >= _clear(points[last], points[-1]) / 2:
        walked += _between(points, last, len(points) - 1)
    return walked


def _points(leg: Leg) -> list[_Point]:
    """Crossings, and the knots of the fixes between them."""
    points = [_crossing(leg.entered, leg.inside[0])] if leg.entered else []
    part: list[Heard] = []
    for each in leg.inside:
        if part and each.fix.t - part[0].fix.t >= knot_ms(each.relative, each.learnt):
            points.append(_mean(part))
            part = []
        part.append(each)
    points.append(_mean(part))
    return [*points, _crossing(leg.left, leg.inside[-1])] if leg.left else points


def _mean(part: list[Heard]) -> _Point:
    knot = Knot.of([each.fix for each in part], [each.sigma for each in part])
    return _Point(knot, part[-1].relative, part[-1].learnt)


def _crossing(where: Crossing, near: Heard) -> _Point:
    return _Point(Knot(where.t, where.x, where.y, near.sigma), near.relative, near.learnt)


def _is_corner(points: list[_Point], last: int, k: int) -> bool:
    """Whether a knot is clear of the last corner, or of a knot since then of the last 60 s."""
    recent = [j for j in range(last + 1, k) if points[k].knot.t - points[j].knot.t <= LOOK_BACK_MS]
    return any(_apart(points[j], points[k]) >= _clear(points[j], points[k]) for j in [last, *recent])


def _clear(a: _Point, b: _Point) -> float:
    """Metres that two places must lie apart to be clear of each other."""
    sigma = (a.knot.sigma + b.knot.sigma) / 2
    relative = b.relative * (1 + 1.5 / sqrt(b.learnt)) if b.learnt else b.relative
    slow = max(sigma**2 - relative**2, 0.0) * (1 - exp(-(b.knot.t - a.knot.t) / MEMORY_MS))
    return min(max(CLEAR_SIGMAS * sqrt(relative**2 + slow), LEAST_CLEAR_M), MOST_CLEAR_M)


def _between(points: list[_Point], start: int, end: int) -> float:
    """Metres between two corners: straight, or round the farthest knot, and so on."""
    recent = [each for each in points[start + 1 : end] if points[end].knot.t - each.knot.t <= LOOK_BACK_MS]
    return _bent(points[start], recent, points[end], points[end].relative)


def _bent(start: _Point, between: list[_Point], end: _Point, relative: float) -> float:
    """Metres round the farthest of the knots between that is not near one of both ends, if that is clearly longer."""
    straight, near = _apart(start, end), max(BEND_SIGMAS * relative, LEAST_BEND_M)
    bends = [j for j, each in enumerate(between) if min(_apart(start, each), _apart(each, end)) >= near]
    if not bends:
        return straight
    j = max(bends, key=lambda j: _apart(start, between[j]) + _apart(between[j], end))
    if _apart(start, between[j]) + _apart(between[j], end) < straight + LONGER_BY * relative:
        return straight
    return _bent(start, between[:j], between[j], relative) + _bent(between[j], between[j + 1 :], end, relative)


def _apart(a: _Point, b: _Point) -> float:
    return hypot(b.knot.x - a.knot.x, b.knot.y - a.knot.y)
