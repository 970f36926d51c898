"""No data 全网无数据: nothing is received from anybody, or from many: one alert instead of many. Pure."""

from collections.abc import Sequence

from alerts.life.facts import Deaf, Ending
from alerts.life.model import Change, Level, OpenAlert, Step
from alerts.officers import contact, state_machine
from alerts.officers.detector import timestamp
from alerts.officers.situation import Subjects
from alerts.officers.tracks import NONE
from tracking.presence.silence import UNHEARD_MS

KIND = "deaf"
DEAF_MS = UNHEARD_MS
BACK_MS = 60_000
LEAST = 3
"""With fewer officers on duty, each has its own alert."""
MANY = 10
SHARE = 0.3
BACK_SHARE = 0.15
AFTER_MS = 300_000
"""Time for everybody to be heard again after it ended."""


def judge(subjects: Subjects, opened: Sequence[OpenAlert]) -> tuple[list[Change], bool]:
    """Open or end the alert; returns whether lost contact is suppressed now."""
    active = int((subjects.active & (subjects.row >= 0)).sum())
    heard = int(subjects.statuses.heard.max()) if len(subjects) else NONE
    silent = int(contact.suspects(subjects).sum())
    held = next((alert for alert in opened if alert.kind == KIND), None)
    if held is not None:
        over = heard > subjects.now - BACK_MS and silent <= max(BACK_SHARE * active, LEAST)
        if over or active < LEAST:
            return [
                state_machine.ended(held, Step.RESOLVED, subjects.now, Ending(why="over", heard_again=_time(heard)))
            ], True
        return [], True
    everybody = active >= LEAST and heard <= subjects.now - DEAF_MS
    new = silent - sum(alert.kind == contact.kind for alert in opened)
    many = active >= MANY and new >= max(MANY, SHARE * active)
    if not everybody and not many:
        return [], False
    facts = Deaf(everybody=everybody, heard=_time(heard), officers=active, silent=active if everybody else silent)
    opening = Change(
        key=f"{KIND}:{subjects.now}", kind=KIND, step=Step.OPENED, level=Level.RED, at=subjects.now, facts=facts
    )
    return [opening], True


def _time(ms: int) -> str | None:
    return None if ms == NONE else timestamp(ms)
