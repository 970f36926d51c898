"""Kinds, levels, states and steps of alerts, and the changes decided by rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from alerts.life.facts import Ending, Facts

GAP = "coverage_gap"
"""Kind: a unit cell will exceed, or has exceeded, its limit."""
UNDERSTAFFED = "understaffed"
"""Kind: more cells fall due in a street within the hour than its officers can visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertKind:
    """Properties of a kind of alert."""

    zh: str
    en: str
    personal: bool = False
    """About an officer or the device carried; that device is notified first."""
    urgent: bool = False
    """Highest level at once, without grace and quiet hours."""


KINDS: dict[str, AlertKind] = {
    GAP: AlertKind(zh="巡查空档", en="Coverage gap"),
    UNDERSTAFFED: AlertKind(zh="人手不足", en="Too few officers"),
    "not_arrived": AlertKind(zh="未到岗", en="Not arrived", personal=True),
    "left_post": AlertKind(zh="离岗", en="Left the post", personal=True),
    "out_of_area": AlertKind(zh="越界", en="Out of the area", personal=True),
    "overlong_stay": AlertKind(zh="停留超时", en="Overlong stay", personal=True),
    "lost_contact": AlertKind(zh="失联", en="Lost contact", personal=True),
    "low_battery": AlertKind(zh="电量低", en="Low battery", personal=True),
    "poor_accuracy": AlertKind(zh="定位精度差", en="Poor accuracy", personal=True),
    "clock_skew": AlertKind(zh="时钟偏差", en="Clock skew", personal=True),
    "fake_track": AlertKind(zh="轨迹疑似造假", en="Suspected fake track"),
    "single_officer": AlertKind(zh="单人执法", en="Single officer at an enforcement step", personal=True),
    "recorder_off": AlertKind(zh="未开记录仪", en="Recorder off at an event", personal=True),
    "wrong_datum": AlertKind(zh="坐标系疑似有误", en="Wrong datum suspected"),
    "riding": AlertKind(zh="乘车巡查", en="Riding instead of walking", personal=True),
    "crowding": AlertKind(zh="扎堆", en="Crowding"),
    "double_sign_in": AlertKind(zh="重复签到", en="Signed in twice"),
    "deaf": AlertKind(zh="全网无数据", en="No data received", urgent=True),
    "sos": AlertKind(zh="紧急求助", en="SOS", urgent=True),
}
"""All kinds of alerts. A device suspected of a fake track is not notified."""


class Level(IntEnum):
    """Urgency of an alert; names are lower-case on the wire."""

    BLUE = 0
    """Enough time."""
    YELLOW = 1
    """Less than 30 % of the limit left beyond arrival and visit."""
    ORANGE = 2
    """Will be overdue unless somebody is sent now."""
    RED = 3
    """Overdue."""

    @property
    def wire(self) -> str:
        """Name on the wire and in the database."""
        return self.name.lower()

    @classmethod
    def of(cls, name: str) -> "Level":
        """The level with a wire name."""
        return cls[name.upper()]


class State(StrEnum):
    """State of an alert."""

    OPEN = "open"
    """Nobody has taken it on."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody has seen it."""
    ASSIGNED = "assigned"
    """An officer was sent."""
    SNOOZED = "snoozed"
    """Postponed, with a reason."""
    ESCALATED = "escalated"
    """The next person was notified."""
    RESOLVED = "resolved"
    """The facts ended it."""
    WITHDRAWN = "withdrawn"
    """Late data disproved it."""
    CLOSED = "closed"
    """A person ended it, with a reason."""


ENDED = frozenset({State.RESOLVED, State.WITHDRAWN, State.CLOSED})
STANDING = frozenset(State) - ENDED


class Step(StrEnum):
    """Step of an alert."""

    OPENED = "opened"
    REOPENED = "reopened"
    """The reason for its end proved invalid."""
    RAISED = "raised"
    LOWERED = "lowered"
    RESOLVED = "resolved"
    """By facts: a valid visit, enough officers."""
    WITHDRAWN = "withdrawn"
    """Late data disproves it."""

    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    ESCALATED = "escalated"
    CLOSED = "closed"
    NOTED = "noted"

    ACCEPTED = "accepted"
    """The officer accepted the order."""
    REFUSED = "refused"
    """The officer refused: the alert is open again."""
    ARRIVED = "arrived"
    DONE = "done"
    """The officer reports completion; only facts end the alert."""
    EXPIRED = "expired"
    """No answer, or no arrival, in time: the alert is open again."""


OPENING = frozenset({Step.OPENED, Step.REOPENED})
ENDING = (Step.RESOLVED, Step.WITHDRAWN)
"""Steps by which the rules end an alert."""

SYSTEM = "system"
"""Actor of automatic steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An open alert, as the rules need it."""

    key: str
    kind: str
    level: Level
    cell: int | None
    """Number of the cell in the store."""
    opened_at: int
    """ms since 1970-01-01 UTC."""
    facts: Facts
    state: State = State.OPEN
    device: int | None = None
    """Number of the device in the store."""
    officer: int | None = None
    """Number of the officer in the store."""
    assignee: int | None = None
    """Number of the device that was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A step decided by rules; applying it twice has no further effect."""

    key: str
    kind: str
    step: Step
    level: Level
    cell: int | None = None
    at: int
    """Time of the decision, ms since 1970-01-01 UTC."""
    facts: Ending
    """Facts of its kind, or how it ended; added to the stored facts."""
    device: int | None = None
    """Number of its device; kept from the opening on, like cell, officer and area."""
    officer: int | None = None
    area: str | None = None
    """Its street; None: that of the cell, else of the unit of the device."""
    priority: float | None = None
    """Expected cost, larger first within a level; None: unchanged, 0 at the opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A valid visit, as alerts need it; ms since 1970-01-01 UTC."""

    t_in: int
    t_out: int
    open: bool
    """It is ongoing."""
    cause: Mapping[str, Any] | None = None
    """Why it became known out of order (`tracking.records.reasons`); None: in order."""
