"""Stays are maximal and count no time outside: exits into no cell, cells crossed between fixes, believed jumps."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tests.unit.tracking.presence.test_order import wander
from tracking.geometry import lookup
from tracking.presence import stays
from tracking.presence.engine import Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import StayKind
from tracking.presence.visit_rules import VisitRules

MERGE_MS = 60_000
Known = dict[tuple[int, int], stays.Stay]


def ringed() -> lookup.CityGrid:
    """A cell of 300 m around a hole of 100 m that is in no cell, a thin cell beside it, and one apart from both."""
    around = [*tl.square(0, 0), *tl.square(100, 100, 100)]
    thin = [[list(tl.degrees(x, y)[::-1]) for x, y in ((300, 0), (340, 0), (340, 300), (300, 300), (300, 0))]]
    cells = [around, thin, tl.square(340, 0), tl.square(900, 0)]
    return lookup.CityGrid([lookup.GridCell(id=number, rings=rings) for number, rings in enumerate(cells, 1)])


def engine(*, steps: bool = False) -> Engine:
    """An engine over `ringed`."""
    return Engine(ringed(), VisitRules.always([tl.RULE] * 4), steps=steps)


def stays_in(known: Known, cell: int) -> list[stays.Stay]:
    """Stays in a cell, in order."""
    return sorted((stay for stay in known.values() if stay.cell == cell), key=lambda stay: stay.t_in)


def through(*legs: tuple[float, float], begin: float = 0, speed: float = 1.25, every: float = 5) -> list[tl.At]:
    """A walk from corner to corner with a fix every so many seconds."""
    points: list[tl.At] = []
    for start, end in itertools.pairwise(legs):
        points += tl.walk(start, end, begin=points.pop()[0] if points else begin, speed=speed, every=every)
    return points


@pytest.mark.parametrize("acc", [5.0, 8.0])
def test_exits_into_a_hole_are_no_dwell(acc: float) -> None:
    """Five exits of 40 s, into a hole that is in no cell, are merged; their time does not count."""
    there_and_back = [(50.0, 150.0), (125.0, 150.0)] * 5
    known = tl.run(engine(), tl.track(through(*there_and_back, (50.0, 150.0)), acc=acc))
    (stay,) = stays_in(known, 1)
    assert stay.t_out - stay.t_in == pytest.approx(600_000, abs=1)
    assert stay.dwell_ms == pytest.approx(600_000 - 5 * 40_000, abs=3_000)


@pytest.mark.parametrize("after", [[], [(900.0, 150.0, 150.0)]], ids=["silence", "gap"])
@pytest.mark.parametrize("steps", [False, True], ids=["runs", "steps"])
def test_whoever_is_last_heard_outside_left_at_the_boundary(*, after: list[tl.At], steps: bool) -> None:
    """A silence after the step out of a cell, too soon to be held elsewhere: the stay ends at the crossing."""
    known = tl.run(engine(steps=steps), tl.track([*tl.walk((50, 50), (305, 50), begin=0, every=30), *after]))
    (stay,) = stays_in(known, 1)[:1]
    assert stay.t_out - tl.T0 == pytest.approx(200_000, abs=10)
    assert stay.dwell_ms == stay.t_out - stay.t_in
    assert stay.path_m == pytest.approx(250, abs=1)


def test_late_data_after_the_step_out_is_what_it_would_have_been() -> None:
    """A device that was settled outside its cell goes on by fixes that come late."""
    fixes = tl.track([*tl.walk((50, 50), (305, 50), begin=0, every=30), *tl.stand((250, 50), begin=270, seconds=100)])
    store = tl.Store(engine())
    store.receive(fixes.take(slice(0, 9)))
    store.settle()
    store.receive(fixes)
    store.settle()
    assert store.known == tl.run(engine(), fixes)


def test_exits_beyond_the_edge_of_the_city_are_no_dwell() -> None:
    """The same where the city ends, also for a device that is mostly outside."""
    there_and_back = [(20.0, 50.0), (-30.0, 50.0)] * 6
    known = tl.run(engine(), tl.track(through(*there_and_back, (20.0, 50.0))))
    (stay,) = stays_in(known, 1)
    inside = 12 * 20 / 1.25 * 1000
    assert stay.dwell_ms == pytest.approx(inside, abs=3_000)


def test_standing_outside_beside_a_cell_is_in_no_cell() -> None:
    """Who goes out of the city and stays beside it for long is in no cell from the crossing on."""
    points = through((50.0, 50.0), (-40.0, 50.0)) + tl.stand((-40.0, 50.0), begin=77, seconds=600)
    (stay,) = stays_in(tl.run(engine(), tl.track(points)), 1)
    assert stay.t_out == pytest.approx(tl.T0 + 40_000, abs=500)
    assert stay.dwell_ms == stay.t_out - stay.t_in


def test_a_cell_crossed_twice_between_fixes_is_one_stay() -> None:
    """A thin cell crossed there and back within a minute, with no fix in it, was passed once, for both crossings."""
    points = [(0.0, 220.0, 150.0), (20.0, 420.0, 150.0), (50.0, 220.0, 150.0), (60.0, 210.0, 150.0)]
    (passed,) = stays_in(tl.run(engine(), tl.track(points)), 2)
    assert passed.fixes == 0
    assert passed.dwell_ms == pytest.approx(4_000 + 6_000, abs=100)
    assert passed.path_m == pytest.approx(80, abs=1)
    assert passed.kind is StayKind.DRIVE_THROUGH


def test_a_crossing_between_fixes_belongs_to_the_stay_after_it() -> None:
    """Through a cell, on to the next, and back into it within a minute: one stay that began with the crossing."""
    points = [(0.0, 220.0, 150.0), (10.0, 420.0, 150.0), (30.0, 320.0, 150.0), (40.0, 320.0, 140.0)]
    points += [(40.0 + 10 * n, 320.0, 140.0 - 10 * n) for n in range(1, 13)]
    (stay,) = stays_in(tl.run(engine(), tl.track(points, acc=4.0)), 2)
    assert stay.t_in == pytest.approx(tl.T0 + 4_000, abs=50)
    assert stay.t_out == tl.T0 + 160_000
    assert stay.dwell_ms == pytest.approx(2_000 + 130_000 + 4_000, abs=2_100)


def test_a_crossing_between_fixes_belongs_to_the_stay_before_it() -> None:
    """Out of a cell and, within a minute, through it again between two fixes: the stay ends with the crossing."""
    points = [(10.0 * n, 320.0, 50.0 + 10 * n) for n in range(10)]
    points += [(100.0, 420.0, 150.0), (110.0, 420.0, 150.0), (120.0, 220.0, 150.0), (130.0, 210.0, 150.0)]
    (stay,) = stays_in(tl.run(engine(), tl.track(points, acc=4.0)), 2)
    assert stay.t_in == tl.T0
    assert stay.t_out == pytest.approx(tl.T0 + 116_000, abs=50)


def test_a_jump_within_a_cell_does_not_cut_a_stay() -> None:
    """The receiver corrects itself by 120 m in a second, both places in one cell: the visit goes on, without way."""
    walked = through((20.0, 20.0), (20.0, 260.0), begin=0, every=2)
    at = walked[-1][0]
    corrected = through((160.0, 280.0), (160.0, 210.0), (240.0, 210.0), begin=at + 1, every=2)
    (stay,) = stays_in(tl.run(engine(), tl.track(walked + corrected)), 1)
    assert (stay.t_in, stay.t_out) == (tl.T0, tl.T0 + round(corrected[-1][0] * 1000))
    assert stay.dwell_ms == stay.t_out - stay.t_in
    assert stay.path_m == pytest.approx(240 + 70 + 80, abs=30)
    assert stay.kind is StayKind.VISIT


def test_a_strange_place_before_silence_is_believed() -> None:
    """Four and a half minutes at a new place, which the old one lasted longer than, and then nothing: it was true."""
    old = tl.stand((1000.0, 150.0), begin=0, seconds=600)
    new = [(600.0 + t, x, y) for t, x, y in through((20.0, 20.0), (20.0, 280.0), (80.0, 280.0), begin=0)]
    assert 240 < new[-1][0] - new[0][0] < 300
    for then in ([], tl.stand((1000.0, 150.0), begin=2000, seconds=100)):
        known = tl.run(engine(), tl.track(old + new + then))
        (stay,) = stays_in(known, 1)
        assert (stay.t_in, stay.t_out) == (tl.T0 + 600_000, tl.T0 + round(new[-1][0] * 1000))
        assert stay.kind is StayKind.VISIT
        assert stays_in(known, 4)[0].t_out == tl.T0 + 590_000


def test_a_short_strange_place_before_silence_is_not_believed() -> None:
    """Three fixes elsewhere in 20 s before a silence may be the receiver's last error."""
    points = tl.stand((1000.0, 150.0), begin=0, seconds=600) + tl.stand((20.0, 20.0), begin=600, seconds=30)
    assert stays_in(tl.run(engine(), tl.track(points)), 1) == []


