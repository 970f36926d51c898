"""Lost contact 失联: no data, with the likely cause: link, receiver, battery, or switched off. Pure."""

import numpy as np

from alerts.life.facts import LostContact
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, NOTHING, Verdict, timestamp
from alerts.officers.situation import Subject, Subjects
from alerts.officers.tracks import NONE
from tracking.presence.fixes import Bool

kind = "lost_contact"
by_track = False

_FLAT = 5.0
"""Battery in per cent below which silence is attributed to it."""
_BACK_MS = 60_000
"""Age of a fix that ends the alert."""
_LONG = 6
"""Multiple of the time of silence that raises the alert."""


def suspects(subjects: Subjects) -> Bool:
    """Officers without a recent measured position; one never heard in this shift has not arrived."""
    starts, newest = subjects.columns.starts, subjects.newest
    heard = (newest > starts) | (subjects.statuses.heard > starts)
    silent = newest <= subjects.now - subjects.columns.threshold("silent_s") * 1000
    return np.asarray(subjects.active & heard & silent & (subjects.row >= 0))


def judge(subject: Subject) -> Verdict:
    """Silent for `silent_s`; ends with the next measured fix."""
    if subject.newest > subject.now - _BACK_MS:
        return CLEAR
    silent_ms = subject.rule.silent_s * 1000
    if subject.newest > subject.now - silent_ms:
        return NOTHING
    last = max(subject.newest, subject.fix_t)
    cause, since = _cause(subject, silent_ms)
    lasts = subject.now - since
    return Verdict(
        level=Level.ORANGE if lasts >= _LONG * silent_ms else Level.YELLOW,
        since=since,
        facts=LostContact(
            cause=cause,
            last_fix=None if last == NONE else timestamp(last),
            last_heard=None if subject.heard == NONE else timestamp(subject.heard),
            silent_s=lasts // 1000,
            battery=subject.battery,
        ),
        evidence=() if subject.newest == NONE else (subject.newest,),
    )


def _cause(subject: Subject, silent_ms: int) -> tuple[str, int]:
    """The likely cause, and its start."""
    heard = max(subject.heard, subject.status_at if subject.online == 1 else NONE)
    if heard > subject.now - silent_ms:
        return "gnss_lost", max(subject.newest, 0) or heard
    since = max(subject.newest, subject.fix_t, 0) or heard
    if subject.signed_off > since - 60_000:
        return "signed_off", since
    if subject.battery is not None and subject.battery <= _FLAT:
        return "battery_flat", since
    if subject.online == 0:
        return "link_lost", since
    return "app_stopped", since
