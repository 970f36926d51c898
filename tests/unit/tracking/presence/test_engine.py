"""Timelines of the engine: what stays come out of what an officer did."""

import itertools

import numpy as np
import pytest

from tests.unit.tracking import timelines as tl
from tracking.geometry import lookup
from tracking.presence import stays
from tracking.presence.engine import Engine
from tracking.presence.stays import StayKind
from tracking.presence.visit_rules import VisitRules


def only(known: dict[tuple[int, int], stays.Stay], cell: int) -> stays.Stay:
    """The one stay in a cell."""
    found = [stay for stay in known.values() if stay.cell == cell]
    assert len(found) == 1, found
    return found[0]


def round_in(cell: int, begin: float) -> list[tuple[float, float, float]]:
    """A round of 600 m, 480 s, inside a cell, ending where it began."""
    x = (cell - 1) * tl.SIDE_M
    corners = [(x + 75, 75.0), (x + 225, 75.0), (x + 225, 225.0), (x + 75, 225.0), (x + 75, 75.0)]
    points: list[tuple[float, float, float]] = []
    for start, end in itertools.pairwise(corners):
        points += tl.walk(start, end, begin=begin + 10 * len(points))[:-1]
    return points


def test_walking_through_visits_each_cell() -> None:
    """A walk across three cells gives a valid visit of each, split at the boundary to the second."""
    known = tl.run(tl.engine(), tl.track(tl.walk((10, 150), (890, 150), begin=0)))
    assert [stay.cell for stay in sorted(known.values(), key=lambda s: s.t_in)] == [1, 2, 3]
    middle = only(known, 2)
    assert middle.t_in == pytest.approx(tl.T0 + 290 / 1.25 * 1000, abs=400)
    assert middle.t_out == pytest.approx(tl.T0 + 590 / 1.25 * 1000, abs=400)
    assert middle.dwell_ms == middle.t_out - middle.t_in
    assert middle.path_m == pytest.approx(300, abs=30)
    assert {stay.kind for stay in known.values()} == {StayKind.VISIT}
    assert not any(stay.open for stay in known.values())


def test_standing_is_not_a_visit() -> None:
    """Ten minutes on one spot have dwell but no way: no valid visit."""
    known = tl.run(tl.engine(), tl.track(tl.stand((150, 150), begin=0, seconds=600)))
    assert only(known, 1).kind is StayKind.SHORT
    assert only(known, 1).path_m == 0


def test_jitter_of_a_standing_device_walks_less_than_50_m() -> None:
    """An hour of 8 m noise on one spot makes less than 50 m of way."""
    rng = np.random.default_rng(5)
    for _ in range(5):
        points = [(t, 150 + rng.normal(0, 8), 150 + rng.normal(0, 8)) for t in range(0, 3600, 10)]
        assert only(tl.run(tl.engine(), tl.track(points, acc=12)), 1).path_m < 50


def test_driving_through_is_not_a_visit() -> None:
    """A car that crosses three cells at 8 m/s drives through the middle one."""
    known = tl.run(tl.engine(), tl.track(tl.walk((10, 150), (890, 150), begin=0, speed=8, every=5)))
    assert only(known, 2).kind is StayKind.DRIVE_THROUGH


def test_a_cell_crossed_between_two_fixes_is_noticed() -> None:
    """With fixes only in the first and the third cell the second was driven through all the same."""
    points = tl.stand((150, 150), begin=0, seconds=60) + tl.stand((750, 150), begin=110, seconds=60)
    known = tl.run(tl.engine(), tl.track(points))
    passed = only(known, 2)
    assert passed.fixes == 0
    assert passed.kind is StayKind.DRIVE_THROUGH
    assert passed.dwell_ms == pytest.approx(30_000, abs=500)


def test_cells_crossed_by_a_step_from_outside_to_outside_are_noticed() -> None:
    """A car that was on this side of the city a minute ago and is on the other side now drove through all of it."""
    known = tl.run(tl.engine(), tl.track([(0, -300, 150), (60, 1500, 150), (70, 1800, 150)]))
    assert {stay.kind for stay in known.values()} == {StayKind.DRIVE_THROUGH}
    for cell in (1, 2, 3, 4):
        assert only(known, cell).dwell_ms == pytest.approx(10_000, abs=200)


@pytest.mark.parametrize("steps", [False, True])
def test_a_cell_within_a_cell_is_noticed_between_two_fixes(steps: bool) -> None:
    """A market in the middle of a cell is crossed by a step whose ends both lie in the cell around it."""
    around = [*tl.square(0, 0, 900), *tl.square(300, 300)]
    cells = [lookup.GridCell(id=1, rings=around), lookup.GridCell(id=2, rings=tl.square(300, 300))]
    engine = Engine(lookup.CityGrid(cells), VisitRules.always([tl.RULE] * 2), steps=steps)
    known = tl.run(engine, tl.track([(0, 150, 450), (10, 150, 450), (60, 750, 450), (70, 760, 450)]))
    passed = only(known, 2)
    assert (passed.fixes, passed.kind) == (0, StayKind.DRIVE_THROUGH)
    assert passed.dwell_ms == pytest.approx(25_000, abs=200)


