"""Probability that a cell will not be visited in time if nobody is sent. Pure.

A logistic combination of past waits (risk.py), habits of officers (habits.py), and officers inside or near. The weights
change with the time left: they are given for some times and interpolated linearly. They were fitted on simulated shifts
other than those of the bench (bench/fit_outlook.py), and are stored with names and origin in outlook.json.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import habits, risk
from tracking.presence.fixes import Bool, Float, Int
from tracking.presence.silence import UNHEARD_MS

LEAST_VISITS = 6
"""Minimum number of ended waits for the habits of a cell to be used."""
_SURE = 0.98
_RARE = 0.05
"""Expected visits where no officer on duty has ever been."""
MINUTE = 60_000
_HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """The training of a city."""

    survival: risk.Survival
    habits: habits.Habits


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The present state, by cell, or by officer where noted."""

    class_of: NDArray[np.intp]
    hour: NDArray[np.intp]
    """Local hour in which the wait of each cell began."""
    idle_ms: Int
    left_ms: Int
    """Time until due."""
    span_ms: Int
    """The whole limit."""
    inside_ms: Int
    """Time spent inside by an officer without a valid visit yet; negative: nobody."""
    dwell_ms: Int
    """Minimum dwell of a valid visit."""
    arrival_ms: Int
    """Arrival of the nearest eligible officer; negative: none."""
    able: Int
    """Eligible officers who can arrive in time."""
    unheard: Int
    """Silent officers who could arrive in time from their last stay."""
    officers: habits.Where
    """Officers on patrol."""
    busy: habits.Where
    """Officers on a task or a break, who come later than usual."""


SILENT_MS = UNHEARD_MS
"""Silence after which an officer may have left the last position."""
FEATURES = (
    "constant", "habits", "waits", "no_habits", "busy_habits", "silent_habits", "inside", "inside_share",
    "out_of_sight", "arrival", "able", "unheard", "span", "span_waits", "no_habits_waits", "no_habits_span",
    "no_habits_unheard", "regulars", "busy_regulars",
)  # fmt: skip
"""Names of the features, in the order of the columns of `features`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of the features; the fitted ones are in outlook.json."""

    left_min: Float
    """Times left with weights, ascending."""
    by_time: Float
    """A row for each of these times, a column for each of FEATURES."""


def chance(known: Learned, now: Signs, weights: Weights) -> Float:
    """Probability for each cell that no visit begins before it is due; 1 if no time is left.

    With too little training, only an officer inside counts.
    """
    scored = np.einsum(
        "cf,cs,sf->c", features(known, now), steps(now.left_ms, weights.left_min), weights.by_time, optimize=True
    )
    learned = 1 / (1 + np.exp(-scored))
    new = np.where(now.inside_ms >= 0, 1 - _SURE, 1.0)
    chance_by_cell = np.where(known.survival.visits >= LEAST_VISITS, learned, new)
    return np.where(now.left_ms <= 0, 1.0, chance_by_cell)


def steps(left_ms: Int, left_min: Float) -> Float:
    """Interpolation factors of the times of `left_min`, a row for each cell."""
    left = np.clip(left_ms / MINUTE, left_min[0], left_min[-1])
    return np.column_stack([np.interp(left, left_min, row) for row in np.eye(len(left_min))])


def features(known: Learned, now: Signs) -> Float:
    """Features, a row for each cell."""
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
    """Silent officers on patrol."""
    return np.asarray((officers.silent_ms > SILENT_MS) & (officers.cell != habits.NOWHERE))


def _out_of_sight(now: Signs, silent: Bool) -> Bool:
    """Cells in which an officer became silent before a valid visit, and probably stayed on."""
    cut_short = np.zeros(len(now.left_ms), dtype=np.bool_)
    there = now.officers.some(silent & ~now.officers.left)
    waited = now.idle_ms[there.cell]
    cut_short[there.cell[(waited > there.since_ms) & (there.silent_ms < _HOUR)]] = True
    return cut_short


def _logit(share: Float) -> Float:
    kept = np.clip(share, 1 - _SURE, _SURE)
    return np.log(kept / (1 - kept))
