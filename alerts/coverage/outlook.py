"""How probable it is, by all that is known now, that a cell will not be visited in time if nobody is sent. Pure.

A logistic combination of what past waits say (risk.py), what officers usually do from where they are (habits.py), and
who is inside or near. What each counts changes with the time left, so there are weights for some times, and straight
lines between them. They were fitted on simulated shifts other than those the bench judges on (bench/fit_outlook.py),
and are kept with their names and origin in outlook.json.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import habits, risk
from tracking.presence.fixes import Bool, Float, Int
from tracking.presence.silence import UNHEARD_MS

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


SILENT_MS = UNHEARD_MS
"""Of whom nothing was heard for so long may be elsewhere than where the last fix says."""
FEATURES = (
    "constant", "habits", "waits", "no_habits", "busy_habits", "silent_habits", "inside", "inside_share",
    "out_of_sight", "arrival", "able", "unheard", "span", "span_waits", "no_habits_waits", "no_habits_span",
    "no_habits_unheard", "regulars", "busy_regulars",
)  # fmt: skip
"""Names of what the score is made of, in the order of the columns of `features`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each feature counts. The fitted ones are in outlook.json."""

    left_min: Float
    """Times left that weights are given for, ascending."""
    by_time: Float
    """A row for each of these times, a column for each of FEATURES."""


def chance(known: Learned, now: Signs, weights: Weights) -> Float:
    """Probability of each cell that no visit begins before it is due; 1 where nothing is left.

    Where too little is known yet, nobody is expected but who is inside.
    """
    scored = np.einsum(
        "cf,cs,sf->c", features(known, now), steps(now.left_ms, weights.left_min), weights.by_time, optimize=True
    )
    learned = 1 / (1 + np.exp(-scored))
    new = np.where(now.inside_ms >= 0, 1 - _SURE, 1.0)
    chance_by_cell = np.where(known.survival.visits >= LEAST_VISITS, learned, new)
    return np.where(now.left_ms <= 0, 1.0, chance_by_cell)


def steps(left_ms: Int, left_min: Float) -> Float:
    """How much the weights of each time of `left_min` count, a row for each cell."""
    left = np.clip(left_ms / MINUTE, left_min[0], left_min[-1])
    return np.column_stack([np.interp(left, left_min, row) for row in np.eye(len(left_min))])


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
    columns = {
        "constant": np.ones(len(waits)),
        "habits": np.where(usual > 0, _logit(np.exp(logs)), 0.0),
        "waits": waits,
        "no_habits": usual == 0,
        "busy_habits": np.exp(later) - 1,
        "silent_habits": np.exp(unseen) - 1,
        "inside": inside,
        "inside_share": np.where(inside, np.minimum(now.inside_ms / np.maximum(now.dwell_ms, 1), 1.5), 0.0),
        "out_of_sight": _out_of_sight(now, silent),
        "arrival": away,
        "able": np.log1p(now.able),
        "unheard": np.log1p(now.unheard),
        "span": span,
        "span_waits": span * waits,
        "no_habits_waits": (usual == 0) * waits,
        "no_habits_span": (usual == 0) * span,
        "no_habits_unheard": (usual == 0) * np.log1p(now.unheard),
        "regulars": np.log(habits.hourly(known.habits, now.officers) * left + _RARE),
        "busy_regulars": np.log(habits.hourly(known.habits, now.busy) * left + _RARE),
    }
    return np.column_stack([columns[name] for name in FEATURES])


def unheard(officers: habits.Where) -> Bool:
    """Officers who patrol, and of whom nothing is heard."""
    return np.asarray((officers.silent_ms > SILENT_MS) & (officers.cell != habits.NOWHERE))


def _out_of_sight(now: Signs, silent: Bool) -> Bool:
    """Cells in which an officer fell silent before the stay was a valid visit: hardly anybody leaves at once."""
    cut_short = np.zeros(len(now.left_ms), dtype=np.bool_)
    there = now.officers.some(silent & ~now.officers.left)
    waited = now.idle_ms[there.cell]
    cut_short[there.cell[(waited > there.since_ms) & (there.silent_ms < _HOUR)]] = True
    return cut_short


def _logit(share: Float) -> Float:
    kept = np.clip(share, 1 - _SURE, _SURE)
    return np.log(kept / (1 - kept))
