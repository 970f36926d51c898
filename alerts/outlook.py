"""How probable it is, by all that is known now, that a cell will not be visited in time if nobody is sent. Pure.

A logistic combination of what past waits say (risk.py), what officers usually do from where they are (habits.py), and
who is inside or near. What each counts changes with the time left, so there are weights for some times, and straight
lines between them. They were fitted on simulated shifts other than those the bench judges on (bench/fit_outlook.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts import habits, risk
from tracking.fixes import Bool, Float, Int

LEAST_VISITS = 6
"""Ended waits of a cell from which on its habits are trusted."""
_SURE = 0.98
MINUTE = 60_000
_HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learned from the past of a city."""

    survival: risk.Survival
    habits: habits.Habits


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is seen now, by cell, and by officer where it says so."""

    class_of: NDArray[np.intp]
    hour: NDArray[np.intp]
    """Local hour in which each cell's wait began."""
    idle_ms: Int
    left_ms: Int
    """Until it is due."""
    span_ms: Int
    """The whole limit."""
    inside_ms: Int
    """How long an officer has been inside whose stay is no valid visit yet; negative nobody."""
    dwell_ms: Int
    """Least time inside for a valid visit."""
    arrival_ms: Int
    """Of the nearest eligible officer; negative none."""
    able: Int
    """Eligible officers who can be there in time."""
    unheard: Int
    """Officers of whom nothing is heard, near enough to be there in time from where they stayed last."""
    officers: habits.Where
    """Officers who patrol."""
    busy: habits.Where
    """Officers on a task or a break: they come later than usual."""


SILENT_MS = 180_000
"""Of whom nothing was heard for so long may be elsewhere than where the last fix says."""
STEPS_MIN = np.array([0.0, 6.0, 15.0, 30.0, 75.0])
"""Times left that weights are given for."""
WEIGHTS = np.array(
    [
        [-2.1, 1.23, -0.6, 0.42, 1.64, 1.69, -4.36, -2.65, -0.99, 1.46, -0.46, -4.6, 0.21, 0.25, 0.87, 1, -2.45],
        [-1.66, 1.05, 0.45, 2.15, 1.35, 0.6, -4.49, -2.99, -2.16, 1.2, -0.17, -2.6, 1.01, -0.5, 0.81, 0.06, -2.31],
        [-1.39, 0.97, 0.8, 2.92, 1.97, -1.46, -3.37, -3.23, -1.17, 1.23, 0.07, -0.83, 0.5, -0.59, 0.17, 0.14, -1],
        [-0.44, 0.79, 0.65, 2.61, 1.83, -2.13, -2.65, -3.9, -0.97, 1.37, 0.04, -0.89, -0.99, -0.21, 0.29, -0.05, -0.51],
        [2.07, 0.4, 1.18, -0.58, 1.57, -0.48, -2.41, -2.59, -1.41, 4.2, -0.43, -0.48, -1.16, -0.69, -0.26, 2.23, -0.45],
    ]
)
"""Of the columns of `features`, a row for each time of STEPS_MIN."""


def chance(known: Learned, now: Signs, weights: Float = WEIGHTS) -> Float:
    """Probability of each cell that no visit begins before it is due; 1 where nothing is left.

    Where too little is known yet, nobody is expected but who is inside.
    """
    scored = np.einsum("cf,cs,sf->c", features(known, now), steps(now.left_ms), weights, optimize=True)
    learned = 1 / (1 + np.exp(-scored))
    new = np.where(now.inside_ms >= 0, 1 - _SURE, 1.0)
    made = np.where(known.survival.visits >= LEAST_VISITS, learned, new)
    return np.where(now.left_ms <= 0, 1.0, made)


def steps(left_ms: Int) -> Float:
    """How much the weights of each time of STEPS_MIN count, a row for each cell."""
    left = np.clip(left_ms / MINUTE, STEPS_MIN[0], STEPS_MIN[-1])
    return np.column_stack([np.interp(left, STEPS_MIN, row) for row in np.eye(len(STEPS_MIN))])


def features(known: Learned, now: Signs) -> Float:
    """What the score is made of, a row for each cell."""
    waits = _logit(risk.breach(known.survival, now.class_of, now.hour, now.idle_ms, now.left_ms))
    logs, usual = habits.missed(known.habits, now.officers, now.left_ms)
    silent = unheard(now.officers)
    unseen, _ = habits.missed(known.habits, now.officers.some(silent), now.left_ms)
    later, _ = habits.missed(known.habits, now.busy, now.left_ms)
    away = np.where(now.arrival_ms < 0, 3.0, np.minimum(now.arrival_ms / np.maximum(now.left_ms, MINUTE), 3.0))
    span = np.log(np.maximum(now.span_ms, MINUTE) / _HOUR)
    inside = now.inside_ms >= 0
    return np.column_stack(
        [
            np.ones(len(waits)),
            np.where(usual > 0, _logit(np.exp(logs)), 0.0),
            waits,
            usual == 0,
            np.exp(later) - 1,
            np.exp(unseen) - 1,
            inside,
            np.where(inside, np.minimum(now.inside_ms / np.maximum(now.dwell_ms, 1), 1.5), 0.0),
            _out_of_sight(now, silent),
            away,
            np.log1p(now.able),
            np.log1p(now.unheard),
            span,
            span * waits,
            (usual == 0) * waits,
            (usual == 0) * span,
            (usual == 0) * np.log1p(now.unheard),
        ]
    )


def unheard(officers: habits.Where) -> Bool:
    """Officers who patrol, and of whom nothing is heard."""
    return np.asarray((officers.silent_ms > SILENT_MS) & (officers.cell != habits.NOWHERE))


def _out_of_sight(now: Signs, silent: Bool) -> Bool:
    """Cells in which an officer fell silent before the stay was a valid visit: hardly anybody leaves at once."""
    found = np.zeros(len(now.left_ms), dtype=np.bool_)
    there = now.officers.some(silent & ~now.officers.left)
    waited = now.idle_ms[there.cell]
    found[there.cell[(waited > there.since_ms) & (there.silent_ms < _HOUR)]] = True
    return found


def _logit(share: Float) -> Float:
    kept = np.clip(share, 1 - _SURE, _SURE)
    return np.log(kept / (1 - kept))
