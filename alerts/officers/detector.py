"""Interface of detectors of alerts about officers: suspects among all, and a verdict on each. Pure."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from alerts.life.facts import Personal
from alerts.life.model import Level
from alerts.officers.situation import Subject, Subjects
from alerts.officers.tracks import SubjectTrail
from runtime import times
from schemas import rest
from tracking.presence.fixes import Bool

GAP_MS = 300_000
"""Longest silence within a lasting condition; the position in longer ones is unknown."""
_EVIDENCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Verdict on one member."""

    level: Level | None = None
    """None: no alert."""
    since: int = 0
    """When it began, ms."""
    clear: bool = False
    """Clearly over; an open alert ends. With neither a level nor clear it stays as it is."""
    refuted: bool = False
    """The data that opened it was corrected."""
    facts: Personal = field(default_factory=Personal)
    """Facts for the text."""
    evidence: tuple[int, ...] = ()
    """Times of the deciding fixes, ms."""


NOTHING = Verdict()
CLEAR = Verdict(clear=True)


class Detector(Protocol):
    """One kind of alert."""

    @property
    def kind(self) -> str:
        """Kind of the alerts."""

    @property
    def by_track(self) -> bool:
        """The verdict depends on positions alone, so late ones can disprove it."""

    def suspects(self, subjects: Subjects) -> Bool:
        """Members that may have an alert; fast, for all at once."""

    def judge(self, subject: Subject) -> Verdict:
        """Judge one member on duty."""


def ongoing(trail: SubjectTrail, so: Bool, ends: Bool) -> SubjectTrail:
    """Fixes of the time for which a condition has lasted up to now.

    It begins with the first fix of `so` after the last one of `ends`, and after the last gap.
    """
    start = 0
    if ends.any():
        start = int(np.flatnonzero(ends)[-1]) + 1
    gaps = np.flatnonzero(np.diff(trail.t[start:]) > GAP_MS)
    if len(gaps):
        start += int(gaps[-1]) + 1
    first = np.flatnonzero(so[start:])
    if not len(first):
        return trail.part(slice(0, 0))
    return trail.part(slice(start + int(first[0]), None))


def duration_ms(trail: SubjectTrail) -> int:
    """Time from the first fix to the last, ms."""
    return int(trail.t[-1] - trail.t[0]) if len(trail) else 0


def evidence(trail: SubjectTrail) -> tuple[int, ...]:
    """A sample of fixes: first, last and some between."""
    if len(trail) <= _EVIDENCE:
        return tuple(trail.t.tolist())
    return tuple(trail.t[np.linspace(0, len(trail) - 1, _EVIDENCE).astype(int)].tolist())


def timestamp(ms: int) -> str:
    """RFC 3339."""
    return rest.rfc3339(times.moment(ms))
