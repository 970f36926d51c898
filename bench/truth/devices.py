"""Simulated devices: what officers do to a receiver, and receivers to a track."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import exp, hypot, sqrt
from random import Random

from bench.truth.fixes import SIGMA_PER_ACCURACY, Fix
from bench.truth.ground import Ground

SLOW_S = 60.0
"""Memory of the slow error."""
FARTHEST_M = 1_000.0
"""Whoever would go farther from the middle of the town goes to one of its cells."""
Place = tuple[float, float]
Way = Iterator[Place]
"""Where an officer is, second by second, m."""


class Habit(StrEnum):
    """What an officer does."""

    PATROL = "patrol"
    EDGE = "edge"
    EXITS = "exits"
    DRIVE = "drive"


class Jump(StrEnum):
    """What a receiver does to a track."""

    SHORT = "short"
    BELIEVED = "believed"
    WITHIN = "within one cell"
    GAP = "before a gap"


@dataclass(frozen=True, slots=True)
class Device:
    """What a device is and does."""

    habit: Habit
    every_s: int
    acc: float | None
    """m, what it says."""
    jumps: tuple[Jump, ...] = tuple(Jump)
    gaps: bool = True


def track(rng: Random, ground: Ground, device: Device, start: int, seconds: int) -> list[Fix]:
    """Fixes of a device from `start` (ms) on."""
    way = WAYS[device.habit](rng, ground)
    error = _error(rng, device.acc or 15.0)
    shift, jump = (0.0, 0.0), _Jumping(rng, device)
    made: list[Fix] = []
    silent = 0
    for s in range(seconds):
        (x, y), (east, north) = next(way), next(error)
        if s % device.every_s or s < silent:
            continue
        if device.gaps and rng.random() < 0.002:
            silent = s + rng.randrange(125, 900)
        shift, gap = jump.at(s)
        if gap:
            silent = s + 300
        made.append(Fix(start + s * 1000 + rng.randrange(400), x + east + shift[0], y + north + shift[1], device.acc))
    return made


class _Jumping:
    """How far off a receiver is, and whether it falls silent thereafter.

    Args:
        rng: chance.
        device: what it does.
    """

    def __init__(self, rng: Random, device: Device) -> None:
        self._rng, self._device = rng, device
        self._kind: Jump | None = None
        self._until = 0
        self._off = (0.0, 0.0)
        self._next = rng.randrange(300, 1200)

    def at(self, s: int) -> tuple[Place, bool]:
        """M east and north at second `s`."""
        ends = self._kind is not None and s >= self._until
        gap = ends and self._kind is Jump.GAP
        if ends:
            self._kind, self._off = None, (0.0, 0.0)
            self._next = s + self._rng.randrange(300, 1500)
        elif self._kind is None and s >= self._next and self._device.jumps:
            self._begin(s)
        return self._off, gap

    def _begin(self, s: int) -> None:
        self._kind = self._rng.choice(self._device.jumps)
        every = self._device.every_s
        far = self._rng.uniform(40, 70) if self._kind is Jump.WITHIN else self._rng.uniform(60, 400)
        far += 38.0 * every + 6 * (self._device.acc or 25.0) / SIGMA_PER_ACCURACY
        last = {
            Jump.SHORT: self._rng.randrange(1, 4) * every,
            Jump.BELIEVED: self._rng.randrange(310, 900),
            Jump.WITHIN: self._rng.randrange(70, 500),
            Jump.GAP: self._rng.randrange(40, 200),
        }
        self._until = s + max(last[self._kind], every)
        turn = self._rng.choice([(far, 0.0), (-far, 0.0), (0.0, far), (0.0, -far)])
        self._off = turn


def _error(rng: Random, acc: float) -> Iterator[Place]:
    """Slow error of most of the accuracy, and a metre of short-term noise."""
    slow, quick = 0.8 * acc / SIGMA_PER_ACCURACY, rng.uniform(0.3, 1.5)
    keep = exp(-1 / SLOW_S)
    x, y = rng.gauss(0, slow), rng.gauss(0, slow)
    while True:
        x = keep * x + sqrt(1 - keep * keep) * rng.gauss(0, slow)
        y = keep * y + sqrt(1 - keep * keep) * rng.gauss(0, slow)
        yield x + rng.gauss(0, quick), y + rng.gauss(0, quick)


def _walk(start: Place, end: Place, speed: float) -> Way:
    """Straight from one place to another."""
    seconds = int(hypot(end[0] - start[0], end[1] - start[1]) / speed)
    for n in range(seconds):
        share = n / seconds
        yield start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _stand(at: Place, seconds: int) -> Way:
    for _ in range(seconds):
        yield at


def _some_place(rng: Random, ground: Ground) -> Place:
    at = rng.choice(ground.cells).polygon.representative_point()
    return at.x, at.y


def _patrol(rng: Random, ground: Ground) -> Way:
    """From place to place nearby, standing here and there, now and then far away."""
    here = _some_place(rng, ground)
    while True:
        far = 60.0 if rng.random() < 0.8 else 500.0
        there = here[0] + rng.uniform(-far, far), here[1] + rng.uniform(-far, far)
        if max(map(abs, there)) > FARTHEST_M:
            there = _some_place(rng, ground)
        yield from _walk(here, there, rng.uniform(0.8, 1.6))
        yield from _stand(there, rng.choice([0, 0, 20, 90, 240]))
        here = there


def _edge(rng: Random, ground: Ground) -> Way:
    """Stand on the boundary of a cell for minutes, then walk on to the next."""
    here = _some_place(rng, ground)
    while True:
        on = rng.choice(rng.choice(ground.cells).polygon.exterior.coords)
        if hypot(on[0] - here[0], on[1] - here[1]) < 400:
            yield from _walk(here, on, 1.2)
            yield from _stand(on, rng.randrange(60, 900))
            here = on


def _exits(rng: Random, ground: Ground) -> Way:
    """Out of a cell into what lies behind its boundary and in again, for some seconds each."""
    here = _some_place(rng, ground)
    while True:
        polygon = rng.choice(ground.cells).polygon
        ring = rng.choice([polygon.exterior, *polygon.interiors])
        on, inner = ring.interpolate(rng.random(), normalized=True), polygon.representative_point()
        apart = hypot(on.x - inner.x, on.y - inner.y) + 1e-9
        out = on.x + (on.x - inner.x) / apart * 35, on.y + (on.y - inner.y) / apart * 35
        if hypot(inner.x - here[0], inner.y - here[1]) > 500:
            continue
        yield from _walk(here, (inner.x, inner.y), 1.3)
        for _ in range(rng.randrange(2, 6)):
            yield from _walk((inner.x, inner.y), out, 1.5)
            yield from _stand(out, rng.randrange(5, 60))
            yield from _walk(out, (inner.x, inner.y), 1.5)
            yield from _stand((inner.x, inner.y), rng.randrange(30, 180))
        here = inner.x, inner.y


def _drive(rng: Random, ground: Ground) -> Way:
    here = _some_place(rng, ground)
    while True:
        there = _some_place(rng, ground)
        yield from _walk(here, there, rng.uniform(6, 14))
        yield from _stand(there, rng.choice([0, 5, 60, 300]))
        here = there


WAYS: dict[Habit, Callable[[Random, Ground], Way]] = {
    Habit.PATROL: _patrol,
    Habit.EDGE: _edge,
    Habit.EXITS: _exits,
    Habit.DRIVE: _drive,
}
