"""Lost contact 失联: nothing heard, and what seems to be the cause: link, receiver, battery, or switched off. Pure."""

import numpy as np

from alerts.life.facts import LostContact
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, NOTHING, Verdict, written
from alerts.officers.situation import Crowd, One
from alerts.officers.tracks import NONE
from tracking.presence.fixes import Bool

kind = "lost_contact"
by_track = False

_FLAT = 5.0
"""Per cent below which a device that falls silent is taken to be flat."""
_BACK_MS = 60_000
"""A fix so new ends the alert."""
_LONG = 6
"""So many times the time of silence make it urgent."""


def suspects(crowd: Crowd) -> Bool:
    """Of whom no measured place is known for long; whoever was never heard in this shift has not arrived."""
    starts, newest = crowd.columns.starts, crowd.newest
    heard = (newest > starts) | (crowd.said.heard > starts)
    silent = newest <= crowd.now - crowd.columns.threshold("silent_s") * 1000
    return np.asarray(crowd.active & heard & silent & (crowd.row >= 0))


def judge(one: One) -> Verdict:
    """Silent for `silent_s`; clear with the next measured fix."""
    if one.newest > one.now - _BACK_MS:
        return CLEAR
    silent_ms = one.rule.silent_s * 1000
    if one.newest > one.now - silent_ms:
        return NOTHING
    last = max(one.newest, one.fix_t)
    cause, since = _cause(one, silent_ms)
    lasts = one.now - since
    return Verdict(
        level=Level.ORANGE if lasts >= _LONG * silent_ms else Level.YELLOW,
        since=since,
        facts=LostContact(
            cause=cause,
            last_fix=None if last == NONE else written(last),
            last_heard=None if one.heard == NONE else written(one.heard),
            silent_s=lasts // 1000,
            battery=one.battery,
        ),
        evidence=() if one.newest == NONE else (one.newest,),
    )


def _cause(one: One, silent_ms: int) -> tuple[str, int]:
    """The likeliest cause, and since when."""
    heard = max(one.heard, one.status_at if one.online == 1 else NONE)
    if heard > one.now - silent_ms:
        return "gnss_lost", max(one.newest, 0) or heard
    since = max(one.newest, one.fix_t, 0) or heard
    if one.signed_off > since - 60_000:
        return "signed_off", since
    if one.battery is not None and one.battery <= _FLAT:
        return "battery_flat", since
    if one.online == 0:
        return "link_lost", since
    return "app_stopped", since
