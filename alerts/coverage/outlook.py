"""How probable it is, by all that is known now, that a cell will not be visited in time if nobody is sent. Pure.

A logistic combination of what past waits say (risk.py), what officers usually do from where they are (habits.py), and
who is inside or near. What each counts changes with the time left, so there are weights for some times, and straight
lines between them. They were fitted on simulated shifts other than those the bench judges on (bench/fit_outlook.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import habits, risk
from tracking.presence.fixes import Bool, Float, Int

LEAST_VISITS = 6
"""Ended waits of a cell from which on its habits are trusted."""
_SURE = 0.98
_RARE = 0.05
"""Visits expected where none of those on duty ever was."""
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
        [-0.7, 1.24, -0.45, 0.73, 1.89, 1.6, -4.34, -2.69, -1.57, 1.5,
         -0.44, -3.08, 0.16, 0.26, 0.77, 0.98, -1.92, 0.2, 0.51],
        [-2.79, 1.05, 0.3, 1.94, 1.63, 1.28, -4.44, -2.97, -2.84, 1.35,
         -0.11, -1.55, 0.93, -0.47, 0.9, -0.16, -2.19, -0.3, -0.23],
        [-5.66, 1.02, 0.49, 2.8, -0.41, -0.45, -3.27, -3.02, -1.51, 1.31,
         0.1, -0.34, 0.44, -0.48, 0.25, -0.17, -1.14, -0.62, -1.2],
        [-3.41, 0.81, 0.28, 1.11, 1.21, -1.38, -2.04, -2.91, -0.98, 0.77,
         0.11, -0.54, -0.77, -0.23, 0.54, -0.48, -0.13, -1.16, -0.64],
        [-2.77, 0.43, 0.54, 0.09, 0.83, -0.22, -2.05, -1.68, -1.21, 0.64,
         -0.24, -0.14, -1.57, -0.38, 0.13, 0.15, -0.23, -1.55, -1.33],
    ]
)  # fmt: skip
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
    left = np.maximum(now.left_ms, 0) / _HOUR
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
            np.log(habits.hourly(known.habits, now.officers) * left + _RARE),
            np.log(habits.hourly(known.habits, now.busy) * left + _RARE),
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
