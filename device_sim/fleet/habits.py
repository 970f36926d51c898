"""Habits of officers who do not simply patrol: they loiter, drive through, stand on boundaries, skip cells."""

import math

import numpy as np

from device_sim.fleet import officer, ways
from device_sim.fleet.officer import Habit

_SKIPPED = 0.4
"""Part of the beat that a skipper leaves out for a whole shift."""
_LOITER_S = (900.0, 2_700.0)
_LOITERS = 0.6
"""Chance that a loiterer only stands where a patrol was due; so for the others below."""
_DRIVE_M_PER_S = (7.0, 11.0)
_DRIVES_ONLY = 0.5
_EDGE_S = (600.0, 1_800.0)
_EDGE_M = (0.5, 8.0)
"""Distance to the boundary: within three standard deviations of the best receivers."""
_EDGES = 0.5

_LONGEST_S = {Habit.LOITER: _LOITER_S[1], Habit.EDGE: _EDGE_S[1] + 300}


def left_out(who: officer.Officer, rng: np.random.Generator) -> frozenset[int]:
    """Cells of the beat that the officer does not care for in this shift; never all of them."""
    if who.habit is not Habit.SKIP:
        return frozenset()
    count = min(math.ceil(_SKIPPED * len(who.beat)), len(who.beat) - 1)
    return frozenset(rng.choice(who.beat, count, replace=False).tolist())


def longest_s(habit: Habit) -> float:
    """Seconds that the habit takes in one cell at most, beside the patrol."""
    return _LONGEST_S.get(habit, 0.0)


def go(walker: ways.Walker, habit: Habit, cell: int) -> bool:
    """Go to a cell and do what the habit asks.

    Returns:
        Whether a patrol follows.
    """
    if habit is Habit.DRIVE:
        return _drive(walker, cell)
    walker.go(cell)
    if habit is Habit.LOITER and walker.rng.random() < _LOITERS:
        walker.stand(walker.rng.uniform(*_LOITER_S))
        return False
    if habit is Habit.EDGE and walker.rng.random() < _EDGES:
        _stand_on_edge(walker)
    return True


def _drive(walker: ways.Walker, cell: int) -> bool:
    afoot, walker.speed = walker.speed, walker.rng.uniform(*_DRIVE_M_PER_S)
    walker.go(cell)
    patrols = bool(walker.rng.random() >= _DRIVES_ONLY)
    if not patrols:
        walker.lap(len(walker.lane.places), forward=True)
    walker.speed = afoot
    return patrols


def _stand_on_edge(walker: ways.Walker) -> None:
    """Walk to a gate and stand so near to it that no receiver can tell on which side."""
    rng, lane = walker.rng, walker.lane
    other = int(rng.choice(sorted(lane.gates)))
    gate, place = lane.gates[other]
    walker.around(place, forward=lane.shorter(walker.place, place))
    x, y = lane.places[place]
    share = rng.uniform(*_EDGE_M) / math.dist((x, y), gate)
    walker.step((gate[0] + share * (x - gate[0]), gate[1] + share * (y - gate[1])))
    walker.stand(rng.uniform(*_EDGE_S), also=other)
    walker.step((x, y))
