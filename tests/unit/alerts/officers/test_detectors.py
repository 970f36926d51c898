"""Each kind of alert about an officer by timelines: when it is told, when not, and when it ends."""

from collections.abc import Callable

import numpy as np
import pytest

from alerts.life.model import Level
from alerts.officers import situation, state_machine, steps
from alerts.officers.thresholds import OfficerRule
from tests.unit.alerts.officers.world import City, Guard, city, ms, shift
from tracking.city.people import Sign


def test_not_arrived_is_told_after_ten_minutes_and_red_after_thirty() -> None:
    """Somebody who is heard far from the beat has not arrived; presence for a minute resolves it."""
    town = city()
    guard = town.guards[0]
    guard.walk(-20, 35, lambda minute: (800.0, 4 * minute))
    assert not town.look(9)
    opened = town.look(11)
    assert [(change.kind, change.level) for change in opened] == [("not_arrived", Level.ORANGE)]
    assert opened[0].facts.stored()["late_s"] == 660
    assert opened[0].facts.stored()["away_m"] == 800
    assert [change.level for change in town.look(30) if change.kind == "not_arrived"] == [Level.RED]
    guard.beats(35, 38)
    town.look(37)
    assert town.told("not_arrived") == ["opened", "raised", "resolved"]


def test_not_arrived_is_not_told_of_who_was_there_before_the_shift() -> None:
    """Presence up to half an hour before counts."""
    town = city()
    town.guards[0].beats(-15, 20)
    for minute in range(20):
        town.look(minute)
    assert not town.steps


def test_not_arrived_is_withdrawn_when_late_fixes_show_the_arrival() -> None:
    """What the radio held back proves that nothing was wrong."""
    town = city(3)
    for other in town.guards[1:]:
        other.beats(-5, 40)
    guard = town.guards[0]
    guard.walk(-5, 14, lambda minute: (-400.0, 20 * minute), received=ms(14.5))
    town.look(12, until=12)
    assert town.kinds() == {"not_arrived"}
    assert [change.facts.stored() for change in town.look(15)] == [{"why": "late_data", "by": "cam-1"}]
    assert town.told("not_arrived") == ["opened", "withdrawn"]


def test_left_post_needs_ten_minutes_outside_the_margin() -> None:
    """Fifty metres beyond the beat is no leaving, a hundred is after ten minutes; back for a minute resolves it."""
    town = city()
    guard = town.guards[0]
    guard.beats(-5, 20)
    guard.walk(20, 40, lambda minute: (40.0, 3 * minute))
    for minute in np.arange(20, 40, 0.5).tolist():
        town.look(minute)
    assert not town.steps
    guard.walk(40, 75, lambda minute: (200.0, 20 * (minute - 57)))
    for minute in np.arange(40, 75, 0.5).tolist():
        town.look(minute)
    assert [(change.kind, change.step, change.level) for change in town.steps] == [
        ("left_post", "opened", Level.ORANGE),
        ("left_post", "raised", Level.RED),
    ]
    assert town.steps[0].at == ms(50)
    guard.beats(75, 80)
    town.look(77)
    assert town.told("left_post")[-1] == "resolved"


def test_out_of_area_needs_two_minutes_and_three_sure_fixes() -> None:
    """Fixes that may be inside count neither way."""
    town = city(own_beat=False)
    guard = town.guards[0]
    guard.beats(-5, 20)
    guard.walk(20, 30, lambda _: (1_002.0, 0.0), acc=30.0)
    for minute in range(20, 30):
        town.look(minute)
    assert not town.steps
    guard.walk(30, 45, lambda minute: (1_060.0, 15 * (minute - 37)))
    for minute in np.arange(30, 45, 0.5).tolist():
        town.look(minute)
    assert [(change.kind, change.level) for change in town.steps] == [
        ("out_of_area", Level.YELLOW),
        ("out_of_area", Level.ORANGE),
    ]
    assert town.steps[0].facts.stored()["fixes"] >= 3


