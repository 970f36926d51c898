"""How probable it is, by all that is known now, that a cell will not be visited in time if nobody is sent. Pure.

A logistic combination of what past waits say (risk.py), what officers usually do from where they are (habits.py), and
who is inside or near. The weights were fitted on simulated shifts other than those the bench judges on.
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
    inside: Bool
    """An officer is inside, whose stay is no valid visit yet."""
    arrival_ms: Int
    """Of the nearest eligible officer; negative none."""
    able: Int
    """Eligible officers who can be there in time."""
    officers: habits.Where
    """Officers who patrol."""
    busy: habits.Where
    """Officers on a task or a break: they come later than usual."""


WEIGHTS = np.array([-0.95, 0.77, 0.3, 2.87, 2.72, -5.44, 0.91, 0.33, -0.67])
"""Of the columns of `features`."""


def chance(known: Learned, now: Signs, weights: Float = WEIGHTS) -> Float:
    """Probability of each cell that no visit begins before it is due; 1 where nothing is left.

    Where too little is known yet, nobody is expected but who is inside.
    """
    learned = 1 / (1 + np.exp(-(features(known, now) @ weights)))
    new = np.where(now.inside, 1 - _SURE, 1.0)
    made = np.where(known.survival.visits >= LEAST_VISITS, learned, new)
    return np.where(now.left_ms <= 0, 1.0, made)


def features(known: Learned, now: Signs) -> Float:
    """What the score is made of, a row for each cell."""
    waits = risk.breach(known.survival, now.class_of, now.hour, now.idle_ms, now.left_ms)
    logs, usual = habits.missed(known.habits, now.officers, now.left_ms)
    later, _ = habits.missed(known.habits, now.busy, now.left_ms)
    left = np.maximum(now.left_ms, MINUTE)
    away = np.where(now.arrival_ms < 0, 3.0, np.minimum(now.arrival_ms / left, 3.0))
    return np.column_stack(
        [
            np.ones(len(left)),
            np.where(usual > 0, _logit(np.exp(logs)), 0.0),
            _logit(waits),
            usual == 0,
            np.exp(later) - 1,
            now.inside,
            away,
            np.log1p(now.able),
            np.minimum(left / (30 * MINUTE), 3.0),
        ]
    )


def _logit(share: Float) -> Float:
    kept = np.clip(share, 1 - _SURE, _SURE)
    return np.log(kept / (1 - kept))
