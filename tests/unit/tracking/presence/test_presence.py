"""A stay in the making counts the same whether its fixes come one by one or at once."""

import pytest

from tests.unit.tracking import timelines as tl
from tracking.presence.noise import Noise
from tracking.presence.path import Path
from tracking.presence.presence import OpenStay
from tracking.presence.stays import StayKind

TIMES = [10_000 * n for n in range(1, 25)]
XS, YS = [12.0 * n for n in range(1, 25)], [5.0 * n for n in range(1, 25)]
"""13 m every ten seconds."""


def begun(t: int = 0) -> OpenStay:
    """Entered at the origin."""
    return OpenStay(
        device=1, cell=7, index=0, t_in=t, entry=(0.0, 0.0), inside_at=t, place=(0.0, 0.0), path=Path(Noise())
    )


def at_once(into: OpenStay) -> None:
    """Count all fixes in two batches."""
    fixes = (TIMES, XS, YS, [2.0] * 24)
    into.add(fixes, 0, 10)
    into.add(fixes, 10, 24)


def one_by_one(into: OpenStay) -> None:
    """Count them singly."""
    for t, x, y in zip(TIMES, XS, YS, strict=True):
        into.add_one(t, x, y, 2.0)


def test_fixes_count_the_same_one_by_one() -> None:
    """Time, way and number, to the last bit."""
    one, other = begun(), begun()
    at_once(one)
    one_by_one(other)
    assert one.stay(tl.RULE, logged=False) == other.stay(tl.RULE, logged=False)
    assert one.place == other.place == (XS[-1], YS[-1])
    stay = one.stay(tl.RULE, logged=False)
    assert (stay.t_in, stay.t_out, stay.dwell_ms, stay.fixes) == (0, 240_000, 240_000, 24)
    assert stay.path_m == pytest.approx(13 * 23, abs=30)
    assert (stay.kind, stay.open, stay.device, stay.cell) == (StayKind.VISIT, False, 1, 7)


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
    assert inside.path.whole_m() == pytest.approx(13 * 23, abs=30)
    stay = inside.stay(tl.RULE, logged=False)
    assert (stay.t_in, stay.t_out, stay.dwell_ms, stay.fixes) == (0, 310_000, 250_000, 25)


def test_a_crossing_between_two_fixes_counts_its_time_and_way() -> None:
    """Nobody was seen inside, and the way led through."""
    inside = begun()
    inside.cross(5_000, 25_000, (80.0, 0.0), 80.0)
    inside.cross(40_000, 50_000, (80.0, 30.0), 30.0)
    stay = inside.stay(tl.RULE, logged=False)
    assert (stay.t_out, stay.dwell_ms, stay.path_m, stay.fixes) == (50_000, 30_000, 110.0, 0)
    assert stay.kind is not StayKind.VISIT
