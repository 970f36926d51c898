"""Low battery 电量低: it will not last for the rest of the shift. Pure."""

import numpy as np

from alerts.life.facts import LowBattery
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, NOTHING, Verdict, timestamp
from alerts.officers.situation import FRESH_MS, Subject, Subjects
from tracking.presence.fixes import Bool

kind = "low_battery"
by_track = False


def suspects(subjects: Subjects) -> Bool:
    """Officers with a low battery."""
    return np.asarray(subjects.active & (subjects.statuses.battery <= subjects.columns.threshold("battery_low")))


def judge(subject: Subject) -> Verdict:
    """Low, or nearly empty, with more than `shift_left_s` of the shift left; ends when charged."""
    rule, shift, battery = subject.rule, subject.member.shift, subject.battery
    if battery is None or subject.heard <= subject.now - FRESH_MS:
        return NOTHING
    left_s = None if shift is None else (shift.ends - subject.now) // 1000
    if battery >= rule.battery_back or (left_s is not None and left_s <= 0):
        return CLEAR
    if battery > rule.battery_low or (left_s is not None and left_s <= rule.shift_left_s):
        return NOTHING
    level = Level.ORANGE if battery <= rule.battery_alarm else Level.YELLOW
    if shift is None and level is not Level.ORANGE:
        return NOTHING
    facts = LowBattery(
        battery=round(battery), shift_ends=None if shift is None else timestamp(shift.ends), left_s=left_s
    )
    # One alert a shift: a low battery falls further, and the time it was first low is irrelevant.
    return Verdict(
        level=level, since=subject.now if shift is None else shift.starts, facts=facts, evidence=(subject.fix_t,)
    )
