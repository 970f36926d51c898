"""Not arrived 未到岗: no presence in the area of the shift some minutes after its start. Pure."""

import numpy as np

from alerts.life.facts import NotArrived
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, NOTHING, Verdict, evidence, timestamp
from alerts.officers.situation import Subject, Subjects, inside
from alerts.officers.tracks import NONE, SubjectTrail
from tracking.presence.fixes import Bool

kind = "not_arrived"
by_track = True


def suspects(subjects: Subjects) -> Bool:
    """Officers whose shift began recently; later no alert is opened."""
    of = subjects.columns
    begun_s = (subjects.now - of.starts) / 1000
    lately = (of.threshold("late_s") <= begun_s) & (begun_s < of.threshold("absent_s"))
    return np.asarray(subjects.active & (of.starts != NONE) & lately)


def judge(subject: Subject) -> Verdict:
    """Late after `late_s`, absent after `absent_s`; arrived when the presence has lasted long enough."""
    shift, rule = subject.member.shift, subject.rule
    if shift is None:
        return CLEAR
    trail = subject.trail.since(shift.starts - rule.early_s * 1000)
    if _arrived(trail, rule.buffer_m, rule.present_s * 1000):
        return CLEAR
    late_ms = subject.now - shift.starts
    if late_ms < rule.late_s * 1000:
        return NOTHING
    places = trail.part(~np.isnan(trail.beat))
    away = None if not len(places) else max(0, round(-float(places.beat[-1])))
    return Verdict(
        level=Level.RED if late_ms >= rule.absent_s * 1000 else Level.ORANGE,
        since=shift.starts,
        facts=NotArrived(
            shift_starts=timestamp(shift.starts),
            late_s=late_ms // 1000,
            away_m=away,
            seen=None if subject.newest == NONE else timestamp(subject.newest),
        ),
        evidence=evidence(places),
    )


def _arrived(trail: SubjectTrail, buffer_m: float, present_ms: int) -> bool:
    """Whether a presence in the trail lasted long enough."""
    if not len(trail):
        return False
    if np.isnan(trail.beat).all():
        return True  # without a known area, an officer who is heard has arrived
    within = inside(trail.beat, trail.acc, buffer_m)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], within.astype(np.int8), [0]])))
    return any(
        int(trail.t[stop - 1] - trail.t[start]) >= present_ms
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    )
