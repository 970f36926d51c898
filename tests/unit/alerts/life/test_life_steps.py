"""Steps in the life of an alert one by one: where each leads, when the next is due, in which words it is refused."""

from dataclasses import replace

import pytest

from alerts.life import life
from alerts.life.life import MINUTE, Act, ActRefusal, EscalationRule, Life, Why
from alerts.life.model import SYSTEM, Level, State, Step

RULE = EscalationRule()
T0 = 1_770_000_000_000


def begun(level: Level | None = Level.ORANGE) -> Life:
    """An alert that opened at T0."""
    return life.begin(Act(step=Step.OPENED, at=T0, level=level), RULE)


def act(step: Step, minute: float = 1, actor: str = "zhang", **what: object) -> Act:
    """What somebody does some minutes after T0."""
    return Act(step=step, at=T0 + round(minute * MINUTE), actor=actor, **what)  # type: ignore[arg-type]


def after(start: Life, *acts: Act) -> Life:
    """The alert when all of that was done."""
    for each in acts:
        outcome = life.decide(start, each, RULE)
        assert isinstance(outcome, Life), (each, outcome)
        start = outcome
    return start


def refused(start: Life, wanted: Act) -> tuple[Why, str]:
    """Why it is not possible."""
    outcome = life.decide(start, wanted, RULE)
    assert isinstance(outcome, ActRefusal), outcome
    return outcome.why, outcome.detail


SENT = after(begun(), act(Step.ASSIGNED, device=1, task="a"))
SNOOZED = after(begun(), act(Step.SNOOZED, until=T0 + 60 * MINUTE))
CLOSED = after(begun(), act(Step.CLOSED))
RESOLVED = after(begun(), act(Step.RESOLVED, actor=SYSTEM))


def test_an_alert_of_no_level_is_orange() -> None:
    """It waits as orange ones do."""
    assert begun(None) == begun(Level.ORANGE)
    assert begun(None).escalates_at == T0 + RULE.orange_min[0] * MINUTE


def test_what_ended_refuses_people_and_is_silent_to_timers() -> None:
    """A person learns who ended it; a timer that comes too late does nothing."""
    assert refused(CLOSED, act(Step.ACKNOWLEDGED, 2, "li")) == (
        Why.ENDED, "The alert is closed (by zhang); a note can still be added."
    )  # fmt: skip
    assert life.decide(CLOSED, act(Step.ESCALATED, 99, SYSTEM), RULE) is None
    assert after(CLOSED, act(Step.NOTED, 2)).state is State.CLOSED


@pytest.mark.parametrize(
    ("start", "wanted", "changes"),
    [
        (RESOLVED, act(Step.WITHDRAWN, 2, SYSTEM), True),
        (RESOLVED, act(Step.RESOLVED, 2, SYSTEM), False),
        (CLOSED, act(Step.WITHDRAWN, 2, SYSTEM), False),
    ],
)
def test_only_what_the_facts_ended_is_withdrawn_later(start: Life, wanted: Act, *, changes: bool) -> None:
    """By the rules, not by a person, and only that step."""
    assert isinstance(life.decide(start, wanted, RULE), Life) is changes
    assert isinstance(life.decide(RESOLVED, act(Step.WITHDRAWN, 2, "zhang"), RULE), ActRefusal)


def test_a_step_of_a_clock_that_was_set_back_is_at_the_time_of_the_one_before() -> None:
    """For notes, changes of level and openings alike; the timer counts from there."""
    assert after(begun(), act(Step.NOTED, -5)).at == T0
    raised = after(begun(), act(Step.RAISED, -5, SYSTEM, level=Level.RED))
    assert (raised.at, raised.escalates_at) == (T0, T0 + RULE.red_min[0] * MINUTE)
    opened = after(RESOLVED, act(Step.OPENED, -5, SYSTEM, level=Level.RED))
    assert (opened.at, opened.version) == (RESOLVED.at, RESOLVED.version + 1)
    assert opened.escalates_at == RESOLVED.at + RULE.red_min[0] * MINUTE


def test_an_acknowledged_alert_goes_on_after_its_own_wait() -> None:
    """Half an hour after it was acknowledged, unless the rule says otherwise."""
    taken = after(begun(), act(Step.ACKNOWLEDGED, 3))
    assert taken.escalates_at == T0 + (3 + RULE.acknowledged_min) * MINUTE


