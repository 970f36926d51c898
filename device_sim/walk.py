"""One shift of one officer: the true way walked, stop by stop. A pure function of seed, officer and shift."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from device_sim import catalogue, officer, streets
from device_sim import city as cities
from device_sim.plan import Point


class Mode(IntEnum):
    """What the officer does on a segment of the way."""

    WALK = 0
    STAND = 1
    BREAK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something found on the way: what an event of the wire is made from. Place in metres, time in ms."""

    t: int
    x: float
    y: float
    code: str
    text: str
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """n + 1 places with their times, n segments between them; the truth about a shift."""

    t: NDArray[np.int64]
    """ms since 1970-01-01 UTC, never falling."""
    x: NDArray[np.float64]
    """Metres east of the origin."""
    y: NDArray[np.float64]
    cell: NDArray[np.int32]
    """Number of the cell in which the segment lies, start and end included."""
    mode: NDArray[np.int8]
    happenings: tuple[Happening, ...]


_STOPS = {"business": 1.6, "public": 0.8, "institution": 0.5, "residential": 0.45}
"""Stops to persuade somebody, on average, in one patrol of a cell of the class."""
_PATROLLED = {"business": (0.9, 1.3), "public": (0.8, 1.1), "institution": (0.7, 1.0), "residential": (0.6, 0.9)}
"""Part of the cell's lane that is walked in one patrol, least and most."""
_SKIP = 0.03
"""Chance that a cell is left out of a round."""
_STOP_S = (180.0, 720.0)
_MOST_STOPS = 3
_BREAK_S = 1_800


@dataclass(slots=True)
class _Walker:
    """The way so far, and where it has come to: `place` on the lane of `cell` at `t` seconds into the shift."""

    town: cities.City
    ways: streets.Streets
    rng: np.random.Generator
    routes: dict[tuple[int, int], list[int]]
    speed: float
    start_ms: int
    cell: int
    place: int = 0
    t: float = 0.0
    knots: list[tuple[float, float, float]] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    modes: list[Mode] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    @property
    def lane(self) -> streets.Lane:
        return self.ways.lanes[self.cell]

    def begin(self) -> None:
        self.knots.append((0.0, *self.lane.places[self.place]))

    def step(self, to: Point) -> None:
        _, x, y = self.knots[-1]
        self.t += math.dist((x, y), to) / self.speed
        self._knot(to, Mode.WALK)

    def stand(self, seconds: float, mode: Mode = Mode.STAND) -> None:
        self.t += seconds
        self._knot(self.knots[-1][1:], mode)

    def around(self, to: int, *, forward: bool) -> None:
        """Walk along the lane to one of its places."""
        for point in self.lane.arc(self.place, to, forward=forward):
            self.step(point)
        self.place = to

    def go(self, target: int) -> None:
        """Walk to another cell, through those between, each by the shorter side of its lane."""
        for other in self.ways.route(self.cell, target, self.routes)[1:]:
            gate, place = self.lane.gates[other]
            self.around(place, forward=self.lane.shorter(self.place, place))
            self.step(gate)
            self.cell, (_, self.place) = other, self.ways.lanes[other].gates[self.cell]
            self.step(self.lane.places[self.place])

    def seconds(self, start: int, target: int) -> float:
        """Time to walk from one cell to another, about, never too little."""
        route = self.ways.route(start, target, self.routes)
        far = sum(self.ways.steps[a][b] for a, b in itertools.pairwise(route))
        return (1.6 * far + self.ways.lanes[start].length + self.ways.lanes[target].length) / self.speed

    def lap(self, places: int, *, forward: bool) -> None:
        """Walk on along the lane by so many of its places."""
        for _ in range(places):
            self.around((self.place + (1 if forward else -1)) % len(self.lane.places), forward=forward)

    def _knot(self, to: Point, mode: Mode) -> None:
        self.knots.append((self.t, *to))
        self.cells.append(self.cell)
        self.modes.append(mode)