def test_leaving_for_less_than_a_minute_is_one_stay() -> None:
    """An officer who steps over the boundary for 40 s has not left, but the time outside does not count."""
    points = tl.walk((150, 150), (330, 150), begin=0) + tl.walk((330, 150), (150, 150), begin=146)[1:]
    known = tl.run(tl.engine(), tl.track(points))
    first = only(known, 1)
    assert first.t_in == tl.T0
    assert first.t_out == tl.T0 + 290_000
    outside = 2 * 30 / 1.25 * 1000
    assert first.dwell_ms == pytest.approx(290_000 - outside, abs=2_500)


def test_leaving_for_longer_is_two_stays() -> None:
    """An officer who is away for two minutes has left."""
    points = tl.walk((150, 150), (400, 150), begin=0) + tl.walk((400, 150), (150, 150), begin=200)[1:]
    known = tl.run(tl.engine(), tl.track(points))
    assert sorted(stay.cell for stay in known.values()) == [1, 1, 2]


def test_standing_on_a_boundary_does_not_flap() -> None:
    """An hour on the boundary with the noise that is declared changes the cell once in ten minutes at most."""
    changes = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        points = tl.walk((200, 150), (300, 150), begin=0)
        points += [(100 + t, 300 + rng.normal(0, 5), 150 + rng.normal(0, 5)) for t in range(0, 3600, 10)]
        changes += len(tl.run(tl.engine(), tl.track(points, acc=7.6))) - 1
    assert changes <= 5 * 6


def test_a_gap_ends_the_stay_at_the_last_fix() -> None:
    """Ten minutes of silence are not presence, wherever the device is afterwards."""
    points = tl.stand((150, 150), begin=0, seconds=100) + tl.stand((150, 150), begin=700, seconds=100)
    known = sorted(tl.run(tl.engine(), tl.track(points)).values(), key=lambda stay: stay.t_in)
    assert [(stay.t_in - tl.T0, stay.t_out - tl.T0) for stay in known] == [(0, 90_000), (700_000, 790_000)]


def test_a_teleport_is_set_aside() -> None:
    """One fix 5 km away changes nothing."""
    points = tl.walk((10, 150), (590, 150), begin=0)
    jump = [*points[:20], (points[19][0] + 5, 5_000.0, 150.0), *points[20:]]
    assert tl.run(tl.engine(), tl.track(jump)) == tl.run(tl.engine(), tl.track(points))


def test_there_and_back_is_heard_nowhere() -> None:
    """A receiver that sends once a minute jumped 2.4 km for four minutes: no ride, no presence, and the run is cut."""
    before = tl.stand((150, 150), begin=0, seconds=600, every=60)
    away = tl.stand((2_550, 150), begin=590, seconds=240, every=60)
    after = tl.stand((150, 150), begin=830, seconds=600, every=60)
    engine = tl.engine(12)
    known = tl.run(engine, tl.track(before + away + after))
    assert [(stay.cell, stay.t_in - tl.T0, stay.t_out - tl.T0) for stay in known.values()] == [
        (1, 0, 540_000),
        (1, 830_000, 1_370_000),
    ]


def test_a_place_that_lasts_is_believed_however_long_the_old_one_was() -> None:
    """Five minutes at the new place, from the first fix there."""
    points = tl.stand((20_000, 150), begin=0, seconds=3_600) + tl.stand((450, 150), begin=3_600, seconds=310)
    known = tl.run(tl.engine(), tl.track(points))
    assert only(known, 2).t_in == tl.T0 + 3_600_000


def test_fixes_that_agree_for_a_minute_are_a_new_place() -> None:
    """A receiver whose first fixes were wrong is believed at its new place, from the first fix there."""
    points = tl.stand((20_000, 150), begin=0, seconds=60) + tl.stand((450, 150), begin=60, seconds=100)
    known = tl.run(tl.engine(), tl.track(points))
    assert only(known, 2).t_in == tl.T0 + 60_000


@pytest.mark.parametrize("every", [1, 10])
def test_a_burst_of_jumps_does_not_cut_a_stay(every: float) -> None:
    """Forty seconds of fixes that agree on a place 3 km away change nothing when the device is back: nobody was there.

    An absence under a minute never ends a stay.
    """
    points = round_in(1, 0)
    away = [(t + 200.0, 3_000.0, 150.0) for t in np.arange(1, 40, every).tolist()]
    kept = [point for point in points if not 200 < point[0] < 240]
    jumped = tl.run(tl.engine(), tl.track(sorted(kept + away)))
    assert jumped == tl.run(tl.engine(), tl.track(kept))
    assert only(jumped, 1).kind is StayKind.VISIT