@pytest.mark.parametrize("step", [Step.RESOLVED, Step.CLOSED, Step.WITHDRAWN])
def test_the_end_of_an_alert_clears_its_timers_and_keeps_its_level(step: Step) -> None:
    """Whether it was snoozed or somebody was sent; a new level is taken."""
    for start in (SNOOZED, SENT):
        ended = after(start, act(step, 5))
        assert (ended.level, ended.snoozed_until, ended.escalates_at) == (Level.ORANGE, None, None)
        assert (ended.assignee, ended.task) == (None, None)
        assert after(start, act(step, 5, level=Level.RED)).level is Level.RED


def test_what_became_worse_wakes_and_what_became_better_does_not() -> None:
    """A snoozed alert stays so when it is lowered; awake ones are only moved."""
    red = after(begun(Level.RED), act(Step.SNOOZED, until=T0 + 60 * MINUTE))
    lowered = after(red, act(Step.LOWERED, 2, SYSTEM, level=Level.ORANGE))
    assert (lowered.state, lowered.snoozed_until) == (State.SNOOZED, red.snoozed_until)
    woken = after(SNOOZED, act(Step.RAISED, 2, SYSTEM, level=Level.RED))
    assert (woken.state, woken.snoozed_until) == (State.OPEN, None)
    taken = after(begun(), act(Step.ACKNOWLEDGED), act(Step.RAISED, 2, SYSTEM, level=Level.RED))
    assert taken.state is State.ACKNOWLEDGED


def test_another_level_never_waits_longer_than_the_one_before() -> None:
    """Lowered, the sooner of both timers holds; raised, the new one is sooner."""
    red = begun(Level.RED)
    lowered = after(red, act(Step.LOWERED, 2, SYSTEM, level=Level.ORANGE))
    assert lowered.escalates_at == red.escalates_at
    raised = after(begun(), act(Step.RAISED, 2, SYSTEM, level=Level.RED))
    assert raised.escalates_at == T0 + (2 + RULE.red_min[0]) * MINUTE


def test_an_alert_with_an_officer_on_the_way_is_neither_snoozed_nor_given_to_another_unseen() -> None:
    """Both are refused with what to do instead."""
    assert refused(SENT, act(Step.SNOOZED, 2, until=T0 + 60 * MINUTE)) == (
        Why.TAKEN, "An officer is on the way: wait for the visit, send another one, or close the alert."
    )  # fmt: skip
    assert refused(SENT, act(Step.ASSIGNED, 2, "li", device=2, task="b")) == (
        Why.TAKEN, "zhang sent another officer; to send this one instead, give the version you saw."
    )  # fmt: skip


def test_a_snooze_changes_only_by_another_person_or_another_end() -> None:
    """The same again is nothing new."""
    same = act(Step.SNOOZED, 2, until=SNOOZED.snoozed_until)
    assert life.decide(SNOOZED, same, RULE) is None
    assert after(SNOOZED, replace(same, actor="li")).actor == "li"
    assert after(SNOOZED, replace(same, until=T0 + 90 * MINUTE)).snoozed_until == T0 + 90 * MINUTE


def test_people_escalate_to_the_top_and_no_further() -> None:
    """Three times with these rules; a timer is not refused."""
    high = begun(Level.RED)
    for n in range(RULE.top):
        assert high.escalation == n
        high = after(high, act(Step.ESCALATED, n + 1))
    assert refused(high, act(Step.ESCALATED, 9)) == (
        Why.TOP, "The alert was escalated 3 times; there is nobody further up."
    )  # fmt: skip
    late = replace(high, escalates_at=T0)
    assert isinstance(life.decide(late, act(Step.ESCALATED, 9, SYSTEM), RULE), Life)


@pytest.mark.parametrize("step", [Step.ACCEPTED, Step.ARRIVED, Step.DONE, Step.REFUSED, Step.EXPIRED])
@pytest.mark.parametrize("task", [None, "b"])
def test_an_answer_to_another_order_is_nothing(step: Step, task: str | None) -> None:
    """Only the order that holds counts; an alert without one takes no answer."""
    assert life.decide(SENT, act(step, 2, task=task), RULE) is None
    assert life.decide(begun(), act(step, 2, task=task), RULE) is None


def test_an_order_that_is_given_back_opens_the_alert_unless_it_moved_on() -> None:
    """Escalated meanwhile it stays escalated; either way nobody is on the way any more."""
    back = after(SENT, act(Step.REFUSED, 2, task="a"))
    assert (back.state, back.assignee, back.task) == (State.OPEN, None, None)
    moved_on = replace(SENT, state=State.ESCALATED)
    kept = after(moved_on, act(Step.EXPIRED, 2, SYSTEM, task="a"))
    assert (kept.state, kept.assignee, kept.task) == (State.ESCALATED, None, None)
