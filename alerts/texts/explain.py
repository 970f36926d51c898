"""The text of an alert: one sentence in Chinese and one in English, with its facts. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET

from alerts.life import facts as of
from alerts.life.facts import Facts
from alerts.life.model import ENDED, KINDS, State
from alerts.texts.catalogue import ALERTS, BECAUSE, CAUSES, ENDS, LATE_DATA, WHY, WHY_GAP, Pair
from alerts.texts.form import Clock, filled
from tracking.records import reasons


def explain(kind: str, state: str, level: str, facts: Facts, *, at: datetime, zone: ZoneInfo) -> Pair:
    """Explain an alert.

    Args:
        kind: kind of the alert.
        state: open, resolved, withdrawn or closed.
        level: blue, yellow, orange or red.
        facts: facts of the alert.
        at: time of its last change.
        zone: the city's time zone.

    Returns:
        The Chinese and the English sentence.
    """

    def clock(text: str) -> str:
        local = datetime.fromisoformat(text).astimezone(zone)
        return local.strftime("%H:%M" if local.date() == at.astimezone(zone).date() else "%m-%d %H:%M")

    match facts:
        case of.Unknown():
            return (KINDS[kind].zh, KINDS[kind].en) if kind in KINDS else (kind, kind)
        case of.Gap():
            return _gap(state, level, facts, clock)
        case of.Understaffed():
            return filled([ALERTS["understaffed.ended" if state in ENDED else "understaffed"]], facts, clock)
        case _:
            return _ended(state, facts, _said(kind, facts, clock), clock)


def _gap(state: str, level: str, facts: of.Gap, clock: Clock) -> Pair:
    """小金口-07 最后有效巡查 13:05，限 90 分钟；最近空闲队员 9 分钟可达，余量 −4 分钟."""
    if state == State.WITHDRAWN:
        return _gap_withdrawn(facts, clock)
    if state == State.RESOLVED and facts.visit_in is not UNSET:
        return filled([ALERTS["coverage_gap.in_time" if facts.in_time is True else "coverage_gap.late"]], facts, clock)
    parts = ["coverage_gap" if facts.visited else "coverage_gap.never"]
    parts += ["coverage_gap.overdue"] if level == "red" else []
    parts += ["coverage_gap.nobody" if facts.arrival_s is None else "coverage_gap.nearest"]
    parts += ["coverage_gap.slack"] if facts.slack_s is not None and level != "red" else []
    return filled([ALERTS[part] for part in parts], facts, clock)


def _gap_withdrawn(facts: of.Gap, clock: Clock) -> Pair:
    reason = reasons.sentences(facts.reason, clock) if facts.reason else None
    if facts.visit_in is not UNSET and facts.why not in WHY_GAP:
        return filled([ALERTS["coverage_gap.visited"]], facts, clock, {"because": reason or LATE_DATA})
    why = WHY_GAP.get(str(facts.why), LATE_DATA)
    if reason is not None:
        why = filled([BECAUSE], of.Unknown(), clock, {"said": why, "because": reason})
    return filled([ALERTS["coverage_gap.withdrawn"]], facts, clock, {"because": why})


def _said(kind: str, facts: Facts, clock: Clock) -> Pair:
    """Text of an open alert about an officer."""
    choose = _PARTS.get(type(facts))
    parts = [kind] if choose is None else choose(facts)
    extra = {}
    if isinstance(facts, of.LostContact):
        extra["because"] = CAUSES.get(facts.cause, (facts.cause, facts.cause))
    return filled([ALERTS[part] for part in parts], facts, clock, extra)


def _ended(state: str, facts: Facts, sentence: Pair, clock: Clock) -> Pair:
    if state not in (State.RESOLVED, State.WITHDRAWN):
        return sentence
    if state == State.WITHDRAWN and facts.reason:
        form, because = "withdrawn_by", reasons.sentences(facts.reason, clock)
    else:
        form, because = state, WHY.get(str(facts.why), WHY["over"])
    return filled([ENDS[form]], of.Unknown(), clock, {"said": sentence, "because": because})


def _not_arrived(facts: of.NotArrived) -> list[str]:
    if facts.device is None:
        return ["not_arrived", "not_arrived.no_device"]
    if facts.seen is None:
        return ["not_arrived", "not_arrived.unseen"]
    return ["not_arrived", "not_arrived.seen" if facts.away_m is None else "not_arrived.away"]


def _lost(facts: of.LostContact) -> list[str]:
    return ["lost_contact"] if facts.battery is None else ["lost_contact", "lost_contact.battery"]


def _battery(facts: of.LowBattery) -> list[str]:
    known = facts.shift_ends is not None and facts.left_s is not None
    return ["low_battery", "low_battery.shift"] if known else ["low_battery"]


def _skew(facts: of.ClockSkew) -> list[str]:
    return ["clock_skew" if facts.found["skew_s"] > 0 else "clock_skew.behind"]


def _fake(facts: of.FakeTrack) -> list[str]:
    finding = f"fake_track.{facts.finding}"
    return ["fake_track", finding] if finding in ALERTS else ["fake_track"]


def _single(facts: of.SingleOfficer) -> list[str]:
    return ["single_officer", "single_officer.nobody" if facts.nearest_m is None else "single_officer.nearest"]


def _deaf(facts: of.Deaf) -> list[str]:
    if not facts.everybody:
        return ["deaf.many"]
    return ["deaf.ever" if facts.heard is None else "deaf"]


_PARTS: dict[type[Facts], Callable[[Any], list[str]]] = {
    of.NotArrived: _not_arrived,
    of.LostContact: _lost,
    of.LowBattery: _battery,
    of.ClockSkew: _skew,
    of.FakeTrack: _fake,
    of.SingleOfficer: _single,
    of.Deaf: _deaf,
}
"""Sentences of an alert, if not the single one of its kind."""
