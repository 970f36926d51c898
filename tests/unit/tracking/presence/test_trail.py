"""Which fixes are believed: steps, silences, jumps and new places, without anything that follows from them."""

import numpy as np
import pytest

from tracking.presence import plausibility, trail
from tracking.presence.points import Point
from tracking.presence.trail import GAP_MS, Trail

S = 1_000


def point(seconds: float, x: float, sigma: float = 3.0) -> Point:
    """A fix on a line that leads to the north-east."""
    return Point(round(seconds * S), 0.6 * x, 7 + 0.8 * x, sigma, 0, 1.0, 0.0, 0.0)


class Noted(Trail):
    """Notes what is believed and where a new place begins."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[int, bool]] = []
        self.moved: list[int] = []

    def _take(self, last: Point | None, point: Point) -> None:
        self.taken.append((point.t // S, last is not None))

    def _move(self, first: Point) -> None:
        self.moved.append(first.t // S)


def followed(*points: Point) -> Noted:
    """After all of these."""
    made = Noted()
    for each in points:
        made.step(each)
    return made


def test_steps_are_joined_and_a_silence_parts_them() -> None:
    """Two minutes are a step, more is a silence."""
    found = followed(point(0, 0), point(10, 10), point(130, 20), point(251, 30))
    assert found.taken == [(0, False), (10, True), (130, True), (251, False)]
    assert GAP_MS == 120 * S


def test_a_jump_and_back_is_set_aside() -> None:
    """The step leads from the last believed fix."""
    assert followed(point(0, 0), point(10, 9_000), point(20, 10)).taken == [(0, False), (20, True)]


@pytest.mark.parametrize(("until", "believed"), [(59, False), (61, True)])
def test_a_new_place_must_last_as_long_as_the_old_one_but_a_minute_at_least(until: int, *, believed: bool) -> None:
    """Three fixes that agree; then they count from the first on."""
    found = followed(point(0, 0), point(10, 9_000), point(40, 9_010), point(10 + until, 9_020))
    assert (found.moved == [10]) is believed
    assert (found.taken[1:] == [(10, False), (40, True), (10 + until, True)]) is believed


def test_two_fixes_are_no_new_place() -> None:
    """However far they lie apart in time."""
    assert followed(point(0, 0), point(10, 9_000), point(100, 9_010)).moved == []


def test_a_new_place_needs_at_most_five_minutes() -> None:
    """After an hour at the old one."""
    old = [point(s, 0) for s in range(0, 3_600, 60)]
    new = [point(s, 9_000) for s in range(3_600, 3_960, 60)]
    assert followed(*old, *new[:5]).moved == []
    assert followed(*old, *new).moved == [3_600]


def test_fixes_that_do_not_agree_are_no_new_place() -> None:
    """Each jump begins anew."""
    jumps = [point(s, 20_000.0 * (s % 20 // 10) + 9_000) for s in range(10, 110, 10)]
    assert followed(point(0, 0), *jumps).moved == []


@pytest.mark.parametrize(("metres", "possible"), [(350, True), (367.9, True), (368.1, False), (1_000, False)])
def test_a_step_is_possible_within_the_speed_and_three_errors_of_each_end(metres: float, *, possible: bool) -> None:
    """35 m/s for ten seconds, and 3 times 6 m; one step answers as many do."""
    assert plausibility.step_possible(metres, 0.0, 10 * S, 3.0, 3.0) is possible
    columns = [np.array([value]) for value in (metres, 0.0, 10.0 * S, 3.0, 3.0)]
    assert plausibility.steps_possible(*columns).tolist() == [possible]
    assert trail.metres(point(0, 0), point(1, metres)) == pytest.approx(metres)


@pytest.mark.parametrize(("until", "believed"), [(189, False), (191, True)])
def test_a_new_place_must_last_as_long_as_the_old_one(until: int, *, believed: bool) -> None:
    """Here three minutes, from the beginning of what was believed."""
    old = [point(s, 0) for s in range(0, 181, 60)]
    new = [point(s, 9_000) for s in (190, 280, 180 + until)]
    assert (followed(*old, *new).moved == [190]) is believed


def test_a_new_place_before_a_silence_is_believed_after_a_minute() -> None:
    """Nobody came back; what follows is a place of its own."""
    old = [point(s, 0) for s in range(0, 241, 60)]
    new = [point(s, 9_000) for s in (250, 280, 311)]
    found = followed(*old, *new, point(600, 9_000))
    assert found.moved == [250]
    assert found.taken[-4:] == [(250, False), (280, True), (311, True), (600, False)]
    short = followed(*old, *[point(s, 9_000) for s in (250, 280, 309)], point(600, 9_000))
    assert short.moved == []
    assert short.taken[-1] == (600, False)


def test_a_fix_beside_the_new_place_goes_on_there_unless_it_is_nearer_to_the_old_one() -> None:
    """Both could be reached."""
    found = followed(point(0, 0), point(1, 500), point(14, 240))
    assert found.taken == [(0, False), (14, True)]
    beyond = followed(point(0, 0), point(1, 500), point(14, 260), point(15, 0))
    assert beyond.taken == [(0, False), (15, True)]
