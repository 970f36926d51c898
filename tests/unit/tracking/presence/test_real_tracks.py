"""Dwell on real tracks against a slow computation that shares no code with the product.

The tracks lie beside the repository and are not part of it; without them the test says so.
"""

import math
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bench.truth import geolife
from tests.support.tracks import needs_geolife
from tests.unit.tracking import timelines as tl
from tracking.geometry import lookup
from tracking.presence.engine import Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import StayKind
from tracking.presence.visit_rules import VisitRules

SIDE = 0.0015  # degrees, about 130 × 170 m; the test sets it
ACCURACY_M = 25.0  # of every fix: the tracks do not say, and the test does not estimate
SIGMA = ACCURACY_M / 1.515


@dataclass(frozen=True)
class Fix:
    """A fix: seconds, degrees."""

    t: float
    lat: float
    lon: float

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of the square it is in."""
        return math.floor(self.lat / SIDE), math.floor(self.lon / SIDE)

    @property
    def depth(self) -> float:
        """Standard deviations to the nearest side of its square."""
        row, column = self.cell
        north = min(self.lat - row * SIDE, (row + 1) * SIDE - self.lat) * 111_035
        east = (
            min(self.lon - column * SIDE, (column + 1) * SIDE - self.lon) * 111_320 * math.cos(math.radians(self.lat))
        )
        return min(north, east) / SIGMA


def read(path: Path) -> list[Fix]:
    """Fixes of a PLT file in order of time, the first of each second."""
    fixes: dict[float, Fix] = {}
    for line in path.read_text().splitlines()[6:]:
        lat, lon, _, _, _, day, clock = line.split(",")
        t = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC).timestamp()
        fixes.setdefault(t, Fix(t, float(lat), float(lon)))
    return [fixes[t] for t in sorted(fixes)]


def metres(a: Fix, b: Fix) -> float:
    """Distance between two fixes."""
    north = (b.lat - a.lat) * 111_035
    return math.hypot(north, (b.lon - a.lon) * 111_320 * math.cos(math.radians(a.lat)))


def runs(fixes: list[Fix]) -> list[list[Fix]]:
    """Stretches without a gap of two minutes, jumps left out."""
    parts: list[list[Fix]] = []
    odd: list[Fix] = []
    for fix in fixes:
        seen = odd or (parts[-1] if parts else [])
        if not seen or fix.t - seen[-1].t > 120:
            parts.append([fix])
        elif off(parts[-1][-1], odd, fix):
            odd = [*odd, fix] if odd and reachable(odd[-1], fix) else [fix]
            held = parts[-1][-1].t - parts[-1][0].t
            if len(odd) < 3 or odd[-1].t - odd[0].t < sorted((60, held, 300))[1]:
                continue
            parts.append(odd)
        elif fix.t - parts[-1][-1].t > 120:
            parts.append([fix])
        else:
            parts[-1].append(fix)
        odd = []
    return parts


def off(last: Fix, odd: list[Fix], fix: Fix) -> bool:
    """Whether a fix cannot follow the last of its run, or rather follows those set aside."""
    nearer = bool(odd) and reachable(odd[-1], fix) and metres(odd[-1], fix) < metres(last, fix)
    return nearer or not reachable(last, fix)


def reachable(a: Fix, b: Fix) -> bool:
    """Whether 35 m/s and the error of both ends allow the step."""
    return metres(a, b) <= 35 * (b.t - a.t) + 6 * SIGMA


def crossing(a: Fix, b: Fix, cell: tuple[int, int]) -> float:
    """Second at which the step from a to b, of which one end is in `cell`, crosses its boundary, by halving."""
    lo, hi, begins_inside = 0.0, 1.0, a.cell == cell
    for _ in range(50):
        middle = (lo + hi) / 2
        there = Fix(0, a.lat + (b.lat - a.lat) * middle, a.lon + (b.lon - a.lon) * middle)
        if (there.cell == cell) == begins_inside:
            lo = middle
        else:
            hi = middle
    return a.t + (b.t - a.t) * lo


def decide(run: list[Fix]) -> list[tuple[int, int] | None]:
    """Cell that each fix of a run is held to be in, looking back over the whole run each time."""
    held: tuple[int, int] | None = None
    decided: list[tuple[int, int] | None] = []
    for k, fix in enumerate(run):
        if fix.cell != held:
            first = k
            while first > 0 and run[first - 1].cell == fix.cell:
                first -= 1
            sure = [each for each in run[first : k + 1] if each.depth >= 0.8416]
            if fix.depth >= 3 or (fix.depth >= 0.8416 and fix.t - sure[0].t >= 30):
                held = fix.cell
            elif held is not None:
                out = k
                while run[out - 1].cell != held:
                    out -= 1
                if fix.t - run[out].t >= 60:
                    held = None
        decided.append(held)
    return decided


def dwell(run: list[Fix]) -> dict[tuple[int, int], float]:
    """Seconds in each cell over a run."""
    seconds: dict[tuple[int, int], float] = defaultdict(float)
    decided = decide(run)
    start = 0
    for k in range(1, len(run) + 1):
        cell = decided[start]
        if k < len(run) and decided[k] == cell:
            continue
        if cell is not None:
            first = start
            while first > 0 and run[first - 1].cell == cell:
                first -= 1
            entered = run[0].t if first == 0 else crossing(run[first - 1], run[first], cell)
            last = max(each for each in range(first, k) if run[each].cell == cell)
            left = run[last].t if last + 1 == len(run) else crossing(run[last], run[last + 1], cell)
            seconds[cell] += left - entered
        start = k
    return seconds


def through_engine(fixes: list[Fix]) -> dict[tuple[int, int], float]:
    """Seconds in each cell by the engine, whose cells crossed between fixes are left out."""
    cells = sorted({fix.cell for fix in fixes})
    ids = {cell: n + 1 for n, cell in enumerate(cells)}
    grid = lookup.CityGrid([lookup.GridCell(id=ids[cell], rings=[corners(cell)]) for cell in cells])
    columns = FixColumns.from_columns(
        len(fixes),
        device=np.ones(len(fixes)),
        t=[round(fix.t * 1000) for fix in fixes],
        lat=[fix.lat for fix in fixes],
        lon=[fix.lon for fix in fixes],
        acc=np.full(len(fixes), ACCURACY_M),
    )
    known = tl.run(Engine(grid, VisitRules.always([tl.RULE] * len(ids))), columns)
    seconds: dict[tuple[int, int], float] = defaultdict(float)
    for stay in known.values():
        if stay.fixes and stay.kind is not StayKind.BETWEEN:
            seconds[cells[stay.cell - 1]] += stay.dwell_ms / 1000
    return seconds


def corners(cell: tuple[int, int]) -> list[list[float]]:
    """Ring of a square."""
    row, column = cell
    around = [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)]
    return [[(column + east) * SIDE, (row + north) * SIDE] for north, east in around]


@needs_geolife
@pytest.mark.parametrize(("side", "least"), [(0.0008, 50), (0.0015, 100), (0.004, 60)])
def test_dwell_on_real_tracks_agrees_with_the_slow_computation(
    monkeypatch: pytest.MonkeyPatch, side: float, least: int
) -> None:
    """Per track and cell the engine and the slow computation agree within a second, in small cells and in large."""
    monkeypatch.setattr(sys.modules[__name__], "SIDE", side)
    compared = 0
    for path in sorted(geolife.TRACKS.glob("*.plt")):
        fixes = read(path)
        expected: dict[tuple[int, int], float] = defaultdict(float)
        for run in runs(fixes):
            for cell, seconds in dwell(run).items():
                expected[cell] += seconds
        found = through_engine(fixes)
        for cell in expected.keys() | found.keys():
            assert found.get(cell, 0.0) == pytest.approx(expected.get(cell, 0.0), abs=1.0), (path.name, cell)
            compared += expected.get(cell, 0.0) > 10
    # Most are stays of some length: agreeing on nothing would prove nothing.
    assert compared > least
