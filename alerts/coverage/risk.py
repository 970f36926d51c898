"""Probability that a cell is not visited in time, by past waits of it and similar cells. Pure.

Waits between visits are survival times; open ones are censored. Hazards are estimated in steps of five minutes by class
of the cell and hour of the day, shrunk towards the class (beta-binomial, empirical Bayes), and each cell has its own
pace (gamma-Poisson). Formulas: docs/alerts.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from tracking.presence.fixes import Bool, Float, Int

BIN_MS = 5 * 60_000
BINS = 100
HOURS = 24
PRIOR_HAZARD = 1 / 24
"""Prior: half of the waits end within 85 minutes."""
_PRIOR_WEIGHT = 12.0
_WEIGHTS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
_PACE_WEIGHT = 4.0
"""Visits at which the pace of a cell counts as much as that of its class."""
_MOST_HAZARD = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """n waits for a valid visit, as columns of length n."""

    cell: NDArray[np.intp]
    """Index of the cell."""
    hour: NDArray[np.intp]
    """Local hour of the day in which it began."""
    ms: Int
    """Duty time."""
    ended: Bool
    """Ended by a visit; else open at the end of the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """Cumulative hazard by class, hour and step, and the pace of each cell."""

    total: NDArray[np.float32]
    """Shape (classes, HOURS, BINS + 1)."""
    pace: NDArray[np.float32]
    """By cell: above 1 means more visits than its class."""
    visits: NDArray[np.int32]
    """By cell: number of ended waits."""


def unlearned(classes: int, cells: int) -> Survival:
    """The state before any training."""
    steps = np.arange(BINS + 1, dtype=np.float32) * np.float32(-np.log1p(-PRIOR_HAZARD))
    return Survival(
        total=np.broadcast_to(steps, (classes, HOURS, BINS + 1)).copy(),
        pace=np.ones(cells, dtype=np.float32),
        visits=np.zeros(cells, dtype=np.int32),
    )


def fit(waits: Waits, class_of: NDArray[np.intp], classes: int) -> Survival:
    """Train on past waits.

    Args:
        waits: known waits.
        class_of: index of the class, by cell.
        classes: number of classes.
    """
    of = class_of[waits.cell]
    bins = np.minimum(waits.ms // BIN_MS, BINS - 1).astype(np.intp)
    ends = _count((of, waits.hour, bins), waits.ended, classes)
    quits = _count((of, waits.hour, bins), ~waits.ended, classes)
    # A wait censored within a step was at risk for half of it.
    risk = np.cumsum((ends + quits)[..., ::-1], axis=-1)[..., ::-1] - quits / 2
    by_class = _drawn(ends.sum(axis=1), risk.sum(axis=1), np.full(BINS, PRIOR_HAZARD), _PRIOR_WEIGHT)
    hazard = np.stack(
        [
            _drawn(ends[c], risk[c], by_class[c][None, :], _supported(ends[c], risk[c], by_class[c]))
            for c in range(classes)
        ]
    )
    total = np.zeros((classes, HOURS, BINS + 1), dtype=np.float32)
    np.cumsum(-np.log1p(-np.minimum(hazard, _MOST_HAZARD)), axis=-1, out=total[..., 1:])
    survival = Survival(total=total, pace=np.ones(len(class_of), np.float32), visits=np.zeros(len(class_of), np.int32))
    expected = np.bincount(waits.cell, weights=_cumulated(survival, of, waits.hour, waits.ms), minlength=len(class_of))
    seen = np.bincount(waits.cell[waits.ended], minlength=len(class_of))
    pace = (_PACE_WEIGHT + seen) / (_PACE_WEIGHT + expected)
    return Survival(total=total, pace=pace.astype(np.float32), visits=seen.astype(np.int32))


def breach(known: Survival, class_of: NDArray[np.intp], hour: NDArray[np.intp], idle_ms: Int, left_ms: Int) -> Float:
    """P(no visit within `left_ms` | none for `idle_ms`), by cell; 1 if no time is left."""
    until = _cumulated(known, class_of, hour, idle_ms + np.maximum(left_ms, 0))
    return np.exp(-known.pace * (until - _cumulated(known, class_of, hour, idle_ms)))


def expected_ms(known: Survival, class_of: NDArray[np.intp], hour: NDArray[np.intp]) -> Float:
    """Median wait of each cell, ms."""
    reached = known.pace[:, None] * known.total[class_of, hour] >= np.log(2)
    return np.where(reached.any(axis=1), reached.argmax(axis=1), BINS) * float(BIN_MS)


def _cumulated(known: Survival, class_of: NDArray[np.intp], hour: NDArray[np.intp], ms: Int) -> Float:
    """Cumulative hazard at a wait, linear between steps, and extrapolated from the last hour."""
    at = np.maximum(ms, 0) / BIN_MS
    low = np.minimum(at.astype(np.intp), BINS - 1)
    first, second = known.total[class_of, hour, low], known.total[class_of, hour, low + 1]
    inside = first + (second - first) * np.minimum(at - low, 1)
    rate = (known.total[class_of, hour, BINS] - known.total[class_of, hour, BINS - 12]) / 12
    return np.asarray(inside + np.maximum(at - BINS, 0) * rate, dtype=np.float64)


def _count(at: Sequence[NDArray[np.intp]], which: Bool, classes: int) -> Float:
    shape = (classes, HOURS, BINS)
    flat = np.ravel_multi_index([axis[which] for axis in at], shape)
    return np.bincount(flat, minlength=classes * HOURS * BINS).reshape(shape).astype(np.float64)


def _drawn(ends: Float, risk: Float, prior: Float, weight: float) -> Float:
    return np.asarray((ends + weight * prior) / (risk + weight), dtype=np.float64)


def _supported(ends: Float, risk: Float, prior: Float) -> float:
    """Shrinkage of hours to their class: the weight with the highest likelihood."""
    mean = np.broadcast_to(np.clip(prior, 1e-4, _MOST_HAZARD), ends.shape)
    some = risk >= 1
    e, m, r = ends[some], mean[some], np.maximum(risk[some], ends[some])
    likely = [
        float(np.sum(scipy.special.betaln(e + w * m, r - e + w * (1 - m)) - scipy.special.betaln(w * m, w * (1 - m))))
        for w in _WEIGHTS
    ]
    return _WEIGHTS[int(np.argmax(likely))] if len(e) else _WEIGHTS[-1]