def test_nothing_is_told_on_a_task_or_a_break() -> None:
    """Who was sent elsewhere, or pauses, has left nothing."""
    for duty in (situation.TASK, situation.BREAK):
        town = city()
        town.guards[0].duty = duty
        town.guards[0].beats(-5, 5)
        town.guards[0].walk(5, 40, lambda _: (1_500.0, 0.0))
        for minute in range(40):
            town.look(minute)
        assert not town.steps


def test_an_alert_ends_with_the_shift() -> None:
    """Off duty nothing stands."""
    town = City([Guard(1, shift(minutes=30))])
    town.guards[0].beats(-5, 5)
    town.guards[0].walk(5, 40, lambda minute: (1_500.0, 20 * minute))
    for minute in range(32):
        town.look(minute)
    assert {step.facts.stored()["why"] for step in town.steps if step.step == "resolved"} == {"off_duty"}
    assert not town.alerts


def test_overlong_stay_is_told_after_twenty_minutes_despite_noise() -> None:
    """Eight metres of noise and a jump make no way; leaving the wider disc resolves it."""
    town = city()
    guard = town.guards[0]
    rng = np.random.default_rng(1)
    guard.beats(-5, 5)
    guard.walk(5, 40, lambda _: (-500 + rng.normal(0, 8), rng.normal(0, 8)))
    guard.fixes[80]["x"] += 150
    for minute in np.arange(5, 40, 0.5).tolist():
        town.look(minute)
    assert [(change.kind, change.level) for change in town.steps] == [
        ("overlong_stay", Level.YELLOW),
        ("overlong_stay", Level.ORANGE),
    ]
    assert ms(24.5) <= town.steps[0].at <= ms(27)
    guard.walk(40, 50, lambda minute: (-500 - 70 * (minute - 40) / 2, 70 * (minute - 40)))
    for minute in np.arange(40, 50, 0.5).tolist():
        town.look(minute)
    assert town.told("overlong_stay") == ["opened", "raised", "resolved"]


@pytest.mark.parametrize("reason", ["event", "recording", "post", "patrol"])
def test_overlong_stay_is_not_told_where_something_is_done(reason: str) -> None:
    """An event, a recording and a fixed post explain a stay; so does a way about the cell."""
    town = City([Guard(1, shift(kind=reason))])
    guard = town.guards[0]
    if reason == "patrol":
        guard.beats(-5, 45)
    else:
        guard.walk(-5, 45, lambda _: (-500.0, 0.0), recording=1 if reason == "recording" else -1)
    if reason == "event":
        town.happenings.append(_event("E1", 15))
    for minute in range(10, 34):
        town.look(minute)
    assert not town.steps


def _parting(number: int) -> Callable[[float], tuple[float, float]]:
    """Each a way of the own from minute 40 on."""
    return lambda minute: (-200 + 20 * number * (minute - 40), 90.0 * number)


def _event(key: str, minute: float, kind: str = "05.01", case: str | None = None, device: int = 1) -> steps.AlertEvent:
    return steps.AlertEvent(id=key, device=device, t=ms(minute), type=kind, case=case, x=-500.0, y=0.0, cell=7)


def test_sos_is_red_at_once_and_told_once() -> None:
    """Even off duty; and nobody but a person ends it."""
    town = City([Guard(1, None)])
    town.happenings.append(_event("S1", 10, "sos"))
    opened = town.look(10)
    assert [(change.kind, change.level, change.cell) for change in opened] == [("sos", Level.RED, 7)]
    assert opened[0].facts.stored()["name"] == "王1"
    town.alerts.clear()  # closed by hand
    assert not town.look(11)


def test_single_officer_is_told_after_the_fixes_of_the_others_are_in() -> None:
    """A second officer within 50 m at the step is two; late fixes that show one withdraw the alert."""
    town = city(2)
    for guard in town.guards:
        guard.beats(-5, 9)
    town.guards[0].walk(9, 30, lambda _: (-500.0, 0.0))
    town.guards[1].walk(9, 30, lambda _: (-480.0, 10.0), received=ms(29))
    town.happenings = [_event("E1", 20, case="案-1"), _event("E2", 20)]
    assert not [change for change in town.look(22, until=22) if change.kind == "single_officer"]
    opened = [change for change in town.look(24, until=24) if change.kind == "single_officer"]
    assert [(change.key, change.level) for change in opened] == [("single_officer:E1", Level.ORANGE)]
    town.look(30)
    assert town.told("single_officer") == ["opened", "withdrawn"]


