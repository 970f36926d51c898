"""A stay in the making counts the same whether its fixes come one by one or at once."""

import pytest

from tests.unit.tracking import timelines as tl
from tracking.presence.path import Noise, Path
from tracking.presence.presence import Presence
from tracking.presence.stays import StayKind

TIMES = [10_000 * n for n in range(1, 25)]
XS = [12.0 * n for n in range(1, 25)]


def begun(t: int = 0) -> Presence:
    """Entered at the origin."""
    return Presence(
        device=1, cell=7, index=0, t_in=t, entry=(0.0, 0.0), inside_at=t, place=(0.0, 0.0), path=Path(Noise())
    )


def at_once(into: Presence) -> None:
    """Count all fixes in one go."""
    into.add((TIMES, XS, [0.0] * 24, [2.0] * 24), 0, 24)


def one_by_one(into: Presence) -> None:
    """Count them singly."""
    for t, x in zip(TIMES, XS, strict=True):
        into.add_one(t, x, 0.0, 2.0)


def test_fixes_count_the_same_one_by_one() -> None:
    """Time, way and number, to the last bit."""
    one, other = begun(), begun()
    at_once(one)
    one_by_one(other)
    assert one.stay(tl.RULE, logged=False) == other.stay(tl.RULE, logged=False)
    stay = one.stay(tl.RULE, logged=False)
    assert (stay.t_in, stay.t_out, stay.dwell_ms, stay.fixes) == (0, 240_000, 240_000, 24)
    assert stay.path_m == pytest.approx(276, abs=30)
    assert not stay.open


def test_leaving_counts_the_time_up_to_the_boundary() -> None:
    """The last stretch belongs to the stay."""
    inside = begun()
    at_once(inside)
    inside.leave(245_000, (292.0, 0.0), 2.0)
    stay = inside.stay(tl.RULE, logged=False)
    assert (stay.t_out, stay.dwell_ms, stay.fixes) == (245_000, 245_000, 24)


def test_time_outside_does_not_count_for_who_comes_back() -> None:
    """What was counted after an exit is added, and nothing between."""
    inside, again = begun(), begun(300_000)
    at_once(inside)
    again.add_one(310_000, 5.0, 0.0, 2.0)
    inside.back(again)
    assert (inside.inside_at, inside.place) == (310_000, (5.0, 0.0))
    stay = inside.stay(tl.RULE, logged=False)
    assert (stay.t_in, stay.t_out, stay.dwell_ms, stay.fixes) == (0, 310_000, 250_000, 25)


def test_a_crossing_between_two_fixes_counts_its_time_and_way() -> None:
    """Nobody was seen inside, and the way led through."""
    inside = begun()
    inside.cross(5_000, 25_000, (80.0, 0.0), 80.0)
    stay = inside.stay(tl.RULE, logged=False)
    assert (stay.t_out, stay.dwell_ms, stay.path_m, stay.fixes) == (25_000, 20_000, 80.0, 0)
    assert stay.kind is not StayKind.VISIT
