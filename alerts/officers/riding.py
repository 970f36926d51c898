"""Riding 乘车巡查: most of a foot patrol was faster than walking. Pure."""

import numpy as np

from alerts.life.facts import Riding
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, GAP_MS, NOTHING, Verdict, evidence, timestamp
from alerts.officers.situation import Subject, Subjects
from alerts.officers.tracks import SubjectTrail
from tracking.presence.fixes import Bool

kind = "riding"
by_track = True

_WORST_M = 30.0
"""Worst accuracy for computing a speed."""
_LOOKED_MS = 1_800_000
_BACK_SHARE = 0.6
"""Part of the share below which the alert ends."""


def suspects(subjects: Subjects) -> Bool:
    """Officers with many fast fixes by the receiver."""
    rules = subjects.columns.rules
    if not rules:
        return np.zeros(0, np.bool_)
    fast = min(rule.ride_kmh for rule in rules) / 3.6
    lately = subjects.lately(_LOOKED_MS + 1)
    is_slow = lately.table("spd") <= 0.8 * fast
    quick, slow = lately.count(~is_slow), lately.count(is_slow)
    return np.asarray(
        subjects.active & ~subjects.on_task & subjects.by_member((quick >= 0.5 * slow) & (quick > 10), absent=False)
    )


def judge(subject: Subject) -> Verdict:
    """More than `ride_share` of the last half hour faster than `ride_kmh`."""
    rule = subject.rule
    trail = subject.trail.since(subject.now - _LOOKED_MS)
    trail = trail.part(trail.acc <= _WORST_M)
    seconds, fast = _steps(trail, rule.ride_kmh / 3.6)
    observed = float(seconds.sum())
    if not subject.fresh or observed < rule.ride_s:
        return NOTHING
    share = float(seconds[fast].sum()) / observed
    if share <= _BACK_SHARE * rule.ride_share:
        return CLEAR
    if share <= rule.ride_share:
        return NOTHING
    began = int(trail.t[int(np.flatnonzero(fast)[0])])
    return Verdict(
        level=Level.YELLOW,
        since=began,
        facts=Riding(
            share=round(share, 2),
            limit_kmh=rule.ride_kmh,
            observed_s=round(observed),
            began=timestamp(began),
        ),
        evidence=evidence(trail),
    )


def _steps(trail: SubjectTrail, fast_m_per_s: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Bool]:
    """Length of each step in s, and which are faster than walking."""
    seconds = np.diff(trail.t) / 1000
    metres = np.hypot(np.diff(trail.x.astype(np.float64)), np.diff(trail.y.astype(np.float64)))
    seconds = np.where(seconds <= GAP_MS / 1000, seconds, 0.0)
    return seconds, np.asarray(metres > fast_m_per_s * np.maximum(seconds, 1e-3))