def test_a_device_that_comes_back_after_all_was_not_there() -> None:
    """What was believed because of a silence is taken back when fixes come late that go on from the old place."""
    old, new = tl.stand((1000.0, 150.0), begin=0, seconds=600), tl.stand((20.0, 20.0), begin=600, seconds=100)
    late = tl.stand((1000.0, 150.0), begin=710, seconds=100)
    store = tl.Store(engine())
    store.receive(tl.track(old + new))
    store.settle()
    assert [stay.cell for stay in store.known.values()] == [4, 1]
    store.receive(tl.track(late))
    store.settle()
    everything = tl.Store(engine())
    everything.receive(tl.track(old + new + late))
    everything.settle()
    assert store.known == everything.known
    assert 1 not in {stay.cell for stay in store.known.values()}


def hops(seed: int, count: int) -> FixColumns:
    """A device about the cells of `ringed`, their hole and the edge, with jumps that hold, and fixes far between."""
    rng = np.random.default_rng(seed)
    s, x, y = 0.0, float(rng.uniform(0, 700)), float(rng.uniform(0, 300))
    points = []
    for _ in range(count):
        for _ in range(int(rng.integers(1, 12))):
            step = float(
                rng.choice([1.0, 5.0, 10.0, 30.0, 59.0, 90.0, 125.0], p=[0.2, 0.3, 0.25, 0.1, 0.06, 0.05, 0.04])
            )
            s, x, y = s + step, x + float(rng.normal(0, 1.5 * step)), y + float(rng.normal(0, 0.7 * step))
            points.append((s, x, y))
        if rng.random() < 0.3:
            x, y = float(rng.uniform(-200, 1200)), float(rng.uniform(-50, 350))
        x, y = float(np.clip(x, -150, 1150)), float(np.clip(y, -60, 360))
    made = tl.track(points)
    made.acc[:] = rng.choice([3.0, 8.0, 20.0, np.nan], len(points))
    return made


