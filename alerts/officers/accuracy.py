"""Poor accuracy 定位精度差: the receiver reports a poor accuracy for minutes. Pure."""

import numpy as np

from alerts.life.facts import PoorAccuracy
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, NOTHING, Verdict, duration_ms, evidence, ongoing
from alerts.officers.situation import Subject, Subjects
from tracking.presence.fixes import Bool

kind = "poor_accuracy"
by_track = True

_LEAST_FIXES = 3


def suspects(subjects: Subjects) -> Bool:
    """Officers with mostly poor recent fixes."""
    rules = subjects.columns.rules
    if not rules:
        return np.zeros(0, np.bool_)
    worst = min(rule.accuracy_m for rule in rules)
    lately = subjects.lately(max(rule.accuracy_s for rule in rules) * 1000 + 1)
    acc = lately.table("acc")
    bad, good = lately.count(acc > worst), lately.count(acc <= worst)
    return np.asarray(subjects.active & subjects.by_member((bad >= _LEAST_FIXES) & (2 * bad > good), absent=False))


def judge(subject: Subject) -> Verdict:
    """Median over `accuracy_s` beyond `accuracy_m`; clear below `accuracy_back_m`."""
    rule = subject.rule
    recent = subject.trail.since(subject.now - rule.accuracy_s * 1000)
    if not subject.fresh or len(recent) < _LEAST_FIXES:
        return NOTHING
    median = float(np.median(recent.acc))
    if median <= rule.accuracy_back_m:
        return CLEAR
    bad = ongoing(subject.trail, subject.trail.acc > rule.accuracy_m, subject.trail.acc <= rule.accuracy_back_m)
    if median <= rule.accuracy_m or not len(bad) or duration_ms(recent) < rule.accuracy_s * 500:
        return NOTHING
    facts = PoorAccuracy(median_m=round(median), limit_m=round(rule.accuracy_m), over_s=rule.accuracy_s)
    return Verdict(level=Level.YELLOW, since=int(bad.t[0]), facts=facts, evidence=evidence(recent))
