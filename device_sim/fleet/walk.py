"""The true way of one officer in one shift, stop by stop. A pure function of seed, officer and shift."""

import math
from collections.abc import Iterator

import numpy as np

from device_sim.city import catalogue, streets
from device_sim.city import city as cities
from device_sim.fleet import habits, officer, ways

_STOPS = {"business": 1.6, "public": 0.8, "institution": 0.5, "residential": 0.45}
"""Stops to persuade somebody, on average, in one patrol of a cell of the class."""
_PATROLLED = {"business": (0.9, 1.3), "public": (0.8, 1.1), "institution": (0.7, 1.0), "residential": (0.6, 0.9)}
"""Part of the cell's lane that is walked in one patrol, least and most."""
_SKIP = 0.03
"""Chance that a cell is left out of a round."""
_STOP_S = (180.0, 720.0)
_MOST_STOPS = 3
_BREAK_S = 1_800


def shift(seed: int, who: officer.Officer, number: int, routes: ways.Routes | None = None) -> ways.Way:
    """The way of an officer in one shift; it begins and ends at the same place, so shifts join.

    Args:
        seed: Of the town and of what happens.
        who: The officer.
        number: Number of the shift.
        routes: Shortest ways found so far, kept between calls to save time.
    """
    rng = np.random.default_rng([seed, 0x3A1F7, who.number, number])
    walker = ways.Walker(
        cities.build(seed), streets.build(seed), rng, {} if routes is None else routes,
        who.speed * rng.uniform(0.98, 1.03), who.shift_start(number), who.beat[0],
    )  # fmt: skip
    walker.begin()
    walker.stand(rng.uniform(30, 180))
    end = officer.SHIFT_MS / 1000
    pause_at = end * rng.uniform(0.4, 0.6)
    spared = habits.left_out(who, rng)
    for cell in _rounds(walker, who.beat):
        if cell in spared:
            continue
        if walker.t > pause_at:
            walker.stand(_BREAK_S, ways.Mode.BREAK)
            pause_at = math.inf
        there, back = walker.seconds(walker.cell, cell), walker.seconds(cell, who.beat[0])
        if walker.t + there + _longest(walker, cell) + habits.longest_s(who.habit) + back > end:
            break
        if habits.go(walker, who.habit, cell):
            _patrol(walker)
    return _finish(walker, who.beat[0], end)


def _rounds(walker: ways.Walker, beat: tuple[int, ...]) -> Iterator[int]:
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


def _longest(walker: ways.Walker, cell: int) -> float:
    """Seconds that a patrol of the cell takes at most."""
    most = _PATROLLED[walker.town.cells[cell].cls][1] + 0.5
    return most * walker.ways.lanes[cell].length / walker.speed + _MOST_STOPS * _STOP_S[1]


def _patrol(walker: ways.Walker) -> None:
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


def _deal(walker: ways.Walker) -> None:
    """Stop for somebody: mostly words, often put on record."""
    rng = walker.rng
    incident = catalogue.draw(rng, walker.cell)
    _, x, y = walker.knots[-1]
    arrived = walker.t
    walker.stand(rng.uniform(*_STOP_S))
    if rng.random() < 0.6:
        t = walker.start_ms + int(1000 * (arrived + rng.uniform(0.2, 0.8) * (walker.t - arrived)))
        walker.happenings.append(
            ways.Happening(t=t, x=x, y=y, code=incident.code, text=incident.text, subject=incident.subject)
        )


def _finish(walker: ways.Walker, home: int, end: float) -> ways.Way:
    walker.go(home)
    walker.around(0, forward=walker.lane.shorter(walker.place, 0))
    while walker.t + walker.lane.length / walker.speed < end:
        walker.lap(len(walker.lane.places), forward=True)
    if walker.t > end:
        raise RuntimeError(f"the way home came {walker.t - end:.0f} s too late")
    walker.stand(end - walker.t)
    return walker.way()
