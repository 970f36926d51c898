"""The life cycle of an alert: state, action and time give the next state or a refusal. Pure; timers are state.

States and transitions: docs/alerts.md. Every step has the next number. Only facts reopen an ended alert.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from alerts.life.facts import Struct
from alerts.life.model import ENDED, OPENING, SYSTEM, Level, State, Step
from alerts.rulebook.rule_values import IS_NUMBER, RuleValues, Whole, value, values

MINUTE = 60_000
SNOOZE_MOST_MS = 24 * 60 * MINUTE

Minutes = Annotated[int, Field(ge=1, le=1_440), IS_NUMBER]


def _minutes(default: int, zh: str, en: str) -> Any:
    return value(default, zh, en, "min", least=1, most=1_440)


class EscalationRule(RuleValues):
    """Time each person has, in minutes; values of rules of the kind `escalation`."""

    orange_min: tuple[Minutes, ...] = values(
        (10, 15), "橙色告警逐级升级的等待时间", "orange alerts escalate after, step by step", "min", most=8
    )
    """Until the first, second, … escalation of an orange alert."""
    red_min: tuple[Minutes, ...] = values(
        (5, 10, 15), "红色告警逐级升级的等待时间", "red alerts escalate after, step by step", "min", most=8
    )
    acknowledged_min: Whole = _minutes(30, "确认后仍未解除，再升级的等待时间", "acknowledged alerts escalate after")
    """Until an acknowledged alert that is still open escalates."""
    answer_min: Whole = _minutes(5, "队员答复时限", "an officer must answer within")
    """Time for an officer to answer an order; then it expires."""
    arrive_min: Whole = _minutes(30, "队员到达时限", "an officer must arrive within")
    """Time to arrive after accepting, and again on site until the facts end the alert."""

    def waits(self, level: Level) -> tuple[int, ...]:
        """Minutes until each escalation; empty for alerts that only inform."""
        return {Level.ORANGE: self.orange_min, Level.RED: self.red_min}.get(level, ())

    @property
    def top(self) -> int:
        """How often an alert can be escalated."""
        return max(len(self.orange_min), len(self.red_min), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """State of an alert; times are ms since 1970-01-01 UTC."""

    state: State
    level: Level
    version: int
    """Number of the newest step."""
    at: int
    """Time of the newest step."""
    actor: str = SYSTEM
    """Its actor."""
    escalation: int = 0
    """Number of escalations."""
    escalates_at: int | None = None
    snoozed_until: int | None = None
    assignee: int | None = None
    """Number of the device that was sent."""
    task: str | None = None
    """The order to it."""

    @property
    def ended(self) -> bool:
        """Whether the alert has ended."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A requested action, or a fact."""

    step: Step
    at: int
    """ms since 1970-01-01 UTC."""
    actor: str = SYSTEM
    level: Level | None = None
    """New level; None: unchanged."""
    facts: Struct = field(default_factory=Struct)
    """Facts of this step: its input (`step_facts.StepFacts`), or the facts of the alert."""
    device: int | None = None
    """Number of the device to send."""
    task: str | None = None
    """The new order, or the one of an answer."""
    until: int | None = None
    """End of a snooze."""
    seen: int | None = None
    """Version seen by the actor; None: any."""
    key: str | None = None
    """Identifies the request or timer, so that it acts once."""


class Why(StrEnum):
    """Why an action is refused."""

    ENDED = "ended"
    """The alert has ended."""
    STALE = "stale"
    """Somebody changed the alert since the actor saw it."""
    TAKEN = "taken"
    """Somebody else was faster."""
    TOP = "top"
    """There is no further level of escalation."""


@dataclass(frozen=True, slots=True)
class ActRefusal:
    """The action is not possible; `detail` tells the actor what to do."""

    why: Why
    detail: str


Outcome = Life | ActRefusal | None
"""The alert after the step, or the refusal; None: no change."""


def begin(act: Act, rule: EscalationRule) -> Life:
    """State of a new alert."""
    level = Level.ORANGE if act.level is None else act.level
    opened = Life(state=State.OPEN, level=level, version=1, at=act.at, actor=act.actor)
    return replace(opened, escalates_at=_escalates_at(opened, rule))