def test_double_sign_in_is_told_after_a_minute_and_withdrawn_by_a_late_sign_out() -> None:
    """One officer on two devices; a sign-out that was buffered shows that there was none."""
    town = city(2)
    for guard in town.guards:
        guard.beats(-5, 60)
    town.signs = [Sign(device=1, t=ms(0), badge="B1"), Sign(device=2, t=ms(20), badge="B1")]
    assert not town.look(20.5)
    opened = town.look(22)
    assert [(change.kind, change.facts.stored()["devices"]) for change in opened] == [
        ("double_sign_in", ["cam-1", "cam-2"])
    ]
    town.signs.append(Sign(device=1, t=ms(19), badge=None))
    town.look(23)
    assert town.told("double_sign_in") == ["opened", "withdrawn"]


def test_crowding_needs_three_officers_for_a_quarter_of_an_hour() -> None:
    """Two, or three who pass each other, are no crowd; it ends when they part."""
    town = city(4, own_beat=False)
    for guard in town.guards:
        guard.beats(-5, 10)
    rng = np.random.default_rng(3)
    for guard in town.guards[:3]:
        guard.walk(10, 40, lambda minute: (-400 + 5 * minute + rng.normal(0, 4), rng.normal(0, 4)))
        guard.walk(40, 50, _parting(guard.number))
    town.guards[3].beats(10, 50)
    for minute in np.arange(10, 50, 0.5).tolist():
        town.look(minute)
    assert town.told("crowding") == ["opened", "resolved"]
    crowd = next(change for change in town.steps if change.kind == "crowding")
    assert crowd.facts.stored()["members"] == ["B1", "B2", "B3"]
    assert crowd.at >= ms(22)


def test_an_alert_closed_by_hand_is_not_opened_again_for_the_same_stretch() -> None:
    """Only a new leaving is told anew."""
    town = city(own_beat=False)
    guard = town.guards[0]
    guard.beats(-5, 10)
    guard.walk(10, 30, lambda minute: (1_200.0, 20 * minute))
    town.look(15)
    town.alerts.clear()
    town.closed.append(state_machine.Closed(kind="out_of_area", who="B1", at=ms(15.5)))
    for minute in range(16, 30):
        town.look(minute)
    assert town.told("out_of_area") == ["opened"]
    guard.beats(30, 40)
    guard.walk(40, 45, lambda minute: (1_200.0, 20 * minute))
    for minute in range(30, 45):
        town.look(minute)
    assert town.told("out_of_area") == ["opened", "opened"]


def test_thresholds_of_a_unit_hold_for_its_officers() -> None:
    """The stored facts name the version that decided."""
    town = city(own_beat=False, rule=OfficerRule(version=7, outside_s=600))
    guard = town.guards[0]
    guard.beats(-5, 10)
    guard.walk(10, 30, lambda minute: (1_200.0, 20 * minute))
    for minute in range(10, 20):
        town.look(minute)
    assert not town.steps
    assert [change.facts.stored()["rule"] for change in town.look(21)] == [7]


@pytest.mark.parametrize(("recording", "expected"), [(0, ["recorder_off"]), (1, []), (-1, [])])
def test_recorder_off_needs_a_device_that_says_so(recording: int, expected: list[str]) -> None:
    """A handset that says nothing of a recorder is not accused."""
    town = city()
    town.guards[0].beats(-5, 15)
    town.guards[0].walk(15, 30, lambda _: (-500.0, 0.0), recording=recording)
    town.happenings = [_event("E1", 20)]
    town.look(24)
    assert [change.kind for change in town.steps] == expected
