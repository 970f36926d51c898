"""Alerts that one event gives: SOS 紧急求助, single officer 单人执法, recorder off 未开记录仪. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from alerts.life.model import Change, Level, OpenAlert, Step
from alerts.officers import machine
from alerts.officers.family import Facts, Verdict, written
from alerts.officers.situation import Crowd, Member
from alerts.officers.tracks import BUCKET_MS, BUCKETS, KEPT_MS, NONE
from schemas import wire

SOS, SINGLE, RECORDER = "sos", "single_officer", "recorder_off"
KINDS = (SOS, SINGLE, RECORDER)
_RECORDING_BEFORE_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event as far as these alerts are concerned."""

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
    crowd: Crowd, happenings: Sequence[Happening], opened: Sequence[OpenAlert], known: Collection[str]
) -> list[Change]:
    """Open what is new, and withdraw what late fixes disprove. `known` are keys of alerts that were opened ever."""
    held = {alert.key: alert for alert in opened if alert.kind in KINDS}
    changes = []
    for event in happenings:
        at = crowd.columns.by_device.get(event.device)
        if at is None:
            continue
        for kind, level, facts in _kinds(crowd, at, event):
            key = f"{kind}:{event.id}"
            if level is None and key in held:
                why = {"why": "late_data", "by": facts.get("by", crowd.members[at].device_name)}
                changes.append(machine.ended(held[key], Step.WITHDRAWN, crowd.now, why))
            elif level is not None and key not in held and key not in known:
                changes.append(_opened(crowd, crowd.members[at], event, kind, level, facts))
    return changes


def _kinds(crowd: Crowd, at: int, event: Happening) -> Iterator[tuple[str, Level | None, Facts]]:
    """Kinds that can be judged now, with their level; None: not so."""
    if event.type == wire.Signal.SOS:
        yield SOS, Level.RED, {}
        return
    rule = crowd.members[at].rule
    judged = event.t + rule.step_grace_s * 1000 <= crowd.now <= event.t + KEPT_MS - rule.together_s * 1000
    if not judged or not crowd.on_shift[at] or event.type in set(wire.Signal):
        return
    if event.case is not None:
        distance, other = _nearest(crowd, at, event)
        if distance <= rule.together_m:
            yield SINGLE, None, {"by": crowd.members[other].device_name}
        else:
            nearest = None if np.isinf(distance) else round(distance)
            yield SINGLE, Level.ORANGE, {"case": event.case, "nearest_m": nearest}
    recording = _recording(crowd, at, event)
    if recording is not None:
        yield RECORDER, None if recording else Level.YELLOW, {"case": event.case}


def _opened(crowd: Crowd, member: Member, event: Happening, kind: str, level: Level, facts: Facts) -> Change:
    verdict = Verdict(level=level, since=event.t, facts={**facts, "event": event.id, "type": event.type})
    return Change(
        key=f"{kind}:{event.id}",
        kind=kind,
        step=Step.OPENED,
        level=level,
        cell=event.cell,
        at=crowd.now,
        facts={**machine.facts(member, verdict), "at": written(event.t)},
        device=event.device,
        officer=None if member.officer is None else member.officer.id,
    )


def _columns(t_from: int, t_to: int) -> list[int]:
    """Columns of the tracks that hold a stretch of time."""
    return [number % BUCKETS for number in range(t_from // BUCKET_MS, t_to // BUCKET_MS + 1)]


def _nearest(crowd: Crowd, at: int, event: Happening) -> tuple[float, int]:
    """Distance of the nearest device of another officer about the time of the event, m, and whose; inf: nobody's."""
    around = crowd.members[at].rule.together_s * 1000
    columns = _columns(event.t - around, event.t + around)
    t, tables = crowd.tracks.t[:, columns], crowd.tracks.tables
    off = np.hypot(tables["x"][:, columns] - event.x, tables["y"][:, columns] - event.y)
    off = np.where(np.abs(t - event.t) <= around, off, np.inf)
    nearest = crowd.by_member(off.min(axis=1), np.inf)
    officer = crowd.columns.officer
    same = (officer == officer[at]) & (officer != NONE)
    same[at] = True
    others = np.where(same, np.inf, nearest)
    who = int(np.argmin(others))
    return float(others[who]), who


def _recording(crowd: Crowd, at: int, event: Happening) -> bool | None:
    """Whether the camera recorded about the event; None: the device does not say."""
    row, rule = int(crowd.row[at]), crowd.members[at].rule
    columns = _columns(event.t - _RECORDING_BEFORE_MS, event.t + rule.together_s * 1000)
    t = crowd.tracks.t[row, columns]
    near = (t >= event.t - _RECORDING_BEFORE_MS) & (t <= event.t + rule.together_s * 1000)
    said = crowd.tracks.recording[row, columns][near]
    said = said[said != NONE]
    return bool((said == 1).any()) if len(said) else None
