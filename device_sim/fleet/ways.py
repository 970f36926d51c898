"""A way: the true position of an officer at every moment of a shift; and the walker that builds it, stop by stop."""

import itertools
import math
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from device_sim.city import city as cities
from device_sim.city import streets
from device_sim.city.plan import Point

Routes = dict[tuple[int, int], list[int]]
"""Shortest ways found so far, by (start, end): kept between calls to save time."""


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
    also: NDArray[np.int32]
    """Number of the cell across the boundary while the officer stands so near to it that no receiver can tell, or -1.
    """
    happenings: tuple[Happening, ...]


@dataclass(slots=True)
class Walker:
    """The way so far, and where it has come to: `place` on the lane of `cell` at `t` seconds into the shift."""

    town: cities.City
    ways: streets.Streets
    rng: np.random.Generator
    routes: Routes
    speed: float
    start_ms: int
    cell: int
    place: int = 0
    t: float = 0.0
    knots: list[tuple[float, float, float]] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    modes: list[Mode] = field(default_factory=list)
    also: list[int] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    @property
    def lane(self) -> streets.Lane:
        """Lane of the cell one is in."""
        return self.ways.lanes[self.cell]

    def begin(self) -> None:
        """Stand at the first place."""
        self.knots.append((0.0, *self.lane.places[self.place]))

    def step(self, to: Point) -> None:
        """Walk straight to a place in the same cell."""
        _, x, y = self.knots[-1]
        self.t += math.dist((x, y), to) / self.speed
        self._knot(to, Mode.WALK)

    def stand(self, seconds: float, mode: Mode = Mode.STAND, *, also: int = -1) -> None:
        """Stay where one is for so many seconds."""
        self.t += seconds
        self._knot(self.knots[-1][1:], mode, also)

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

    def _knot(self, to: Point, mode: Mode, also: int = -1) -> None:
        self.knots.append((self.t, *to))
        self.cells.append(self.cell)
        self.modes.append(mode)
        self.also.append(also)

    def way(self) -> Way:
        """All of it."""
        knots = np.array(self.knots)
        return Way(
            t=self.start_ms + np.round(knots[:, 0] * 1000).astype(np.int64),
            x=knots[:, 1],
            y=knots[:, 2],
            cell=np.array(self.cells, np.int32),
            mode=np.array(self.modes, np.int8),
            also=np.array(self.also, np.int32),
            happenings=tuple(self.happenings),
        )
