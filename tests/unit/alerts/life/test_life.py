"""The life of an alert: every state has a way on, what ended stays ended, steps only go forward."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.life import life
from alerts.life.life import MINUTE, Act, ActRefusal, EscalationRule, Life, Why
from alerts.life.model import ENDED, OPENING, STANDING, SYSTEM, Level, State, Step

RULE = EscalationRule()
T0 = 1_770_000_000_000
PEOPLE = (Step.ACKNOWLEDGED, Step.ASSIGNED, Step.SNOOZED, Step.ESCALATED, Step.CLOSED, Step.NOTED)
ANSWERS = (Step.ACCEPTED, Step.ARRIVED, Step.DONE, Step.REFUSED, Step.EXPIRED)
RULED = (Step.OPENED, Step.RAISED, Step.LOWERED, Step.RESOLVED, Step.WITHDRAWN, Step.WOKEN)


def _born(level: Level = Level.ORANGE) -> Life:
    return life.begin(Act(step=Step.OPENED, at=T0, level=level), RULE)


def _after(start: Life, *acts: Act) -> Life:
    for act in acts:
        outcome = life.decide(start, act, RULE)
        assert isinstance(outcome, Life), (act, outcome)
        start = outcome
    return start


def _by(who: str, step: Step, minute: float = 1, **what: object) -> Act:
    return Act(step=step, at=T0 + round(minute * MINUTE), actor=who, **what)  # type: ignore[arg-type]


_acts = st.builds(
    Act,
    step=st.sampled_from(PEOPLE + ANSWERS + RULED),
    at=st.integers(T0 - MINUTE, T0 + 300 * MINUTE),
    actor=st.sampled_from(["zhang", "li"]),
    level=st.sampled_from(list(Level)),
    device=st.sampled_from([1, 2]),
    task=st.sampled_from(["a", "b"]),
    until=st.integers(T0, T0 + 300 * MINUTE),
)


@st.composite
def _lives(draw: st.DrawFn) -> Life:
    """An alert after any acts, refused ones included."""
    alive = _born(draw(st.sampled_from(list(Level))))
    for act in draw(st.lists(_acts, max_size=12)):
        ruled = act.step in (*RULED, *ANSWERS)
        outcome = life.decide(alive, replace(act, actor=SYSTEM) if ruled else act, RULE)
        alive = outcome if isinstance(outcome, Life) else alive
    return alive


@given(_lives(), _acts)
def test_a_step_has_the_next_number_and_never_goes_back_in_time(alive: Life, act: Act) -> None:
    """Whatever the act, the step it leads to is the next one and not before the one before it."""
    outcome = life.decide(alive, act, RULE)
    if isinstance(outcome, Life):
        assert outcome.version == alive.version + 1
        assert outcome.at >= alive.at
        assert outcome.actor == act.actor


@given(_lives())
def test_no_state_is_a_dead_end(alive: Life) -> None:
    """Whatever stands can be closed, resolved and withdrawn; whatever stands and is urgent has an end of its wait."""
    if alive.ended:
        return
    for step in (Step.CLOSED, Step.RESOLVED, Step.WITHDRAWN):
        assert _after(alive, _by("zhang", step, 999)).state in ENDED
    if alive.state is State.SNOOZED:
        assert alive.snoozed_until is not None
        assert life.due(alive, alive.snoozed_until) is Step.WOKEN
    elif alive.assignee is None and alive.escalation < len(RULE.waits(alive.level)):
        assert alive.escalates_at is not None


@given(_lives(), _acts, st.booleans())
def test_what_ended_stays_ended_unless_the_facts_say_otherwise(alive: Life, act: Act, by_rules: bool) -> None:
    """After the end there are only notes; the rules open again or withdraw what ended by fact, not what was closed."""
    if not alive.ended:
        return
    outcome = life.decide(alive, replace(act, actor=SYSTEM) if by_rules else act, RULE)
    if not isinstance(outcome, Life):
        return
    if act.step in OPENING:
        assert alive.state is not State.CLOSED
        assert outcome.state is State.OPEN
        assert outcome.escalation == 0
    elif act.step is Step.WITHDRAWN:
        assert by_rules
        assert alive.state is State.RESOLVED
        assert (outcome.state, outcome.assignee, outcome.escalates_at) == (State.WITHDRAWN, None, None)
    else:
        assert act.step is Step.NOTED
        assert outcome.state is alive.state


@given(_lives(), _acts)
def test_timers_and_tasks_belong_to_their_states(alive: Life, act: Act) -> None:
    """Only a snoozed alert wakes, nothing that ended has a timer or a task, and escalations only add up."""
    outcome = life.decide(alive, act, RULE)
    after = outcome if isinstance(outcome, Life) else alive
    assert (after.snoozed_until is not None) == (after.state is State.SNOOZED)
    assert (after.state is not State.ASSIGNED) or after.assignee is not None
    assert (after.assignee is None) == (after.task is None)
    if after.ended:
        assert (after.escalates_at, after.assignee) == (None, None)
    if after.state in STANDING and not alive.ended:
        assert after.escalation - alive.escalation in (0, 1)


@given(_lives(), _acts)
def test_the_same_act_twice_is_once(alive: Life, act: Act) -> None:
    """An act repeated on its outcome changes nothing or is refused; notes and escalations by hand are the exception."""
    first = life.decide(alive, act, RULE)
    if isinstance(first, Life) and act.step not in (Step.NOTED, Step.ESCALATED, *ANSWERS):
        assert not isinstance(life.decide(first, act, RULE), Life)


def test_two_supervisors_at_once_get_one_yes_and_one_no() -> None:
    """The first who acknowledges or assigns has it; the other is told who was quicker, a repeat changes nothing."""
    taken = _after(_born(), _by("zhang", Step.ACKNOWLEDGED))
    assert life.decide(taken, _by("zhang", Step.ACKNOWLEDGED), RULE) is None
    refused = life.decide(taken, _by("li", Step.ACKNOWLEDGED), RULE)
    assert isinstance(refused, ActRefusal)
    assert (refused.why, refused.detail) == (Why.TAKEN, "The alert is acknowledged already (by zhang).")
    sent = _after(taken, _by("zhang", Step.ASSIGNED, device=1, task="a"))
    assert life.decide(sent, _by("li", Step.ASSIGNED, device=1, task="b"), RULE) is None
    other = life.decide(sent, _by("li", Step.ASSIGNED, device=2, task="b"), RULE)
    assert isinstance(other, ActRefusal)
    assert _after(sent, _by("li", Step.ASSIGNED, device=2, task="b", seen=sent.version)).assignee == 2


def test_a_version_that_is_not_the_newest_is_refused() -> None:
    """Whoever acts on what changed meanwhile is told by whom."""
    taken = _after(_born(), _by("zhang", Step.ACKNOWLEDGED))
    refused = life.decide(taken, _by("li", Step.CLOSED, seen=1), RULE)
    assert isinstance(refused, ActRefusal)
    assert refused.why is Why.STALE
    assert "by zhang" in refused.detail


@pytest.mark.parametrize(("level", "minutes"), [(Level.ORANGE, [10, 15]), (Level.RED, [5, 10, 15]), (Level.BLUE, [])])
def test_an_alert_nobody_takes_goes_on_at_its_moments(level: Level, minutes: list[int]) -> None:
    """Each wait counts from the step before; at the top the timer stops."""
    alive, waits = _born(level), []
    while alive.escalates_at is not None:
        waits.append((alive.escalates_at - alive.at) // MINUTE)
        assert life.due(alive, alive.escalates_at - 1) is None
        assert life.decide(alive, Act(step=Step.ESCALATED, at=alive.escalates_at - 1), RULE) is None
        alive = _after(alive, Act(step=Step.ESCALATED, at=alive.escalates_at))
    assert waits == minutes
    assert alive.state is (State.ESCALATED if minutes else State.OPEN)


def test_a_snooze_wakes_by_itself_or_when_it_becomes_worse() -> None:
    """At its moment, not before; raised to red it wakes at once and waits no longer than a red alert may."""
    asleep = _after(_born(), _by("zhang", Step.SNOOZED, until=T0 + 30 * MINUTE))
    assert asleep.escalates_at is None
    assert life.decide(asleep, Act(step=Step.WOKEN, at=T0 + 30 * MINUTE - 1), RULE) is None
    woken = _after(asleep, Act(step=Step.WOKEN, at=T0 + 30 * MINUTE))
    assert (woken.state, woken.escalates_at) == (State.OPEN, T0 + 40 * MINUTE)
    raised = _after(asleep, Act(step=Step.RAISED, at=T0 + 9 * MINUTE, level=Level.RED))
    assert (raised.state, raised.escalates_at) == (State.OPEN, T0 + 14 * MINUTE)


def test_an_order_that_is_refused_or_expires_opens_the_alert_again() -> None:
    """Only the order that holds counts: the answer to an earlier one changes nothing."""
    sent = _after(_born(), _by("zhang", Step.ASSIGNED, device=1, task="a"))
    assert sent.escalates_at is None
    for step in (Step.REFUSED, Step.EXPIRED):
        again = _after(sent, _by("cam-1", step, 3, task="a"))
        assert (again.state, again.assignee, again.escalates_at) == (State.OPEN, None, T0 + 13 * MINUTE)
        assert life.decide(sent, _by("cam-1", step, 3, task="b"), RULE) is None
    coming = _after(sent, _by("cam-1", Step.ACCEPTED, task="a"), _by("cam-1", Step.ARRIVED, 9, task="a"))
    assert (coming.state, coming.version) == (State.ASSIGNED, 4)
