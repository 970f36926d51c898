"""Overlong stay 停留超时: in one place for too long, without events. Pure."""

import numpy as np
from numpy.typing import NDArray

from alerts.life.facts import OverlongStay
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, GAP_MS, NOTHING, Verdict, duration_ms, evidence, timestamp
from alerts.officers.situation import Subject, Subjects
from alerts.officers.tracks import SubjectTrail, Table
from tracking.presence.fixes import Bool

kind = "overlong_stay"
by_track = True

_WORST_M = 100.0
"""Worst accuracy for detecting standing."""
_MOSTLY = 0.95
"""Share of fixes that must be within the circle; the others are noise."""


def suspects(subjects: Subjects) -> Bool:
    """Officers whose recent positions scatter little."""
    if not len(subjects):
        return np.zeros(0, np.bool_)
    length_ms = min(rule.still_s for rule in subjects.columns.rules) * 750
    candidates = np.flatnonzero(subjects.active & ~subjects.on_task & ~subjects.columns.posted & (subjects.row >= 0))
    # A stay that has lasted has a fix soon after the start of that time, or a gap has ended it.
    beginning = subjects.lately(length_ms, subjects.row[candidates], beginning_ms=GAP_MS)
    candidates = candidates[beginning.count(beginning.table("acc") <= _WORST_M) > 0]
    lately = subjects.lately(length_ms, subjects.row[candidates])
    chosen = lately.known & (lately.table("acc") <= _WORST_M)
    scatter = _scatter(lately.table("x"), lately.table("y"), chosen)
    still = np.zeros(len(subjects), np.bool_)
    still[candidates] = scatter <= subjects.columns.threshold("still_m")[candidates]
    return still


def judge(subject: Subject) -> Verdict:
    """Within a circle for `still_s`; ends when a wider circle is left, or an event occurs."""
    rule = subject.rule
    if _posted(subject.member.shift):
        return CLEAR
    if not subject.fresh:
        return NOTHING
    stay = _stay(subject.trail.part(subject.trail.acc <= _WORST_M), rule.moved_m)
    if duration_ms(stay) < rule.still_s * 1000:
        return CLEAR if 2 * duration_ms(stay) < rule.still_s * 1000 else NOTHING
    off = _off(stay, stay)
    if np.mean(off <= rule.still_m) < _MOSTLY:
        return NOTHING
    if any(at >= int(stay.t[0]) for at in subject.events) or bool((stay.recording == 1).any()):
        return CLEAR
    lasts = subject.now - int(stay.t[0])
    return Verdict(
        level=Level.ORANGE if lasts >= rule.still_alarm_s * 1000 else Level.YELLOW,
        since=int(stay.t[0]),
        facts=OverlongStay(
            stood_since=timestamp(int(stay.t[0])),
            stood_s=lasts // 1000,
            radius_m=round(float(np.quantile(off, _MOSTLY))),
            fixes=len(stay),
        ),
        evidence=evidence(stay),
    )


def _posted(shift: object) -> bool:
    return getattr(shift, "kind", None) == "post"


def _stay(trail: SubjectTrail, moved_m: float) -> SubjectTrail:
    """Fixes since entering the wider circle around the newest ones.

    A single distant fix is noise; two in a row are movement.
    """
    if not len(trail):
        return trail
    beyond = _off(trail, trail.since(int(trail.t[-1]) - GAP_MS)) > moved_m
    ways = np.flatnonzero(beyond[1:] & beyond[:-1])
    start = int(ways[-1]) + 2 if len(ways) else 0
    gaps = np.flatnonzero(np.diff(trail.t[start:]) > GAP_MS)
    start += int(gaps[-1]) + 1 if len(gaps) else 0
    return trail.part(slice(start, None))


def _off(trail: SubjectTrail, centre: SubjectTrail) -> NDArray[np.float64]:
    """Distance of each fix from the middle of others, m."""
    return np.asarray(np.hypot(trail.x - np.median(centre.x), trail.y - np.median(centre.y)), dtype=np.float64)


def _scatter(x: Table, y: Table, chosen: Bool) -> NDArray[np.float64]:
    """Root of the mean square distance from their middle of the chosen entries by row, m; infinite for under three."""
    n = chosen.sum(axis=1)
    square = np.zeros(len(x))
    for axis in (x, y):
        values = np.where(chosen, axis, 0).astype(np.float64)
        mean = values.sum(axis=1) / np.maximum(n, 1)
        square += (values * values).sum(axis=1) / np.maximum(n, 1) - mean * mean
    return np.where(n >= 3, np.sqrt(np.maximum(square, 0)), np.inf)