def decide(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    """Take a step, or refuse it. Applied to its own result, the same action changes nothing or is refused."""
    if act.seen is not None and act.seen != life.version:
        return ActRefusal(
            Why.STALE, f"Step {life.version}, by {life.actor}, came after what you saw: look at the alert again."
        )
    if act.step in OPENING:
        return _reopened(life, act, rule)
    if life.ended and act.step is not Step.NOTED and not _amends(life, act):
        if act.actor == SYSTEM:
            return None
        return ActRefusal(Why.ENDED, f"The alert is {life.state} (by {life.actor}); a note can still be added.")
    outcome = _STEPS[act.step](life, act, rule)
    return _next(outcome, life, act) if isinstance(outcome, Life) else outcome


def _amends(life: Life, act: Act) -> bool:
    """Withdraw an alert ended by facts when late data disproves it; not one closed by a person."""
    return act.step is Step.WITHDRAWN and life.state is State.RESOLVED and act.actor == SYSTEM


def due(life: Life, now: int) -> Step | None:
    """The step that is due."""
    if life.snoozed_until is not None and now >= life.snoozed_until:
        return Step.WOKEN
    if life.escalates_at is not None and now >= life.escalates_at:
        return Step.ESCALATED
    return None


def _next(entered: Life, life: Life, act: Act) -> Life:
    """Number the step; a clock that was set back does not change the order of steps."""
    return replace(entered, version=life.version + 1, at=max(life.at, act.at), actor=act.actor)


def _escalates_at(life: Life, rule: EscalationRule) -> int | None:
    waits = rule.waits(life.level)
    if life.escalation >= len(waits):
        return None
    if life.state in (State.OPEN, State.ESCALATED):
        return life.at + waits[life.escalation] * MINUTE
    return life.at + rule.acknowledged_min * MINUTE if life.state is State.ACKNOWLEDGED else None


def _entered(life: Life, state: State, act: Act, rule: EscalationRule) -> Life:
    """The alert in another state, with only the timer of that state."""
    entered = replace(life, state=state, at=max(life.at, act.at), snoozed_until=None)
    return replace(entered, escalates_at=_escalates_at(entered, rule))


def _reopened(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    if life.state not in (State.RESOLVED, State.WITHDRAWN):
        return None
    fresh = begin(replace(act, at=max(life.at, act.at)), rule)
    return replace(fresh, version=life.version + 1)


def _ended(life: Life, act: Act, _rule: EscalationRule) -> Outcome:
    states = {Step.RESOLVED: State.RESOLVED, Step.WITHDRAWN: State.WITHDRAWN, Step.CLOSED: State.CLOSED}
    level = life.level if act.level is None else act.level
    return replace(
        life, state=states[act.step], level=level, escalates_at=None, snoozed_until=None, assignee=None, task=None
    )


def _moved(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    """Change the level. A higher level wakes a snoozed alert and never prolongs a wait."""
    if act.level is None or act.level == life.level:
        return None
    worse = act.level > life.level
    raised = replace(life, level=act.level, at=max(life.at, act.at))
    if worse and life.state is State.SNOOZED:
        return _entered(raised, State.OPEN, act, rule)
    timer = _escalates_at(raised, rule)
    if timer is not None and life.escalates_at is not None:
        timer = min(timer, life.escalates_at)
    return replace(raised, escalates_at=timer)


def _acknowledged(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    if life.state in (State.OPEN, State.ESCALATED, State.SNOOZED):
        return _entered(life, State.ACKNOWLEDGED, act, rule)
    if life.state is State.ACKNOWLEDGED and life.actor == act.actor:
        return None
    return ActRefusal(Why.TAKEN, f"The alert is {life.state} already (by {life.actor}).")


def _assigned(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    if life.assignee is not None:
        if life.assignee == act.device:
            return None
        if act.seen is None:
            return ActRefusal(
                Why.TAKEN, f"{life.actor} sent another officer; to send this one instead, give the version you saw."
            )
    return replace(_entered(life, State.ASSIGNED, act, rule), assignee=act.device, task=act.task)


def _snoozed(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    if life.assignee is not None:
        return ActRefusal(
            Why.TAKEN, "An officer is on the way: wait for the visit, send another one, or close the alert."
        )
    if life.snoozed_until == act.until and life.actor == act.actor:
        return None
    return replace(_entered(life, State.SNOOZED, act, rule), snoozed_until=act.until)


def _woken(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    return _entered(life, State.OPEN, act, rule) if due(life, act.at) is Step.WOKEN else None


def _escalated(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    if act.actor == SYSTEM and due(life, act.at) is not Step.ESCALATED:
        return None
    if act.actor != SYSTEM and life.escalation >= rule.top:
        return ActRefusal(Why.TOP, f"The alert was escalated {life.escalation} times; there is nobody further up.")
    return _entered(replace(life, escalation=life.escalation + 1), State.ESCALATED, act, rule)


def _noted(life: Life, _act: Act, _rule: EscalationRule) -> Outcome:
    return life


def _answered(life: Life, act: Act, _rule: EscalationRule) -> Outcome:
    """The officer accepted, arrived, or is done; only for the present order."""
    return life if act.task is not None and act.task == life.task else None


def _given_back(life: Life, act: Act, rule: EscalationRule) -> Outcome:
    """The officer will not come; the alert is open again."""
    if act.task is None or act.task != life.task:
        return None
    free = replace(life, assignee=None, task=None)
    return _entered(free, State.OPEN, act, rule) if life.state is State.ASSIGNED else free


_STEPS: dict[Step, Callable[[Life, Act, EscalationRule], Outcome]] = {
    Step.RAISED: _moved,
    Step.LOWERED: _moved,
    Step.RESOLVED: _ended,
    Step.WITHDRAWN: _ended,
    Step.CLOSED: _ended,
    Step.ACKNOWLEDGED: _acknowledged,
    Step.ASSIGNED: _assigned,
    Step.SNOOZED: _snoozed,
    Step.WOKEN: _woken,
    Step.ESCALATED: _escalated,
    Step.NOTED: _noted,
    Step.ACCEPTED: _answered,
    Step.ARRIVED: _answered,
    Step.DONE: _answered,
    Step.REFUSED: _given_back,
    Step.EXPIRED: _given_back,
}
