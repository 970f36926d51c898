"""Figures of officers and devices from parts of shifts."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.tracking import timelines as tl
from tracking.coverage import patrols
from tracking.coverage.patrols import ArrivalCounts, PatrolPart
from tracking.presence.stays import StayKind
from tracking.quality import review

T0 = 1_790_000_000_000
MINUTE = 60_000
HOUR_S = 3600.0
SHIFT = PatrolPart(
    key=7, shift=1, starts=T0, expected_s=8 * HOUR_S, runs_s=7 * HOUR_S, gaps=3, has_area=True, on_post_s=6 * HOUR_S,
    arrived=T0 + 5 * MINUTE, first_known=True, way_m=4200.0, drive_m=300.0, visits=12, drive_throughs=3, fixes=2400,
    late=240, recorder_known=1000, recorder_on=900, events=4, events_reporting=3, events_recorded=2, events_two=1,
    events_placed=4,
)  # fmt: skip


def test_shares_of_one_shift() -> None:
    """Gaps count for two minutes each, shares are of what is known."""
    made = patrols.add_up([SHIFT], 10.0)[7]
    assert made.covered_s == 7 * HOUR_S + 360
    assert made.completeness == pytest.approx((7 * 3600 + 360) / (8 * 3600))
    assert made.on_post_rate == pytest.approx(6 / 8)
    assert made.fix_share == pytest.approx(24_000 / 28_800)
    assert (made.late_share, made.recorder_share, made.drive_through_share) == (0.1, 0.9, 0.2)
    assert made.events_recorded == pytest.approx(2 / 3)
    assert made.events_two == 0.25


def test_a_track_with_too_many_gaps_is_not_assessed() -> None:
    """Below 70 % of the shift what follows from time is null, never 0; what was counted stays."""
    made = patrols.add_up([replace(SHIFT, runs_s=5 * HOUR_S, on_post_s=0, arrived=None)], 10.0)[7]
    assert not made.assessable
    assert (made.on_post_s, made.on_post_rate) == (None, None)
    assert made.arrivals == ArrivalCounts(on_time=0, late=0, absent=0, unknown=1)
    assert made.completeness == pytest.approx(5.1 / 8)
    assert made.visits == 12


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [(-20, "on_time"), (10, "on_time"), (11, "late"), (30, "late"), (31, "absent"), (None, "absent")],
)
def test_arrivals_are_told_by_ten_and_thirty_minutes(minutes: int | None, kind: str) -> None:
    """Late beyond ten minutes, absent beyond thirty."""
    arrived = None if minutes is None else T0 + minutes * MINUTE
    made = patrols.add_up([replace(SHIFT, arrived=arrived)], 10.0)[7]
    assert getattr(made.arrivals, kind) == 1


def test_a_shift_with_two_devices_is_expected_once() -> None:
    """An officer who changes the device at noon has worked one shift; the first arrival counts."""
    morning = replace(SHIFT, runs_s=3 * HOUR_S, gaps=0)
    noon = replace(SHIFT, runs_s=4 * HOUR_S, gaps=0, arrived=T0 + 240 * MINUTE)
    made = patrols.add_up([noon, morning], 10.0)[7]
    assert (made.shifts, made.expected_s, made.covered_s, made.visits) == (1, 8 * HOUR_S, 7 * HOUR_S, 24)
    assert made.arrivals == ArrivalCounts(on_time=1, late=0, absent=0, unknown=0)


def test_who_had_no_shift_is_counted_and_not_judged() -> None:
    """Without an expectation there is no share of it."""
    made = patrols.add_up([replace(SHIFT, shift=None, expected_s=0.0)], 10.0)[7]
    assert (made.shifts, made.completeness, made.fix_share, made.on_post_rate) == (0, None, None, None)
    assert (made.visits, made.way_m) == (12, 4200.0)


def test_an_officer_without_an_area_has_no_time_on_post() -> None:
    """Where nobody said where to be, nobody was away."""
    made = patrols.add_up([replace(SHIFT, has_area=False, arrived=None)], 10.0)[7]
    assert (made.on_post_rate, made.arrivals.unknown, made.arrivals.absent) == (None, 1, 0)


def test_missing_numbers_are_missing_time_and_not_speed() -> None:
    """Forty minutes that never arrive: the track covers less; nobody drove, jumped or walked the way between."""
    points = tl.walk((50, 150), (250, 150), begin=0) + tl.walk((950, 150), (1150, 150), begin=2_600)
    fixes = tl.track(points)
    # The device counted on while nothing of it arrived.
    fixes.seq[:] = (fixes.t - tl.T0) // 10_000
    fixes.boot[:] = "b1"
    store = tl.Store(tl.engine())
    store.receive(fixes)
    store.settle()
    runs_s = sum(run.t_last - run.t_first for run in store.runs.values()) / 1000
    part = replace(SHIFT, expected_s=2_760.0, runs_s=runs_s, gaps=len(store.runs) - 1)
    made = patrols.add_up([part], 10.0)[7]
    assert made.completeness == pytest.approx((160 + 160 + 120) / 2_760)
    assert not made.assessable
    assert {stay.cell for stay in store.known.values()} == {1, 4}
    assert StayKind.DRIVE_THROUGH not in {stay.kind for stay in store.known.values()}
    assert sum(stay.path_m for stay in store.known.values()) == pytest.approx(400, abs=40)
    fixes.received[:] = fixes.t + 300
    assert review.review(1, fixes, review.slot_of(int(np.min(fixes.t)))) == []
