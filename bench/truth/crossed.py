"""Where straight steps cross boundaries, and the cells that they lead through (rules 4, 7; "Divisions", 3, 4)."""

from collections.abc import Iterator
from dataclasses import dataclass

import shapely

from bench.truth.city import Cell, City
from bench.truth.fixes import Heard, metres
from bench.truth.presence import SURE, Placed

LEAST_STEP_M = 30.0
LEAST_INSIDE_MS = 1_000.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """A moment (ms, with its fraction) and place (m) on a step."""

    t: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Through:
    """A cell crossed between two fixes."""

    cell: int
    begin: Crossing
    end: Crossing


def at(a: Heard, b: Heard, t: float) -> Crossing:
    """Where the straight and even step from a to b is at a time."""
    share = (t - a.fix.t) / (b.fix.t - a.fix.t)
    return Crossing(t, a.fix.x + (b.fix.x - a.fix.x) * share, a.fix.y + (b.fix.y - a.fix.y) * share)


def entered(cell: Cell, a: Heard, b: Heard) -> Crossing:
    """The last crossing of the cell's boundary on the step into it, not before the cell begins."""
    return at(a, b, max([*_meetings(cell, a, b), max(a.fix.t, cell.begins)]))


def left(cell: Cell, a: Heard, b: Heard) -> Crossing:
    """The first crossing of the cell's boundary on the step out of it, not after the cell ends."""
    return at(a, b, min([*_meetings(cell, a, b), min(b.fix.t, cell.ends)]))


def _line(a: Heard, b: Heard) -> shapely.LineString:
    return shapely.LineString([(a.fix.x, a.fix.y), (b.fix.x, b.fix.y)])


def _meetings(cell: Cell, a: Heard, b: Heard) -> list[float]:
    """Times at which a step meets the boundary of a cell, ms."""
    line = _line(a, b)
    met = shapely.get_coordinates(line.intersection(cell.polygon.boundary))
    length = b.fix.t - a.fix.t
    return [a.fix.t + length * float(line.project(shapely.Point(point), normalized=True)) for point in met]


def through(city: City, before: Placed, after: Placed, held: int) -> Iterator[Through]:
    """Cells that the step between two fixes leads through."""
    a, b = before.heard, after.heard
    if b.jumped or metres(a.fix, b.fix) < max(LEAST_STEP_M, 2 * SURE * max(a.sigma, b.sigma)):
        return
    line = _line(a, b)
    for cell in city.along(line, a.fix.t, b.fix.t):
        if cell.number in (before.place, after.place, held):
            continue
        for begin, end in _inside(cell, line, a, b):
            middle = at(a, b, (begin + end) / 2)
            margin = float(cell.polygon.boundary.distance(shapely.Point(middle.x, middle.y)))
            if end - begin >= LEAST_INSIDE_MS and margin >= SURE * max(a.sigma, b.sigma):
                yield Through(cell.number, at(a, b, begin), at(a, b, end))


def _inside(cell: Cell, line: shapely.LineString, a: Heard, b: Heard) -> Iterator[tuple[float, float]]:
    """From when to when (ms) a step is in a cell while the cell holds, part by part."""
    length = b.fix.t - a.fix.t
    for part in shapely.get_parts(line.intersection(cell.polygon)):
        ends = sorted(float(line.project(shapely.Point(each), normalized=True)) for each in part.coords)
        begin, end = (a.fix.t + length * share for share in (ends[0], ends[-1]))
        begin, end = max(begin, cell.begins), min(end, cell.ends)
        if begin < end:
            yield begin, end
