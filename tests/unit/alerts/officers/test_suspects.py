"""Each detector looks closely only at its suspects: whoever it would tell of must be among them."""

from collections.abc import Callable

import numpy as np
import pytest

from alerts.officers import accuracy, arrival, away, battery, contact, deaf, riding, standing, suspicion
from alerts.officers.detector import Detector, duration_ms, evidence, ongoing
from alerts.officers.evaluate import DETECTORS
from alerts.officers.tracks import SubjectTrail
from tests.unit.alerts.officers.world import City, Guard, city, ms
from tracking.quality.model import Finding, FindingKind


def absent(guard: Guard) -> None:
    """Far from the beat from the beginning on."""
    guard.walk(-20, 20, lambda minute: (800.0, 4 * minute))


def gone(guard: Guard) -> None:
    """In the beat, then beside it, within the area of the unit."""
    guard.beats(-5, 5)
    guard.walk(5, 20, lambda minute: (300.0, 20 * minute))


def outside(guard: Guard) -> None:
    """In the beat, then beyond the area of the unit."""
    guard.beats(-5, 5)
    guard.walk(5, 20, lambda minute: (1_500.0, 20 * minute))


def still(guard: Guard) -> None:
    """On one spot."""
    guard.walk(-50, 20, lambda _minute: (-500.0, 0.0))


def silent(guard: Guard) -> None:
    """Heard at first."""
    guard.beats(-5, 2)


def empty(guard: Guard) -> None:
    """With an empty battery."""
    guard.beats(-5, 20)
    guard.battery = 4.0


def vague(guard: Guard) -> None:
    """With places that are good for nothing."""
    guard.walk(-30, 20, lambda minute: (-500.0, 10 * minute), acc=150.0)


def fast(guard: Guard) -> None:
    """Faster than anybody walks."""
    guard.walk(-20, 20, lambda minute: (-500.0, 45 * minute * 10 % 1_900 - 950), spd=9.0)


CASES: dict[str, tuple[Detector, Callable[[Guard], None]]] = {
    "not_arrived": (arrival, absent),
    "left_post": (away.left_post, gone),
    "out_of_area": (away.out_of_area, outside),
    "standing": (standing, still),
    "lost_contact": (contact, silent),
    "low_battery": (battery, empty),
    "accuracy": (accuracy, vague),
    "riding": (riding, fast),
}
"""Detectors of which a track alone can tell."""


def made() -> City:
    """One officer of each case, one of whom much was found, and one with whom all is well."""
    town = city(len(CASES) + 2)
    for guard, (_, acts) in zip(town.guards, CASES.values(), strict=False):
        acts(guard)
    for guard in town.guards[len(CASES) :]:
        guard.beats(-5, 20)
    found = [
        Finding(device=len(CASES) + 1, kind=kind, since=ms(1), until=ms(19), evidence={"n": 5}) for kind in FindingKind
    ]
    town.findings = {len(CASES) + 1: found}
    return town


def test_every_detector_suspects_whom_it_would_report() -> None:
    """Judged one by one, nobody but the suspects has a level, and of who patrols there is nothing to tell."""
    subjects = made().subjects(ms(20), ms(20))
    told_of: dict[str, set[int]] = {}
    for detector in DETECTORS:
        suspects = set(np.flatnonzero(detector.suspects(subjects)).tolist())
        told_of[detector.kind] = {
            n for n in range(len(subjects)) if detector.judge(subjects.subject(n)).level is not None
        }
        assert told_of[detector.kind] <= suspects - {len(subjects) - 1}, detector.kind
    assert set(told_of) >= {suspicion.fake_track.kind, suspicion.clock_skew.kind, suspicion.wrong_datum.kind}


@pytest.mark.parametrize("name", ["not_arrived", "left_post", "out_of_area", "lost_contact", "low_battery"])
def test_a_detector_reports_its_own_case(name: str) -> None:
    """With what is in `CASES`."""
    detector, _ = CASES[name]
    subjects = made().subjects(ms(20), ms(20))
    who = list(CASES).index(name)
    assert detector.kind == name
    assert detector.judge(subjects.subject(who)).level is not None


def test_nothing_from_anybody_is_one_alert() -> None:
    """All are silent: one alert, and nobody is called lost; with two officers each is told of alone."""
    town = city(4)
    for guard in town.guards:
        silent(guard)
    (opening,), nobody_is_lost = deaf.judge(town.subjects(ms(20), ms(20)), [])
    assert (opening.kind, opening.facts.stored()["everybody"], nobody_is_lost) == ("deaf", True, True)
    few = city(2)
    for guard in few.guards:
        silent(guard)
    assert deaf.judge(few.subjects(ms(20), ms(20)), []) == ([], False)


def test_what_has_lasted_begins_after_the_last_end_and_the_last_gap() -> None:
    """And with the first fix that is so."""
    town = city()
    town.guards[0].beats(0, 4)
    town.guards[0].beats(12, 16)
    trail: SubjectTrail = town.subjects(ms(16), ms(16)).subject(0).trail
    so, never = np.ones(len(trail), bool), np.zeros(len(trail), bool)
    assert int(ongoing(trail, so, never).t[0]) == ms(12)
    ends = never.copy()
    ends[-3] = True
    assert len(ongoing(trail, so, ends)) == 2
    assert len(ongoing(trail, never, never)) == 0
    assert duration_ms(ongoing(trail, so, never)) == int(trail.t[-1]) - ms(12)
    few = evidence(trail)
    assert (len(few), few[0], few[-1]) == (5, int(trail.t[0]), int(trail.t[-1]))
