"""The stays of a device by the written rules, from all its fixes at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import hypot

from bench.truth import crossed, presence, runs, way
from bench.truth.city import OUTSIDE, City
from bench.truth.crossed import Crossing
from bench.truth.fixes import Fix
from bench.truth.presence import Placed

MERGED_MS = 60_000.0
DRIVING_M_PER_S = 15 / 3.6


@dataclass(frozen=True, slots=True)
class Asked:
    """Least dwell (s) and path (m) of a valid visit."""

    dwell_s: float
    path_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A stay: s since 1970-01-01 UTC, m."""

    cell: int
    begin: float
    end: float
    dwell_s: float
    path_m: float
    fixes: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A stay before short exits are merged, times in ms."""

    cell: int
    begin: Crossing
    end: Crossing
    path_m: float
    fixes: int


def stays(city: City, fixes: Sequence[Fix], asked: Callable[[int, float], Asked]) -> list[Stay]:
    """Stays of a device, in order of time.

    Args:
        city: the cells.
        fixes: its fixes in order of time, of each time one.
        asked: what a cell asks of a stay that begins at a moment (ms).
    """
    made = []
    for run in runs.Runs.of(fixes):
        placed = presence.placed(city, run)
        parts = list(_parts(city, placed))
        for cell, of_cell in groupby(sorted(parts, key=lambda part: (part.cell, part.begin.t)), lambda part: part.cell):
            made += [_stay(joined, asked(cell, joined[0].begin.t)) for joined in _merged(list(of_cell))]
    return sorted(made, key=lambda stay: (stay.begin, stay.cell))


def _parts(city: City, run: list[Placed]) -> Iterator[_Part]:
    held = presence.held(city, run)
    start = 0
    for k in range(1, len(run) + 1):
        if k < len(run) and held[k] == held[start]:
            continue
        if held[start] > OUTSIDE:
            yield _held_part(city, run, start, k)
        start = k
    for k in range(1, len(run)):
        for each in crossed.through(city, run[k - 1], run[k], held[k - 1]):
            path = hypot(each.end.x - each.begin.x, each.end.y - each.begin.y)
            yield _Part(each.cell, each.begin, each.end, path, 0)


def _held_part(city: City, run: list[Placed], start: int, stop: int) -> _Part:
    """The stay of whoever is held in a cell from fix `start` on, before fix `stop`."""
    cell = run[start].place
    first = presence.first_inside(run, start)
    inside = [k for k in range(first, stop) if run[k].place == cell]
    legs = list(_legs(city, run, inside))
    begin = legs[0].entered or _at(run[inside[0]])
    end = legs[-1].left or _at(run[inside[-1]])
    return _Part(cell, begin, end, sum(map(way.length, legs)), len(inside))


def _legs(city: City, run: list[Placed], inside: list[int]) -> Iterator[way.Leg]:
    """Ways inside the cell: from jump to jump, with the crossings before and after."""
    start = 0
    for n in range(1, len(inside) + 1):
        if n == len(inside) or any(each.heard.jumped for each in run[inside[n - 1] + 1 : inside[n] + 1]):
            yield _leg(city, run, inside[start:n])
            start = n


def _leg(city: City, run: list[Placed], inside: list[int]) -> way.Leg:
    first, last = inside[0], inside[-1]
    cell = city.cells[run[first].place]
    entered = left = None
    if first > 0 and not run[first].heard.jumped:
        entered = crossed.entered(cell, run[first - 1].heard, run[first].heard)
    if last + 1 < len(run) and not run[last + 1].heard.jumped:
        left = crossed.left(cell, run[last].heard, run[last + 1].heard)
    return way.Leg(entered, [run[k].heard for k in inside], left)


def _at(fix: Placed) -> Crossing:
    return Crossing(fix.t, fix.heard.fix.x, fix.heard.fix.y)


def _merged(parts: list[_Part]) -> Iterator[list[_Part]]:
    """Parts of one cell, joined where less than a minute lies between."""
    joined = [parts[0]]
    for part in parts[1:]:
        if part.begin.t - max(each.end.t for each in joined) < MERGED_MS:
            joined.append(part)
        else:
            yield joined
            joined = [part]
    yield joined


def _stay(parts: list[_Part], asked: Asked) -> Stay:
    dwell = sum(part.end.t - part.begin.t for part in parts) / 1000
    path = sum(part.path_m for part in parts)
    begin, end = parts[0].begin, max((part.end for part in parts), key=lambda at: at.t)
    straight = hypot(end.x - begin.x, end.y - begin.y)
    kind = "visit" if dwell >= asked.dwell_s and path >= asked.path_m else "short"
    if max(path, straight) > DRIVING_M_PER_S * dwell:
        kind = "drive_through"
    fixes = sum(part.fixes for part in parts)
    return Stay(
        cell=parts[0].cell,
        begin=begin.t / 1000,
        end=end.t / 1000,
        dwell_s=dwell,
        path_m=path,
        fixes=fixes,
        kind=kind,
    )