def assert_maximal(known: Known) -> None:
    """No two stays of a device in a cell less than a minute apart; none counts more time than it lasts."""
    sure = [stay for stay in known.values() if stay.kind is not StayKind.BETWEEN]
    for stay in sure:
        assert 0 <= stay.dwell_ms <= stay.t_out - stay.t_in, stay
    ordered = sorted(sure, key=lambda stay: (stay.device, stay.cell, stay.t_in))
    for before, after in itertools.pairwise(ordered):
        if (before.device, before.cell) == (after.device, after.cell):
            assert after.t_in - before.t_out >= MERGE_MS, (before, after)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(1, 25))
def test_stays_are_maximal(seed: int, count: int) -> None:
    """Whatever a device does about holes, edges and thin cells; and the dwell of all stays fits into its time."""
    fixes = hops(seed, count)
    known = tl.run(engine(), fixes)
    assert_maximal(known)
    dwell = sum(stay.dwell_ms for stay in known.values() if stay.kind is not StayKind.BETWEEN)
    assert dwell <= int(fixes.t[-1] - fixes.t[0])
    assert tl.run(engine(steps=True), fixes) == known


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(2, 120))
def test_stays_of_a_wanderer_are_maximal(seed: int, count: int) -> None:
    """The same in a row of cells, with jumps that are never believed."""
    assert_maximal(tl.run(tl.engine(), wander(seed, count, 1)))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_believed_jumps_do_not_depend_on_arrival(data: st.DataObject) -> None:
    """Jumps that hold, before silences and within cells: any order, doubling, batches and a settling between."""
    fixes = hops(data.draw(st.integers(0, 2**32)), data.draw(st.integers(1, 15)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    spread = data.draw(st.sampled_from([0.0, 2.0, 1e6]))
    arrival = np.argsort(np.arange(len(fixes)) + rng.normal(0, spread, len(fixes)), kind="stable")
    store, whole = tl.Store(engine()), tl.Store(engine())
    for part in np.array_split(np.append(arrival, rng.choice(arrival, len(fixes) // 5)), data.draw(st.integers(1, 9))):
        store.receive(fixes.take(part))
        if data.draw(st.booleans()):
            store.settle()
    whole.receive(fixes)
    for each in (store, whole):
        each.settle()
    assert (store.known, store.runs) == (whole.known, whole.runs)
