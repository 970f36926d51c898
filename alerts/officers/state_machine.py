"""One state machine for all detectors: what opens, rises, ends, is withdrawn. Pure.

An alert is opened by a verdict that has lasted long enough (`Verdict.level`), and ended by one that is clear with a
margin. One that was closed by hand is not opened again for what began before it was closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import structs

from alerts.life.facts import Ending, Personal
from alerts.life.model import Change, Level, OpenAlert, Step
from alerts.officers.detector import Detector, Verdict, timestamp
from alerts.officers.situation import Member, Subject, Subjects
from alerts.officers.tracks import KEPT_MS

LOOKED_BACK_MS = 2_400_000
"""Longest period a verdict depends on; while it is still in the tracks, late fixes can withdraw an alert."""
RETRACTED_MS = 6 * 86_400_000
"""Age of an alert up to which the retraction of its finding withdraws it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """An alert that a person closed."""

    kind: str
    who: str
    """`Member.key`."""
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Open alerts, and those recently closed by hand, by (kind, `Member.key`)."""

    held: Mapping[tuple[str, str], OpenAlert]
    closed: Mapping[tuple[str, str], int]
    """Time of closing, ms."""


def by_subject(opened: Sequence[OpenAlert], closed: Sequence[Closed]) -> Standing:
    """Sort alerts by kind and subject."""
    latest: dict[tuple[str, str], int] = {}
    for alert in closed:
        latest[alert.kind, alert.who] = max(alert.at, latest.get((alert.kind, alert.who), alert.at))
    return Standing(held={(alert.kind, who): alert for alert in opened if (who := who_of(alert))}, closed=latest)


def who_of(alert: OpenAlert | Change) -> str:
    """Subject of an alert, or of a step of it, as `Member.key`; empty: nobody."""
    return alert.facts.who if isinstance(alert.facts, Personal) else ""


def run(
    subjects: Subjects, detectors: Sequence[Detector], known: Standing, *, quiet: frozenset[str] = frozenset()
) -> list[Change]:
    """Decide what changes.

    Args:
        subjects: all members.
        detectors: of the kinds to judge.
        known: open and recently closed alerts.
        quiet: kinds of which no alert is opened now.
    """
    changes: list[Change] = []
    number = subjects.columns.by_key
    for detector in detectors:
        held = {who: alert for (kind, who), alert in known.held.items() if kind == detector.kind}
        looked = {subjects.members[at].key for at in np.flatnonzero(detector.suspects(subjects)).tolist()}
        for who in sorted(looked | held.keys()):
            at = number.get(who)
            change = _one(subjects, detector, at, held.get(who), known, opens=detector.kind not in quiet)
            changes += [] if change is None else [change]
    return changes


def _one(
    subjects: Subjects, detector: Detector, at: int | None, alert: OpenAlert | None, known: Standing, *, opens: bool
) -> Change | None:
    if at is None or not subjects.active[at]:
        why = "gone" if at is None else "off_duty" if not subjects.on_shift[at] else "break"
        return None if alert is None else ended(alert, Step.RESOLVED, subjects.now, Ending(why=why))
    subject = subjects.subject(at)
    verdict = detector.judge(subject)
    if alert is None:
        return _opened(detector.kind, subject, verdict, known) if opens and verdict.level is not None else None
    return _moved(detector, subject, verdict, alert)


def _opened(kind: str, subject: Subject, verdict: Verdict, known: Standing) -> Change | None:
    closed = known.closed.get((kind, subject.member.key))
    if closed is not None and verdict.since <= closed:
        return None
    return opening(kind, subject.member, verdict, subject.now)


def _moved(detector: Detector, subject: Subject, verdict: Verdict, alert: OpenAlert) -> Change | None:
    if detector.by_track and subject.now - KEPT_MS + LOOKED_BACK_MS <= alert.opened_at < subject.now:
        then = detector.judge(subject.at(alert.opened_at))
        if then.level is None:
            return ended(alert, Step.WITHDRAWN, subject.now, Ending(why="late_data", by=subject.member.device_name))
    if verdict.refuted and subject.now - alert.opened_at < RETRACTED_MS:
        return ended(alert, Step.WITHDRAWN, subject.now, Ending(why="late_data", by=subject.member.device_name))
    if verdict.level is None:
        return ended(alert, Step.RESOLVED, subject.now, Ending(why="over")) if verdict.clear else None
    if verdict.level > alert.level:
        return step(alert, Step.RAISED, subject.now, verdict.level, facts(subject.member, verdict))
    return None


def facts(member: Member, verdict: Verdict) -> Personal:
    """Facts to store: subject, numbers, deciding fixes, and version of the rule."""
    officer = member.officer
    return structs.replace(
        verdict.facts,
        who=member.key,
        name=name_of(member),
        badge=None if officer is None else officer.badge,
        device=member.device_name,
        unit=member.unit,
        since=timestamp(verdict.since),
        evidence=[timestamp(t) for t in verdict.evidence],
        rule=member.rule.version,
    )


def name_of(member: Member) -> str:
    """Name of a member for people."""
    return (member.device_name or "") if member.officer is None else member.officer.name


def opening(
    kind: str, member: Member, verdict: Verdict, now: int, *, key: str | None = None, cell: int | None = None
) -> Change:
    """Open an alert about a member by a verdict with a level; without `key`, there is one for each beginning."""
    assert verdict.level is not None  # noqa: S101 - checked by the caller
    return Change(
        key=key or f"{kind}:{member.key}:{verdict.since}",
        kind=kind,
        step=Step.OPENED,
        level=verdict.level,
        cell=cell,
        at=now,
        facts=facts(member, verdict),
        device=member.device,
        officer=None if member.officer is None else member.officer.id,
    )


def ended(alert: OpenAlert, how: Step, now: int, ending: Ending) -> Change:
    """End an alert."""
    return step(alert, how, now, alert.level, ending)


def step(alert: OpenAlert, how: Step, now: int, level: Level, more: Ending) -> Change:
    """A step of an open alert."""
    return Change(
        key=alert.key, kind=alert.kind, step=how, level=level, at=now, facts=more, cell=alert.cell,
        device=alert.device, officer=alert.officer,
    )  # fmt: skip