@pytest.mark.parametrize(
    "column",
    [{"src": 4}, {"src": 3}, {"src": 5}, {"flags": 1}, {"flags": 8}],
    ids=["last_known", "manual", "ping", "mock", "0,0"],
)
def test_what_is_no_measurement_is_no_presence(column: dict[str, int]) -> None:
    """Old, hand-made, pinged, mocked and empty positions never count."""
    made = tl.track(round_in(1, 0))
    name, value = next(iter(column.items()))
    getattr(made, name)[:] = value
    assert tl.run(tl.engine(), made) == {}


def test_a_poor_fix_is_no_presence() -> None:
    """A position known to 150 m says nothing about a cell of 300 m."""
    assert tl.run(tl.engine(), tl.track(round_in(1, 0), acc=150)) == {}


def test_a_visit_going_on_is_told_before_it_ends() -> None:
    """A valid visit is known while the officer is still there."""
    engine = tl.engine()
    changes = engine.advance(tl.track(round_in(1, 0))).changes.stays
    assert [(change.stay.kind, change.stay.open) for change in changes if change.stay] == [(StayKind.VISIT, True)]


def test_a_silent_device_is_settled_and_goes_on_after_all() -> None:
    """A stay closed by silence opens again when buffered fixes show that the device went on."""
    points = round_in(1, 0)
    engine = tl.engine()
    known: dict[tuple[int, int], stays.Stay] = {}
    tl.keep(known, engine.advance(tl.track(points[:30])).changes)
    tl.keep(known, engine.settle(tl.T0 + 10**9))
    assert not only(known, 1).open
    tl.keep(known, engine.advance(tl.track(points[30:])).changes)
    assert only(known, 1).open
    tl.keep(known, engine.settle(tl.T0 + 10**9))
    assert known == tl.run(tl.engine(), tl.track(points))


def test_late_fixes_prove_a_visit_with_a_reason() -> None:
    """Fixes that fill a radio gap turn two short stays into one visit; what was known is withdrawn with the reason."""
    points = round_in(1, 0)
    store = tl.Store(tl.engine())
    store.receive(tl.track(points[:6] + points[-6:]))
    store.receive(tl.track([(2_000, 150, 150)]))
    assert {stay.kind for stay in store.known.values()} == {StayKind.SHORT}
    store.reasons.clear()
    store.receive(tl.track(points[6:-6]))
    assert sum(stay.kind is StayKind.VISIT for stay in store.known.values()) == 1
    assert store.reasons == ["late", "late"]


def test_the_cell_of_each_row_is_answered() -> None:
    """Every row gets the number of its cell, in the order of the batch, -1 outside."""
    answer = tl.engine().advance(tl.track([(20, 750, 150), (0, 150, 150), (10, -50, 150)]))
    assert answer.cell.tolist() == [3, 1, -1]


def test_a_cold_device_is_late_until_recomputed() -> None:
    """After a restart a device within its run is left to recompute, and the outcome is as if nothing had happened."""
    points = round_in(1, 0)
    before, after = tl.track(points[:25]), tl.track(points[25:])
    expected = tl.run(tl.engine(), tl.track(points))
    engine = tl.engine()
    engine.know(1, int(before.t[-1]))
    answer = engine.advance(after)
    assert answer.late.all()
    assert not answer.changes
    known: dict[tuple[int, int], stays.Stay] = {}
    changes = engine.recompute(1, tl.track(points), stays.StoredStays([], []), "restart")
    assert {change.reason for change in changes.stays} == {None}
    tl.keep(known, changes)
    tl.keep(known, engine.settle(tl.T0 + 10**9))
    assert known == expected


def test_runs_are_what_lies_between_gaps() -> None:
    """A device heard, silent for ten minutes, and heard again has two runs with the places at their ends."""
    store = tl.Store(tl.engine())
    points = tl.walk((150, 150), (250, 150), begin=0) + tl.stand((450, 150), begin=700, seconds=100)
    store.receive(tl.track(points))
    store.settle()
    first, second = (store.runs[1, tl.T0 + t] for t in (0, 700_000))
    assert (first.t_last, second.t_last) == (tl.T0 + 80_000, tl.T0 + 790_000)
    assert (first.lat_last, first.lon_last) == tl.degrees(250, 150)
    store.receive(tl.track(tl.walk((250, 150), (450, 150), begin=90, speed=200 / 600)))
    assert list(store.runs) == [(1, tl.T0)]


def test_an_empty_grid_answers_nothing() -> None:
    """Without cells there are no stays and no faults."""
    assert tl.run(tl.engine(0), tl.track(round_in(1, 0))) == {}