def shift(seed: int, who: officer.Officer, number: int, routes: dict[tuple[int, int], list[int]] | None = None) -> Way:
    """The way of an officer in one shift; it begins and ends at the same place, so shifts join.

    Args:
        seed: Of the town and of what happens.
        who: The officer.
        number: Number of the shift.
        routes: Shortest ways found so far, kept between calls to save time.
    """
    rng = np.random.default_rng([seed, 0x3A1F7, who.number, number])
    walker = _Walker(
        cities.build(seed), streets.build(seed), rng, {} if routes is None else routes,
        who.speed * rng.uniform(0.98, 1.03), who.shift_start(number), who.beat[0],
    )  # fmt: skip
    walker.begin()
    walker.stand(rng.uniform(30, 180))
    end = officer.SHIFT_MS / 1000
    pause_at = end * rng.uniform(0.4, 0.6)
    for cell in _rounds(walker, who.beat):
        if walker.t > pause_at:
            walker.stand(_BREAK_S, Mode.BREAK)
            pause_at = math.inf
        there, back = walker.seconds(walker.cell, cell), walker.seconds(cell, who.beat[0])
        if walker.t + there + _longest(walker, cell) + back > end:
            break
        walker.go(cell)
        _patrol(walker)
    return _finish(walker, who.beat[0], end)


def _rounds(walker: _Walker, beat: tuple[int, ...]) -> Iterator[int]:
    """Cells in the order of their patrols, round after round without end."""
    rng = walker.rng
    while True:
        turn = int(rng.integers(len(beat)))
        order = [*beat[turn:], *beat[:turn]][:: 1 if rng.random() < 0.5 else -1]
        quiet = bool(rng.random() < 0.5)
        for cell in order:
            # Shops are looked after in every round, homes not in each one of a long beat.
            spared = quiet and len(beat) > 4 and walker.town.cells[cell].cls != "business" and rng.random() < 0.6
            if not spared and rng.random() >= _SKIP:
                yield cell


def _longest(walker: _Walker, cell: int) -> float:
    """Seconds that a patrol of the cell takes at most."""
    most = _PATROLLED[walker.town.cells[cell].cls][1] + 0.5
    return most * walker.ways.lanes[cell].length / walker.speed + _MOST_STOPS * _STOP_S[1]


def _patrol(walker: _Walker) -> None:
    """Walk the lane of the cell one is in, stopping where something is found."""
    rng, lane = walker.rng, walker.lane
    cls = walker.town.cells[walker.cell].cls
    places = max(2, round(rng.uniform(*_PATROLLED[cls]) * len(lane.places)))
    stops = np.sort(rng.integers(1, places, min(int(rng.poisson(_STOPS[cls])), _MOST_STOPS)))
    forward = bool(rng.random() < 0.5)
    done = 0
    for mark in stops:
        walker.lap(int(mark) - done, forward=forward)
        done = int(mark)
        _deal(walker)
    walker.lap(places - done, forward=forward)


def _deal(walker: _Walker) -> None:
    """Stop for somebody: mostly words, often put on record."""
    rng = walker.rng
    found = catalogue.draw(rng, walker.cell)
    _, x, y = walker.knots[-1]
    arrived = walker.t
    walker.stand(rng.uniform(*_STOP_S))
    if rng.random() < 0.6:
        t = walker.start_ms + int(1000 * (arrived + rng.uniform(0.2, 0.8) * (walker.t - arrived)))
        walker.happenings.append(Happening(t=t, x=x, y=y, code=found.code, text=found.text, subject=found.subject))


def _finish(walker: _Walker, home: int, end: float) -> Way:
    walker.go(home)
    walker.around(0, forward=walker.lane.shorter(walker.place, 0))
    while walker.t + walker.lane.length / walker.speed < end:
        walker.lap(len(walker.lane.places), forward=True)
    if walker.t > end:
        raise RuntimeError(f"the way home came {walker.t - end:.0f} s too late")
    walker.stand(end - walker.t)
    knots = np.array(walker.knots)
    return Way(
        t=walker.start_ms + np.round(knots[:, 0] * 1000).astype(np.int64),
        x=knots[:, 1],
        y=knots[:, 2],
        cell=np.array(walker.cells, np.int32),
        mode=np.array(walker.modes, np.int8),
        happenings=tuple(walker.happenings),
    )
