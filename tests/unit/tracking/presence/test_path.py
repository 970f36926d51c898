"""Timelines of the way inside a cell: neither lost at bends nor walked by noise."""

import itertools

import numpy as np
import pytest

from tests.unit.tracking import timelines as tl
from tracking.presence import stays
from tracking.presence.noise import Noise
from tracking.presence.stays import StayKind

ROUND = [(40.0, 40.0), (260.0, 40.0), (260.0, 260.0), (40.0, 260.0), (40.0, 40.0)]
"""A round of 880 m inside the first cell."""
Fixes = list[tuple[float, float, float]]


def along(corners: list[tuple[float, float]], *, speed: float, every: float) -> Fixes:
    """Fixes every so many seconds on a way round corners."""
    legs = [np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(corners)]
    passed = np.concatenate([[0], np.cumsum(legs)])
    t = np.arange(0, passed[-1] / speed, every)
    x, y = (np.interp(t * speed, passed, [corner[axis] for corner in corners]) for axis in (0, 1))
    return list(zip(t.tolist(), x.tolist(), y.tolist(), strict=True))


def noisy(points: Fixes, sigma: float, rng: np.random.Generator, *, memory_s: float = 55.0) -> Fixes:
    """The same with an error that forgets itself in so many seconds; 0 for one without memory."""
    made, error, last = [], rng.normal(0, sigma, 2), points[0][0]
    for t, x, y in points:
        keep = np.exp(-(t - last) / memory_s) if memory_s else 0.0
        error = keep * error + np.sqrt(1 - keep**2) * rng.normal(0, sigma, 2)
        made.append((t, x + float(error[0]), y + float(error[1])))
        last = t
    return made


def longest(points: Fixes, *, acc: float) -> stays.Stay:
    """The longest stay that comes out."""
    return max(tl.run(tl.engine(), tl.track(points, acc=acc)).values(), key=lambda stay: stay.dwell_ms)


@pytest.mark.parametrize(("speed", "every"), [(1.2, 10), (1.2, 1), (3.0, 10), (9.0, 5)])
def test_the_way_round_a_block_is_measured(speed: float, every: float) -> None:
    """A round of 880 m is 880 m within a tenth, on foot, by bicycle and by car, with many fixes or few."""
    assert longest(along(ROUND, speed=speed, every=every), acc=7.6).path_m == pytest.approx(880, rel=0.1)


@pytest.mark.parametrize("memory_s", [55.0, 0.0], ids=["slow noise", "white noise"])
def test_the_way_is_measured_under_noise(memory_s: float) -> None:
    """With 5 m of noise the mean of many rounds is right within a tenth: nothing is lost, and noise walks nowhere."""
    rng = np.random.default_rng(7)
    rounds = [noisy(along(ROUND, speed=1.2, every=10), 5, rng, memory_s=memory_s) for _ in range(12)]
    assert np.mean([longest(points, acc=7.6).path_m for points in rounds]) == pytest.approx(880, rel=0.1)


def test_a_visit_with_two_bends_is_a_visit() -> None:
    """In at one gate, along the middle and out at the other: 240 m with two sharp bends are not too short."""
    way = [(-60.0, 150.0), (60.0, 150.0), (120.0, 60.0), (180.0, 150.0), (150.0, 310.0)]
    rng = np.random.default_rng(3)
    kinds = [longest(noisy(along(way, speed=1.25, every=10), 5, rng), acc=7.6).kind for _ in range(20)]
    assert kinds.count(StayKind.VISIT) == 20


def test_a_car_that_circles_in_a_cell_is_no_visit() -> None:
    """Three rounds at 8 m/s last longer than the least dwell, but nobody patrolled."""
    stay = longest(along(ROUND * 3, speed=8, every=10), acc=7.6)
    assert stay.dwell_ms > tl.RULE.dwell_ms
    assert stay.kind is StayKind.DRIVE_THROUGH


@pytest.mark.parametrize(("every", "memory_s"), [(10, 55.0), (60, 55.0), (1, 55.0), (10, 0.0), (1, 0.0)])
def test_noise_walks_nowhere(every: int, memory_s: float) -> None:
    """An hour on one spot under 8 m of noise, slow or white, makes less than 50 m of way, however often it is sent."""
    rng = np.random.default_rng(11)
    paths = [
        longest(
            noisy(tl.stand((150, 150), begin=0, seconds=3600, every=every), 8, rng, memory_s=memory_s), acc=12
        ).path_m
        for _ in range(6)
    ]
    assert np.mean(paths) < 50


def test_a_stop_before_walking_on_adds_no_way() -> None:
    """Ten minutes on the spot in noise between two walks add nothing to the 200 m."""
    rng = np.random.default_rng(5)
    added = []
    for _ in range(10):
        out = along([(50.0, 150.0), (150.0, 150.0)], speed=1.2, every=10)
        still = [(t + 90.0, 150.0, 150.0) for t in range(0, 600, 10)]
        on = [(t + 690.0, x, y) for t, x, y in along([(150.0, 150.0), (250.0, 150.0)], speed=1.2, every=10)]
        added.append(longest(noisy(out + still + on, 5, rng), acc=7.6).path_m - 200)
    assert abs(np.mean(added)) < 25


