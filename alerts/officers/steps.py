"""Alerts from single events: SOS 紧急求助, single officer 单人执法, recorder off 未开记录仪. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from alerts.life.facts import AtEvent, Ending, RecorderOff, SingleOfficer, Sos
from alerts.life.model import Change, Level, OpenAlert, Step
from alerts.officers import state_machine
from alerts.officers.detector import Verdict, timestamp
from alerts.officers.situation import Subjects
from alerts.officers.tracks import BUCKET_MS, BUCKETS, KEPT_MS, NONE
from schemas import wire

SOS, SINGLE, RECORDER = "sos", "single_officer", "recorder_off"
KINDS = (SOS, SINGLE, RECORDER)
_RECORDING_BEFORE_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """An event, as these alerts need it."""

    id: str
    device: int
    t: int
    type: str
    case: str | None
    """An event of a case is an enforcement step."""
    x: float
    """m east of the city's centre."""
    y: float
    cell: int | None


def judge(
    subjects: Subjects, happenings: Sequence[AlertEvent], opened: Sequence[OpenAlert], known: Collection[str]
) -> list[Change]:
    """Open new alerts, withdraw those that late fixes disprove. `known` are the keys of all alerts ever opened."""
    held = {alert.key: alert for alert in opened if alert.kind in KINDS}
    changes = []
    for event in happenings:
        at = subjects.columns.by_device.get(event.device)
        if at is None:
            continue
        member = subjects.members[at]
        for state in _kinds(subjects, at, event):
            key = f"{state.kind}:{event.id}"
            if state.facts is None and key in held:
                end = Ending(why="late_data", by=state.by or member.device_name)
                changes.append(state_machine.ended(held[key], Step.WITHDRAWN, subjects.now, end))
            elif state.facts is not None and key not in held and key not in known:
                verdict = Verdict(level=state.level, since=event.t, facts=state.facts)
                opening = state_machine.opening(state.kind, member, verdict, subjects.now, key=key, cell=event.cell)
                changes.append(opening)
    return changes


@dataclass(frozen=True, slots=True, kw_only=True)
class _EventState:
    """Verdict on an event for one kind of alert."""

    kind: str
    level: Level = Level.ORANGE
    facts: AtEvent | None
    """None: no alert."""
    by: str | None = None
    """Name of the device whose fixes disprove the alert."""


def _kinds(subjects: Subjects, at: int, event: AlertEvent) -> Iterator[_EventState]:
    """Verdicts for the kinds that can be judged now."""
    t = timestamp(event.t)
    if event.type == wire.Signal.SOS:
        yield _EventState(kind=SOS, level=Level.RED, facts=Sos(at=t, event=event.id, type=event.type))
        return
    rule = subjects.members[at].rule
    judged = event.t + rule.step_grace_s * 1000 <= subjects.now <= event.t + KEPT_MS - rule.together_s * 1000
    if not judged or not subjects.on_shift[at] or event.type in set(wire.Signal):
        return
    if event.case is not None:
        distance, other = _nearest(subjects, at, event)
        if distance <= rule.together_m:
            yield _EventState(kind=SINGLE, facts=None, by=subjects.members[other].device_name)
        else:
            nearest = None if np.isinf(distance) else round(distance)
            yield _EventState(
                kind=SINGLE,
                facts=SingleOfficer(case=event.case, nearest_m=nearest, at=t, event=event.id, type=event.type),
            )
    recording = _recording(subjects, at, event)
    if recording is not None:
        facts = None if recording else RecorderOff(case=event.case, at=t, event=event.id, type=event.type)
        yield _EventState(kind=RECORDER, level=Level.YELLOW, facts=facts)


def _columns(t_from: int, t_to: int) -> list[int]:
    """Columns of the tracks for a period."""
    return [number % BUCKETS for number in range(t_from // BUCKET_MS, t_to // BUCKET_MS + 1)]


def _nearest(subjects: Subjects, at: int, event: AlertEvent) -> tuple[float, int]:
    """Distance of the nearest other officer around the time of the event, m, and the index; inf: nobody."""
    around = subjects.members[at].rule.together_s * 1000
    columns = _columns(event.t - around, event.t + around)
    t, tables = subjects.tracks.t[:, columns], subjects.tracks.tables
    off = np.hypot(tables["x"][:, columns] - event.x, tables["y"][:, columns] - event.y)
    off = np.where(np.abs(t - event.t) <= around, off, np.inf)
    nearest = subjects.by_member(off.min(axis=1), np.inf)
    officer = subjects.columns.officer
    same = (officer == officer[at]) & (officer != NONE)
    same[at] = True
    others = np.where(same, np.inf, nearest)
    who = int(np.argmin(others))
    return float(others[who]), who


def _recording(subjects: Subjects, at: int, event: AlertEvent) -> bool | None:
    """Whether the camera recorded around the event; None: the device does not report it."""
    row, rule = int(subjects.row[at]), subjects.members[at].rule
    columns = _columns(event.t - _RECORDING_BEFORE_MS, event.t + rule.together_s * 1000)
    t = subjects.tracks.t[row, columns]
    near = (t >= event.t - _RECORDING_BEFORE_MS) & (t <= event.t + rule.together_s * 1000)
    flags = subjects.tracks.recording[row, columns][near]
    flags = flags[flags != NONE]
    return bool((flags == 1).any()) if len(flags) else None
