"""Detectors of what devices say: contact, battery, accuracy, speed, clocks, recorders, made-up tracks."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.unit.alerts.officers.world import City, Guard, city, ms, shift
from tracking.quality.model import Finding, FindingKind


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"online": 0, "status_at": ms(21)}, "link_lost"),
        ({"signed_off": ms(20)}, "signed_off"),
        ({"battery": 3.0}, "battery_flat"),
        ({}, "app_stopped"),
        ({"online": 1, "status_at": ms(26)}, "gnss_lost"),
    ],
)
def test_lost_contact_names_the_likeliest_cause(more: dict[str, float], cause: str) -> None:
    """The last will, a goodbye, a flat battery and a silent receiver are told apart."""
    town = city(2)
    town.guards[1].beats(-5, 60)
    guard = town.guards[0]
    guard.beats(-5, 20)
    for name, value in more.items():
        setattr(guard, name, value)
    for minute in np.arange(18, 27, 0.5).tolist():
        town.look(minute)
    lost = [change for change in town.steps if change.kind == "lost_contact"]
    assert [change.facts.stored()["cause"] for change in lost] == [cause]
    guard.beats(27, 30)
    town.look(28)
    assert town.told("lost_contact") == ["opened", "resolved"]


def test_deafness_is_one_alert_instead_of_one_for_each() -> None:
    """When nothing at all comes in the fault is not the officers'."""
    town = city(40)
    for guard in town.guards:
        guard.beats(-5, 20)
    for minute in np.arange(18, 40, 0.5).tolist():
        town.look(minute)
    assert [change.kind for change in town.steps] == ["deaf"]
    assert town.steps[0].facts.stored()["everybody"] is True
    for guard in town.guards:
        guard.beats(40, 60)
    for minute in np.arange(41, 60, 0.5).tolist():
        town.look(minute)
    assert [change.step.value for change in town.steps] == ["opened", "resolved"]


def test_many_lost_at_once_are_one_alert() -> None:
    """A third of the officers falling silent together is an outage."""
    town = city(40)
    for guard in town.guards:
        guard.beats(-5, 20 if guard.number <= 20 else 60)
    for minute in np.arange(18, 40, 0.5).tolist():
        town.look(minute)
    assert [change.kind for change in town.steps] == ["deaf"]
    assert town.steps[0].facts.stored()["silent"] == 20


@pytest.mark.parametrize(("battery", "left", "level"), [(18, 120, 1), (9, 120, 2), (18, 50, None), (22, 120, None)])
def test_low_battery_is_told_when_the_shift_is_long(battery: float, left: float, level: int | None) -> None:
    """Twenty per cent with more than an hour to go is yellow, ten orange."""
    town = City([Guard(1, shift(minutes=20 + left), battery=battery)])
    town.guards[0].beats(-5, 21)
    changes = town.look(20)
    assert [change.level for change in changes] == ([] if level is None else [level])


def test_low_battery_does_not_flap_about_the_threshold() -> None:
    """It ends only when charged well above."""
    town = city(battery=19.0)
    town.guards[0].beats(-5, 40)
    for minute, battery in enumerate((19.0, 21.0, 20.0, 22.0, 19.0, 24.0, 26.0), 10):
        town.guards[0].battery = battery
        town.look(minute)
    assert town.told("low_battery") == ["opened", "resolved"]


def test_poor_accuracy_is_the_median_over_five_minutes() -> None:
    """Single bad fixes are nothing; it ends below the lower threshold."""
    town = city()
    guard = town.guards[0]
    guard.beats(-5, 10)
    for minute in range(10, 30):
        guard.fix(minute, -500, 10 * minute, acc=80.0 if minute % 3 else 10.0)
        guard.fix(minute + 0.5, -500, 10 * minute + 5, acc=70.0)
    for minute in range(30, 40):
        guard.fix(minute, -500, 10 * minute, acc=10.0)
    for minute in np.arange(0, 40, 0.5).tolist():
        town.look(minute)
    assert town.told("poor_accuracy") == ["opened", "resolved"]


def _circle(turn: float) -> Callable[[float], tuple[float, float]]:
    """Round the middle of the beat, `turn` radians a minute."""
    return lambda minute: (-500 + 350 * math.cos(turn * minute), 350 * math.sin(turn * minute))


def test_riding_is_told_when_most_of_the_patrol_was_fast() -> None:
    """A car at 25 km/h is told, a bicycle at 12 km/h is not."""
    for speed, expected in ((7.0, ["riding"]), (3.3, [])):
        town = city()
        angle = speed * 60 / 350
        town.guards[0].walk(
            -5,
            40,
            _circle(angle),
            spd=speed,
        )
        for minute in range(40):
            town.look(minute)
        assert [change.kind for change in town.steps] == expected


def _found(kind: FindingKind, since: float, until: float) -> Finding:
    return Finding(device=1, kind=kind, since=ms(since), until=ms(until), evidence={"n": 12})


def test_fake_track_stands_until_a_person_decides_or_the_finding_is_taken_back() -> None:
    """It does not end by itself; late data that takes the finding back withdraws it."""
    town = city()
    town.guards[0].beats(-5, 200)
    town.findings = {1: [_found(FindingKind.IDENTICAL, 5, 12)]}
    for minute in (13, 60, 120, 190):
        town.look(minute)
    assert town.told("fake_track") == ["opened"]
    town.findings = {}
    town.look(191)
    assert town.told("fake_track") == ["opened", "withdrawn"]


def test_clock_skew_passes_by_itself() -> None:
    """It ends when nothing more is found for an hour."""
    town = city()
    town.guards[0].beats(-5, 200)
    town.findings = {1: [_found(FindingKind.CLOCK_SKEW, 5, 40)]}
    for minute in (41, 90, 101):
        town.look(minute)
    assert town.told("clock_skew") == ["opened", "resolved"]
