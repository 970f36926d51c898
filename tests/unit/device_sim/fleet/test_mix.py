"""Habits of officers and faults of receivers and handsets: planned, by seed, and known to the simulation."""

from dataclasses import replace

import numpy as np
import pytest

from device_sim.city import city, datum, geodesy, streets
from device_sim.faults import faults
from device_sim.fleet import mix, officer, track, walk, ways
from device_sim.fleet.officer import Habit

SHIFT = 61_000
OFFICERS = [replace(who, handover_ms=0) for who in officer.recruit(600, 1)]
WHO = next(who for who in OFFICERS if not who.bike and not who.camera and len(who.beat) > 3)


def shift(name: str, who: officer.Officer = WHO) -> mix.SimulatedShift:
    """A shift under a single fault or habit."""
    plan = mix.SINGLE[name]
    return mix.shift(1, plan, officer.with_habits([who], 1, plan.habits)[0], SHIFT)


CLEAN = shift("none")


def off_m(made: mix.SimulatedShift) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How far each fix lies from where the officer was."""
    x, y = geodesy.metres(made.taken.lat, made.taken.lon)
    way, at = made.way, made.taken.at
    return np.hypot(x - np.interp(at, way.t, way.x), y - np.interp(at, way.t, way.y))


@pytest.mark.parametrize("name", mix.SINGLE)
def test_every_shift_is_the_same_for_the_same_seed(name: str) -> None:
    """Twice the same arguments, twice the same fixes and the same order of arrival."""
    first, second = shift(name), shift(name)
    for column in ("at", "t", "lat", "lon", "acc", "bat", "mock", "wrong"):
        assert np.array_equal(getattr(first.taken, column), getattr(second.taken, column)), column
    assert np.array_equal(first.deliveries.due, second.deliveries.due)


@pytest.mark.parametrize("habit", list(Habit))
def test_habits_keep_to_the_streets_and_the_shift(habit: Habit) -> None:
    """Whatever officers make of their duty, the way fills the shift without a jump and ends where it began."""
    for who in OFFICERS[::60]:
        way = walk.shift(1, replace(who, habit=habit), SHIFT)
        assert (way.t[0], way.t[-1]) == (who.shift_start(SHIFT), who.shift_start(SHIFT + 1))
        assert (way.x[0], way.y[0]) == (way.x[-1], way.y[-1])
        speed = np.hypot(np.diff(way.x), np.diff(way.y)) / np.maximum(np.diff(way.t) / 1000, 0.5)
        assert speed.max() < (12 if habit is Habit.DRIVE else 4)


def test_drivers_drive_and_loiterers_stand() -> None:
    """A driver goes faster than 7 m/s at times, a loiterer stands more than half of the shift."""
    drive, loiter = (walk.shift(1, replace(WHO, habit=habit), SHIFT) for habit in (Habit.DRIVE, Habit.LOITER))
    seconds = np.diff(drive.t) / 1000
    assert (np.hypot(np.diff(drive.x), np.diff(drive.y))[seconds > 5] / seconds[seconds > 5]).max() > 7
    assert np.diff(loiter.t)[loiter.mode == ways.Mode.STAND].sum() > officer.SHIFT_MS / 2


def test_a_skipper_never_patrols_a_part_of_the_beat() -> None:
    """Some cells of the beat see no stop and no round in the whole shift, not all of them."""
    lanes, way = streets.build(1).lanes, walk.shift(1, replace(WHO, habit=Habit.SKIP), SHIFT)
    metres = np.hypot(np.diff(way.x), np.diff(way.y))
    patrolled = [cell for cell in WHO.beat if metres[way.cell == cell].sum() > lanes[cell].length]
    assert 0 < len(patrolled) < len(WHO.beat)
    usual = CLEAN.way
    metres = np.hypot(np.diff(usual.x), np.diff(usual.y))
    assert len([c for c in WHO.beat if metres[usual.cell == c].sum() > lanes[c].length]) > len(patrolled)


def test_standing_on_the_boundary_names_the_neighbour() -> None:
    """Who stands on a boundary stands within 8 m of the cell that the way names beside its own."""
    town, way = city.build(1), walk.shift(1, replace(WHO, habit=Habit.EDGE), SHIFT)
    edges = np.flatnonzero(way.also >= 0)
    assert len(edges) > 2
    for k in edges.tolist():
        gate, _ = streets.build(1).lanes[way.cell[k]].gates[int(way.also[k])]
        assert np.hypot(way.x[k] - gate[0], way.y[k] - gate[1]) <= 8
        assert way.t[k + 1] - way.t[k] >= 600_000
    assert len(town.cells) > way.also.max()


def test_habits_have_their_shares() -> None:
    """Of 600 officers about one in twenty has each habit of the standard mix."""
    officers = officer.with_habits(OFFICERS, 1, mix.STANDARD.habits)
    for habit, share in mix.STANDARD.habits.items():
        assert sum(who.habit is habit for who in officers) == pytest.approx(600 * share, abs=3 * np.sqrt(600 * share))


def test_tall_houses_report_the_error_they_make() -> None:
    """Among tall houses accuracies are 20 to 110 m, and about 68 % of the errors lie within them."""
    far, within, total = 0, 0, 0
    for who in OFFICERS[:80]:
        made = shift("canyon", who)
        poor = made.taken.acc > 20
        far, total = far + int(poor.any()), total + int(poor.sum())
        within += int((off_m(made)[poor] <= made.taken.acc[poor]).sum())
        assert not made.taken.wrong.any()
    assert far > 60
    assert 0.62 < within / total < 0.74


def test_a_tunnel_lets_no_fix_through() -> None:
    """There are holes of minutes, and all else is as it would have been."""
    made = shift("tunnel")
    assert set(made.taken.at.tolist()) < set(CLEAN.taken.at.tolist())
    assert np.diff(made.taken.at).max() > 60_000


def test_a_teleport_lies_far_away_and_is_known() -> None:
    """A few fixes lie hundreds of metres away under a good accuracy, and only they are known to be wrong."""
    made = shift("teleport")
    assert 0 < made.taken.wrong.sum() < 40
    assert (off_m(made)[made.taken.wrong] > 350).all()
    assert (off_m(made)[~made.taken.wrong] < 50).all()
    assert made.taken.acc[made.taken.wrong].max() < 30


def test_a_wrong_clock_shifts_the_time_alone() -> None:
    """A device with a wrong clock says another time by the same offset all day, seconds or minutes."""
    for name, most in (("skew, seconds", 40_000), ("skew, minutes", 300_000)):
        made = shift(name)
        offsets = np.unique(made.taken.t - made.taken.at)
        assert len(offsets) == 1
        assert 0 < abs(int(offsets[0])) <= most
        assert np.array_equal(made.taken.lat, CLEAN.taken.lat)


def test_an_empty_battery_is_silence_to_the_end() -> None:
    """The level falls to nothing, and no fix follows."""
    made = shift("battery")
    assert len(made.taken) < len(CLEAN.taken)
    assert made.taken.bat[-1] <= 1
    assert np.array_equal(made.taken.at, CLEAN.taken.at[: len(made.taken)])


def test_mocked_positions_are_marked_and_wrong() -> None:
    """The platform marks them, the simulation knows them wrong, and they carry the mark on the wire."""
    made = next(made for made in (shift("mock", who) for who in OFFICERS[:9]) if made.taken.mock.any())
    assert np.array_equal(made.taken.mock, made.taken.wrong)
    row = int(np.flatnonzero(made.taken.mock)[0])
    assert [fix.mock for fix in made.taken.fixes(row - 1, row + 1)] == [False, True]


def test_gcj02_agrees_with_published_vectors() -> None:
    """The shift of Shanghai, Shenzhen and Beijing is that of the reference implementations to 1e-9 degrees."""
    lat, lon = datum.gcj02(
        np.array([31.1774276, 22.543847, 39.911954]), np.array([121.5272106, 113.912316, 116.377817])
    )
    assert lat == pytest.approx([31.17530398364597, 22.540796131694766, 39.91334545536069], abs=1e-9)
    assert lon == pytest.approx([121.531541859215, 113.9171764808363, 116.38404722455657], abs=1e-9)


def test_a_wrong_datum_is_570_m_off_all_day() -> None:
    """Every fix lies 540 to 620 m away and is known to be wrong."""
    made = shift("wrong datum")
    assert made.taken.wrong.all()
    assert 540 < off_m(made).min() < off_m(made).max() < 620


def test_a_device_that_dies_at_once_delivers_nothing() -> None:
    """A shift without any fix has no deliveries and does no harm."""
    none = CLEAN.taken.take(np.zeros(len(CLEAN.taken), np.bool_))
    assert isinstance(none, track.Track)
    assert len(faults.deliver(1, mix.STANDARD.radio, WHO, SHIFT, none).due) == 0
