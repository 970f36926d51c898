"""Where one can walk: a lane around the inside of each cell, and a gate in each edge that two cells share.

A lane is the rim of the cell drawn towards the place from which the whole rim is seen, so lanes and the ways to the
gates stay inside the cell: which cell a walker is in is known from where the way was taken, without geometry.
"""

import bisect
import functools
import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device_sim.city import city as cities
from device_sim.city.plan import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The lane of a cell: a ring of places, metres, with the distance walked up to each and around."""

    places: tuple[Point, ...]
    along: tuple[float, ...]
    """Metres from the first place to each, one more at the end for the whole way around."""
    gates: dict[int, tuple[Point, int]]
    """Neighbouring cell → (place on the shared edge, number of the lane's place before it)."""

    @property
    def length(self) -> float:
        """Once around, m."""
        return self.along[-1]

    def arc(self, start: int, end: int, *, forward: bool) -> list[Point]:
        """Places passed from one to another, the end included, the start not."""
        n, step = len(self.places), 1 if forward else -1
        passed = []
        while start != end:
            start = (start + step) % n
            passed.append(self.places[start])
        return passed

    def shorter(self, start: int, end: int) -> bool:
        """Whether the shorter way from one place to another goes forward."""
        return (self.along[end] - self.along[start]) % self.length <= self.length / 2

    def at(self, metres: float) -> int:
        """Place nearest before so many metres around."""
        return min(bisect.bisect_right(self.along, metres % self.length), len(self.places)) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """The lanes of all cells, by number of the cell, and how to get from one cell to another."""

    lanes: tuple[Lane, ...]
    steps: tuple[dict[int, float], ...]
    """For each cell: neighbour → metres from centre to centre by way of the gate."""

    def route(self, start: int, end: int, cache: dict[tuple[int, int], list[int]]) -> list[int]:
        """Cells passed from one to another, both included, by the shortest way.

        Raises:
            LookupError: no way leads there.
        """
        if (start, end) not in cache:
            cache[start, end] = _shortest(self.steps, start, end)
        return cache[start, end]


@functools.lru_cache(maxsize=4)
def build(seed: int = 1) -> Streets:
    """Lay out the streets of the town of this seed."""
    town = cities.build(seed)
    gates = _gates(town)
    shrink = np.random.default_rng([seed, 0x57EE7]).uniform(0.55, 0.72, len(town.cells))
    lanes = tuple(_lane(town, k, gates[k], float(shrink[k])) for k in range(len(town.cells)))
    centres = [cell.centre for cell in town.cells]
    steps = tuple(
        {
            other: math.dist(centres[k], gate) + math.dist(gate, centres[other])
            for other, (gate, _) in lane.gates.items()
        }
        for k, lane in enumerate(lanes)
    )
    return Streets(lanes=lanes, steps=steps)


def road_m(town: cities.City, streets: Streets, cell: int) -> float:
    """Length of the streets in and on the edge of a cell, m: rim, lane and the ways to its gates."""
    ring, lane = town.ring(cell), streets.lanes[cell]
    rim = sum(math.dist(a, b) for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
    return rim + lane.length + sum(math.dist(gate, lane.places[k]) for gate, k in lane.gates.values())


def _gates(town: cities.City) -> list[dict[int, int]]:
    """For each cell: neighbour → number of the edge in the cell's ring (the longest shared) that has the gate."""
    owner = {edge: k for k, cell in enumerate(town.cells) for edge in _edges(cell.ring)}
    gates: list[dict[int, int]] = []
    for cell in town.cells:
        longest: dict[int, tuple[float, int]] = {}
        for n, (a, b) in enumerate(_edges(cell.ring)):
            other = owner.get((b, a))
            if other is not None:
                # The smaller corner number breaks ties, so that both sides choose the same edge.
                size = math.dist(town.corners[a], town.corners[b]), min(a, b)
                if other not in longest or size > (longest[other][0], min(_edges(cell.ring)[longest[other][1]])):
                    longest[other] = (size[0], n)
        gates.append({other: n for other, (_, n) in longest.items()})
    return gates


def _edges(ring: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(ring, [*ring[1:], ring[0]], strict=True))


def _lane(town: cities.City, cell: int, gates: dict[int, int], shrink: float) -> Lane:
    (cx, cy), ring = town.cells[cell].centre, town.ring(cell)
    by_edge = {edge: other for other, edge in gates.items()}
    places: list[Point] = []
    gates_here: dict[int, tuple[Point, int]] = {}
    for n, (ax, ay) in enumerate(ring):
        places.append((cx + shrink * (ax - cx), cy + shrink * (ay - cy)))
        if n in by_edge:
            bx, by = ring[(n + 1) % len(ring)]
            gate = ((ax + bx) / 2, (ay + by) / 2)
            gates_here[by_edge[n]] = (gate, len(places))
            places.append((cx + shrink * (gate[0] - cx), cy + shrink * (gate[1] - cy)))
    along = [0.0]
    for a, b in zip(places, places[1:] + places[:1], strict=True):
        along.append(along[-1] + math.dist(a, b))
    return Lane(places=tuple(places), along=tuple(along), gates=gates_here)


def _shortest(steps: Sequence[dict[int, float]], start: int, end: int) -> list[int]:
    best = {start: 0.0}
    came: dict[int, int] = {}
    queue = [(0.0, start)]
    while queue:
        far, cell = heapq.heappop(queue)
        if cell == end:
            way = [end]
            while way[-1] != start:
                way.append(came[way[-1]])
            return way[::-1]
        for other, step in steps[cell].items():
            if far + step < best.get(other, math.inf):
                best[other], came[other] = far + step, cell
                heapq.heappush(queue, (far + step, other))
    raise LookupError(f"no way leads from cell {start} to cell {end}")