def test_tall_houses_do_not_walk_far_nor_lose_a_patrol() -> None:
    """With an accuracy of 50 m and errors to match a round still has the way of a visit."""
    rng = np.random.default_rng(2)
    rounds = [noisy(along(ROUND, speed=1.2, every=10), 33, rng) for _ in range(10)]
    assert sum(longest(points, acc=50).path_m >= tl.RULE.path_m for points in rounds) >= 9


MARKET = [(110.0 + 60 * (n % 2), 150.0) for n in range(11)]
"""To and fro in a market of 60 m."""
LANE = [(float(x), 150 + 12 * float(np.sin(2 * np.pi * x / 60))) for x in range(10, 290, 2)]


@pytest.mark.parametrize("acc", [5.0, 8.0, np.nan], ids=["5 m", "8 m", "not said"])
@pytest.mark.parametrize("every", [1, 5, 10])
@pytest.mark.parametrize("way", [MARKET, ROUND, LANE], ids=["market", "block", "lane"])
def test_small_ways_are_measured_whatever_accuracy_is_said(
    way: list[tuple[float, float]], every: float, acc: float
) -> None:
    """With the noise of real receivers the way is right within a tenth: what is declared does not count, noise does."""
    rng = np.random.default_rng(13)
    legs = np.hypot(*np.diff(np.array(way), axis=0).T).sum()
    walks = [longest(noisy(along(way, speed=1.2, every=every), 1.0, rng, memory_s=0), acc=acc) for _ in range(6)]
    assert np.mean([stay.path_m for stay in walks]) == pytest.approx(legs, rel=0.1)


@pytest.mark.parametrize("acc", [12.0, np.nan], ids=["12 m", "not said"])
@pytest.mark.parametrize("memory_s", [55.0, 0.0], ids=["slow noise", "white noise"])
@pytest.mark.parametrize("every", [2, 5, 30])
def test_standing_walks_nowhere_whatever_accuracy_is_said(every: int, memory_s: float, acc: float) -> None:
    """An hour in 8 m of noise, of a device that says its accuracy and of one that does not."""
    rng = np.random.default_rng(17)
    still = tl.stand((150, 150), begin=0, seconds=3600, every=every)
    paths = [longest(noisy(still, 8, rng, memory_s=memory_s), acc=acc).path_m for _ in range(6)]
    assert np.mean(paths) < 50


def test_noise_at_one_fix_a_second_is_no_way() -> None:
    """Five metres of noise without memory once a second: the way was five times too long."""
    rng = np.random.default_rng(19)
    walks = [longest(noisy(along(ROUND, speed=1.2, every=1), 5, rng, memory_s=0), acc=7.6) for _ in range(6)]
    assert np.mean([stay.path_m for stay in walks]) == pytest.approx(880, rel=0.1)


def test_the_way_before_a_device_is_held_counts() -> None:
    """Along the boundary, too near to be sure of the side, and then into the cell: all of it was walked there."""
    along_edge = along([(20, 5), (280, 5), (20, 5), (150, 150)], speed=1.25, every=10)
    assert longest(along_edge, acc=15).path_m == pytest.approx(260 + 260 + 195, rel=0.05)


def test_noise_is_learnt_where_a_device_is_held_nowhere() -> None:
    """A device that never says its accuracy shows it outside every cell: then 25 m inside are deep at once."""
    rng = np.random.default_rng(5)
    points = noisy(tl.stand((150, -20), begin=0, seconds=600, every=5), 0.5, rng, memory_s=0)
    points += tl.stand((150, 25), begin=600, seconds=20, every=5)
    (stay,) = tl.run(tl.engine(), tl.track(points, acc=np.nan)).values()
    assert stay.dwell_ms == pytest.approx(17_500, abs=1_000)


def test_a_bad_beginning_is_not_in_the_noise_for_minutes() -> None:
    """Of the first six knots one lies 400 m off the way, as at a turn between two fixes: the median does not see it."""
    noise = Noise()
    for n in range(8):
        noise.note((n * 5_000.0, 400.0 * (n == 1), float(n % 2), 3.3))
    assert noise.knots == 6
    assert noise.relative_m(3.3) < 2


def test_a_believed_jump_is_no_noise() -> None:
    """The way after a jump within one cell is measured by the noise of the track, not by the jump."""
    stood = tl.stand((30, 150), begin=0, seconds=10, every=5)
    after = along([(270, 150), (240, 150), (270, 150), (240, 150)], speed=1.0, every=5)
    still = tl.stand((270, 150), begin=7, seconds=65, every=5)
    points = [*stood, *still, *((s + 72, x, y) for s, x, y in after), *tl.stand((240, 150), begin=163, seconds=40)]
    assert longest(points, acc=5).path_m == pytest.approx(90, rel=0.15)
