"""A made-up city for the alerts about officers.

The area of the unit is the square of 2 km about the origin, the beat its western half. Minutes count from the
beginning of a shift at START.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from alerts.life import facts
from alerts.life.model import ENDING, OPENING, Change, OpenAlert, State
from alerts.officers import evaluate, situation, state_machine
from alerts.officers.situation import DeviceStatuses, Member, Subjects
from alerts.officers.steps import AlertEvent
from alerts.officers.thresholds import OfficerRule
from alerts.officers.tracks import NONE, Tracks, ZonedFixes
from tracking.city.people import Officer, Shift, ShiftKind, Sign
from tracking.quality.model import Finding

START = 1_769_990_400_000
MINUTE = 60_000
HALF_M = 1_000.0


def ms(minute: float) -> int:
    """Minutes since the beginning of the shift as ms."""
    return START + round(minute * MINUTE)


@dataclass(slots=True)
class Guard:
    """An officer of the made-up city and what the device says."""

    number: int
    shift: Shift | None
    own_beat: bool = True
    area: str | None = "street"
    rule: OfficerRule = field(default_factory=OfficerRule)
    fixes: list[dict[str, Any]] = field(default_factory=list)
    online: int = NONE
    status_at: int = NONE
    signed_off: int = NONE
    battery: float = 90.0
    duty: int = situation.DUTY
    heard: int = NONE
    newest: int = NONE

    def fix(self, minute: float, x: float, y: float, **more: Any) -> None:
        """A measured fix with 4 m of accuracy, received at once."""
        known = {"acc": 4.0, "spd": np.nan, "recording": NONE, "received": ms(minute), "taken": False}
        self.fixes.append({"t": ms(minute), "x": x, "y": y, **known, **more})

    def walk(self, start: float, end: float, at: Callable[[float], tuple[float, float]], **more: Any) -> None:
        """A fix every 20 s from minute `start` to `end`; `at` gives the place of a minute."""
        for minute in np.arange(start, end, 1 / 3).tolist():
            self.fix(minute, *at(minute), **more)

    def beats(self, start: float, end: float) -> None:
        """Patrol inside the beat."""
        turn = float(self.number)  # everybody is elsewhere on the round
        self.walk(start, end, lambda at: (-500 + 300 * math.sin(at / 4 + turn), 300 * math.cos(at / 4 + turn)))

    @property
    def member(self) -> Member:
        """As the rules see the officer."""
        return Member(
            device=self.number,
            device_name=f"cam-{self.number}",
            unit="team",
            area=self.area,
            officer=Officer(id=self.number, badge=f"B{self.number}", name=f"王{self.number}", unit="team"),
            shift=self.shift,
            own_beat=self.own_beat,
            rule=self.rule,
        )


@dataclass(slots=True)
class City:
    """Officers, and the alerts that stand; `look` is one look of the watcher."""

    guards: list[Guard]
    tracks: Tracks = field(default_factory=Tracks)
    alerts: dict[str, OpenAlert] = field(default_factory=dict)
    steps: list[Change] = field(default_factory=list)
    closed: list[state_machine.Closed] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    happenings: list[AlertEvent] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    findings: dict[int, Sequence[Finding]] = field(default_factory=dict)

    def look(self, minute: float, *, until: float | None = None) -> list[Change]:
        """Judge at a minute what was received up to `until` (None: up to then), and store it."""
        now = ms(minute)
        subjects = self.subjects(now, now if until is None else ms(until))
        seen = evaluate.StoredState(
            happenings=[event for event in self.happenings if event.t <= now],
            signs=self.signs,
            opened=list(self.alerts.values()),
            closed=self.closed,
            known=self.known,
        )
        changes = evaluate.evaluate(subjects, seen)
        for change in changes:
            self._store(change)
        return changes

    def subjects(self, now: int, received: int) -> Subjects:
        """What is known at `now` of what was received up to a moment."""
        tracks = self.tracks
        for guard in self.guards:
            row = tracks.row(guard.number)
            new = [fix for fix in guard.fixes[-600:] if not fix["taken"] and fix["received"] <= received]
            for fix in new:
                fix["taken"] = True
                guard.newest, guard.heard = max(guard.newest, fix["t"]), max(guard.heard, fix["received"])
            if new:
                tracks.put(_placed(row, new, own_beat=guard.own_beat))
        shifts = [guard.shift for guard in self.guards]
        return Subjects(
            now=now,
            members=[guard.member for guard in self.guards],
            row=np.array([tracks.rows[guard.number] for guard in self.guards], dtype=np.intp),
            statuses=DeviceStatuses(
                heard=np.array([guard.heard for guard in self.guards], dtype=np.int64),
                fix_t=np.array([guard.newest for guard in self.guards], dtype=np.int64),
                duty=np.array([guard.duty for guard in self.guards], dtype=np.int16),
                battery=np.array([guard.battery for guard in self.guards]),
                online=np.array([guard.online for guard in self.guards], dtype=np.int8),
                status_at=np.array([guard.status_at for guard in self.guards], dtype=np.int64),
                signed_off=np.array([guard.signed_off for guard in self.guards], dtype=np.int64),
            ),
            tracks=tracks,
            on_shift=np.array([shift is not None and shift.starts <= now < shift.ends for shift in shifts], np.bool_),
            pausing=np.array([guard.duty == situation.BREAK for guard in self.guards], np.bool_),
            on_task=np.array([guard.duty == situation.TASK for guard in self.guards], np.bool_),
            findings=self.findings,
            events={event.device: [event.t] for event in self.happenings},
        )

    def kinds(self) -> set[str]:
        """Kinds that stand."""
        return {alert.kind for alert in self.alerts.values()}

    def told(self, kind: str) -> list[str]:
        """Steps of a kind so far."""
        return [change.step.value for change in self.steps if change.kind == kind]

    def _store(self, change: Change) -> None:
        self.steps.append(change)
        self.known.add(change.key)
        if change.step in OPENING:
            assert change.key not in self.alerts
            self.alerts[change.key] = OpenAlert(
                key=change.key, kind=change.kind, level=change.level, cell=change.cell, opened_at=change.at,
                facts=facts.facts_of(change.kind, change.facts.stored()), state=State.OPEN, device=change.device,
                officer=change.officer,
            )  # fmt: skip
        elif change.step in ENDING:
            del self.alerts[change.key]
        else:
            old = self.alerts[change.key]
            self.alerts[change.key] = replace(
                old, level=change.level, facts=facts.facts_of(old.kind, {**old.facts.stored(), **change.facts.stored()})
            )


def shift(officer: int = 1, *, minutes: float = 480, kind: str = "patrol") -> Shift:
    """A shift that begins at START."""
    made: ShiftKind = "post" if kind == "post" else "patrol"
    return Shift(id=officer, officer=officer, area="beat", starts=START, ends=ms(minutes), kind=made)


def city(count: int = 1, **more: Any) -> City:
    """A city with so many officers on shift."""
    return City([Guard(number, shift(number), **more) for number in range(1, count + 1)])


def _placed(row: int, fixes: Sequence[dict[str, Any]], *, own_beat: bool) -> ZonedFixes:
    def column(name: str) -> np.ndarray[Any, Any]:
        return np.array([fix[name] for fix in fixes])

    x, y = column("x").astype(float), column("y").astype(float)
    team = HALF_M - np.maximum(np.abs(x), np.abs(y))
    beat = np.minimum(team, -x) if own_beat else team
    return ZonedFixes(
        row=np.full(len(fixes), row, dtype=np.intp), t=column("t").astype(np.int64), x=x, y=y,
        acc=column("acc").astype(float), spd=column("spd").astype(float), beat=beat, team=team,
        recording=column("recording").astype(np.int8),
    )  # fmt: skip
