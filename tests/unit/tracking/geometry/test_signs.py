"""Signs of a faked track, together, replayed, wrong datum: found where they are, and not in honest tracks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import wire
from schemas.wire import Datum
from tests.unit.tracking.quality.made import LAT, LON, MINUTE, SLOT, changed, walk
from tracking.geometry import datum
from tracking.geometry.lookup import CityGrid, GridCell
from tracking.presence.fixes import FixColumns
from tracking.quality import datums, pairs, replays, review, tracks
from tracking.quality.model import FindingKind
from tracking.routes.roads import Roads


def _kinds(fixes: FixColumns) -> set[FindingKind]:
    return {finding.kind for finding in review.review(1, fixes, SLOT)}


@pytest.mark.parametrize("seed", range(5))
def test_review_finds_nothing_in_an_honest_walk(seed: int) -> None:
    """Noise, a standing hour and a camera's rate are nothing."""
    assert _kinds(walk(seed=seed)) == set()
    rng = np.random.default_rng(seed)
    still = walk(lat=np.round(LAT + rng.normal(0, 8, 360) / 111_195, 7), lon=np.full(360, LON), spd=np.zeros(360))
    assert _kinds(still) == set()


def test_identical_needs_ten_fixes_running() -> None:
    """Nine are a receiver that holds still, ten are none."""
    fixes = walk()
    for n, expected in ((9, set()), (10, {FindingKind.IDENTICAL})):
        lat, lon = fixes.lat.copy(), fixes.lon.copy()
        lat[100 : 100 + n], lon[100 : 100 + n] = lat[100], lon[100]
        assert _kinds(changed(fixes, lat=lat, lon=lon, spd=np.full(360, np.nan))) == expected
    network = np.full(360, wire.SOURCE_CODE[wire.Source.NETWORK])
    assert _kinds(changed(fixes, lat=lat, lon=lon, src=network, spd=np.full(360, np.nan))) == set()


def test_mocked_is_what_the_platform_says() -> None:
    """Three fixes are enough; their times are kept."""
    flags = np.zeros(360)
    flags[50:53] = wire.FixFlag.MOCK
    (found,) = review.review(1, walk(flags=flags), SLOT)
    assert (found.kind, found.since, found.until) == (FindingKind.MOCKED, SLOT + 500_000, SLOT + 520_000)
    assert found.evidence == {"n": 3}


def test_impossible_needs_more_than_one_jump() -> None:
    """A receiver jumps there and back now and then; again and again it is made up."""
    fixes = walk()
    for places, expected in (([100], set()), ([100, 200, 300], {FindingKind.IMPOSSIBLE})):
        lat = fixes.lat.copy()
        lat[places] += 0.05
        assert _kinds(changed(fixes, lat=lat)) == expected


def test_contradiction_is_a_receiver_that_says_it_stands_while_its_places_run() -> None:
    """Speed zero, or the opposite course, over most of the way."""
    n = 360
    lat = LAT + 8.0 * 10 * np.arange(n) / 111_195
    run = walk(lat=lat, lon=np.full(n, LON), spd=np.full(n, 8.0), hdg=np.zeros(n))
    assert _kinds(run) == set()
    assert _kinds(changed(run, spd=np.zeros(n))) == {FindingKind.CONTRADICTION}
    assert _kinds(changed(run, hdg=np.full(n, 180.0))) == {FindingKind.CONTRADICTION}


def test_time_stands_is_told_by_the_sequence() -> None:
    """Numbers grow while times fall back, three times or more."""
    fixes = walk()
    seq = np.arange(360)
    for k in (50, 60, 70):
        seq[k], seq[k + 1] = seq[k + 1], seq[k]
    assert _kinds(changed(fixes, seq=seq)) == {FindingKind.TIME_STANDS}


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_review_does_not_depend_on_the_order(random: object) -> None:
    """Any permutation of the fixes gives the same findings."""
    flags = np.zeros(360)
    flags[50:60] = wire.FixFlag.MOCK
    fixes = walk(flags=flags, received=SLOT + 10_000 * np.arange(360) + 50_000)
    order = np.arange(360)
    random.shuffle(order)  # type: ignore[attr-defined]
    assert review.review(1, fixes.take(order), SLOT) == review.review(1, fixes, SLOT)
    assert {each.kind for each in review.review(1, fixes, SLOT)} == {FindingKind.MOCKED, FindingKind.CLOCK_SKEW}


def _minutes(fixes: FixColumns) -> pairs.MinutePlaces:
    return pairs.minutes(fixes.t, (fixes.lon - LON) * 102_300, (fixes.lat - LAT) * 111_195)


def test_together_is_one_pocket_and_not_a_patrol_of_two() -> None:
    """Two receivers of one officer differ by a metre or two; those of two officers side by side by more."""
    one = walk(seed=1)
    rng = np.random.default_rng(9)
    off = rng.normal(0, 1.2, (2, 360))
    pocket = changed(one, lat=one.lat + off[0] / 111_195, lon=one.lon + off[1] / 102_300)
    found = pairs.together(_minutes(one), _minutes(pocket))
    assert found is not None
    assert found.minutes >= 58
    beside = changed(one, lat=one.lat + rng.normal(4, 4, 360) / 111_195, lon=one.lon + rng.normal(3, 4, 360) / 102_300)
    assert pairs.together(_minutes(one), _minutes(beside)) is None
    assert pairs.together(_minutes(one), _minutes(pocket.take(slice(0, 29 * 6)))) is None


def test_together_allows_for_a_few_minutes_apart() -> None:
    """A jump of one receiver does not end it."""
    one = walk(seed=2)
    lat = one.lat.copy()
    lat[60:66] += 0.001
    found = pairs.together(_minutes(one), _minutes(changed(one, lat=lat)))
    assert found is not None
    assert found.minutes == 60


def test_replays_are_found_by_marks_and_proved_fix_by_fix() -> None:
    """The track of another day, sent by another device, is found with its shift; an honest one meets no marks."""
    day = 86_400_000
    original = walk(120, seed=3, start=SLOT - day)
    copy = changed(original, device=np.full(720, 2), t=original.t + day + 700, received=original.t + day + 900)
    kept, ours = replays.marks(original), replays.marks(copy)
    at = {int(mark): int(t) for mark, t in zip(kept.mark, kept.t, strict=True)}
    met = [
        replays.MarkMatch(t=int(t), device=1, then=at[int(mark)])
        for mark, t in zip(ours.mark, ours.t, strict=True)
        if int(mark) in at
    ]
    assert len(met) >= replays.LEAST_MARKS
    (found,) = replays.candidates(2, met)
    assert (found.device, found.shift) == (1, day + 700)
    assert replays.same_fixes(copy, original, found.shift).mean() > 0.95
    other = replays.marks(walk(120, seed=4, start=SLOT))
    assert not set(other.mark.tolist()) & set(kept.mark.tolist())


def test_replays_accuse_the_copy_and_not_the_original() -> None:
    """What was before is the original, and coming back within the hour is none."""
    marks = [replays.MarkMatch(t=SLOT + k * MINUTE, device=1, then=SLOT + k * MINUTE + 86_400_000) for k in range(10)]
    assert replays.candidates(2, marks) == []
    again = [replays.MarkMatch(t=SLOT + k * MINUTE + 1_800_000, device=2, then=SLOT + k * MINUTE) for k in range(10)]
    assert replays.candidates(2, again) == []


@pytest.mark.parametrize("sent", [Datum.GCJ02, Datum.BD09])
def test_a_wrong_datum_is_suspect_and_after_three_shifts_found(sent: Datum) -> None:
    """A handset set to WGS-84 that sends another datum starts its shift half a kilometre from the team."""
    base = (np.array([LAT]), np.array([LON]))
    wrong = datum.wgs84_to_gcj02(*base)
    if sent is Datum.BD09:
        wrong = datum.gcj02_to_bd09(*wrong)
    off = {
        each: float(np.hypot((lat[0] - LAT) * 111_195, (lon[0] - LON) * 102_300)) + 4.0
        for each, (lat, lon) in datums.places(*wrong).items()
    }
    better = datums.better_datum(datums.DatumOffset(as_is=off[Datum.WGS84], under=off))
    assert better is not None
    assert better.fits is sent
    assert datums.agreed_datum([better, better]) is None
    assert datums.agreed_datum([None, better, better, better]) is sent
    assert datums.agreed_datum([better, None, better]) is None


def test_a_right_datum_is_not_suspect() -> None:
    """Fifty metres from the team, or a place that no datum explains, is not suspect."""
    near = {Datum.WGS84: 50.0, Datum.GCJ02: 4.0, Datum.BD09: 900.0}
    assert datums.better_datum(datums.DatumOffset(as_is=50.0, under=near)) is None
    far = {Datum.WGS84: 2_000.0, Datum.GCJ02: 1_500.0, Datum.BD09: 900.0}
    assert datums.better_datum(datums.DatumOffset(as_is=2_000.0, under=far)) is None
    set_right = {Datum.WGS84: 570.0, Datum.GCJ02: 6.0, Datum.BD09: 1_200.0}
    assert datums.better_datum(datums.DatumOffset(as_is=6.0, under=set_right)) is None


GRID = CityGrid([GridCell(id=1, rings=[[[LON - 0.1, LAT - 0.1], [LON + 0.1, LAT - 0.1], [LON + 0.1, LAT + 0.1]]])])


def _roads(*seeds: int) -> Roads:
    """Roads along the walks of these seeds, a middle every 13 m."""
    ways = [walk(seed=seed) for seed in seeds]
    return Roads(*GRID.xy(np.concatenate([way.lat for way in ways]), np.concatenate([way.lon for way in ways])))


def _again(seed: int) -> FixColumns:
    """The walk of a seed on another day: the same way, other noise of 4 m."""
    way, rng = walk(seed=seed), np.random.default_rng(100 + seed)
    return changed(way, lat=way.lat + rng.normal(0, 4, 360) / 111_195, lon=way.lon + rng.normal(0, 4, 360) / 102_300)


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("sent", [Datum.GCJ02, Datum.BD09])
def test_roads_tell_a_wrong_datum(seed: int, sent: Datum) -> None:
    """A way along roads, among others, fits them under the datum that was sent only."""
    right = _again(seed)
    lat, lon = datum.wgs84_to_gcj02(right.lat, right.lon)
    if sent is Datum.BD09:
        lat, lon = datum.gcj02_to_bd09(lat, lon)
    roads = _roads(*range(1, 9))
    better = datums.off_roads(roads, GRID, changed(right, lat=lat, lon=lon))
    assert better is not None
    assert better.fits is sent
    assert better.off_m > 500
    assert datums.off_roads(roads, GRID, right) is None


@pytest.mark.parametrize("seed", range(1, 6))
def test_roads_suspect_nobody_who_stands_or_leaves_them(seed: int) -> None:
    """A place says nothing however long somebody stands there, nor does a way through a park."""
    lat, lon = datum.wgs84_to_gcj02(np.full(360, LAT), np.full(360, LON))
    assert datums.off_roads(_roads(seed), GRID, changed(_again(seed), lat=lat, lon=lon)) is None
    assert datums.off_roads(_roads(*range(11, 19)), GRID, _again(seed)) is None
    assert datums.off_roads(Roads(np.empty(0), np.empty(0)), GRID, _again(seed)) is None


def test_what_was_stored_before_the_datum_was_set_right_stays_suspect() -> None:
    """The places as stored are judged, not what the device is set to now."""
    sent = {Datum.WGS84: 570.0, Datum.GCJ02: 6.0, Datum.BD09: 1_200.0}
    better = datums.better_datum(datums.DatumOffset(as_is=570.0, under=sent))
    assert better is not None
    assert better.fits is Datum.GCJ02


def test_team_base_is_where_most_began() -> None:
    """Three of four together are a base, scattered ones are none."""
    x, y = np.array([0.0, 20.0, -30.0, 2_000.0]), np.array([0.0, 10.0, 5.0, 0.0])
    base = datums.team_base(x, y)
    assert base is not None
    assert np.hypot(*base) < 50
    assert datums.team_base(x * 100, y * 100) is None
    assert datums.team_base(x[:2], y[:2]) is None


def test_identical_looks_at_the_degrees_as_sent() -> None:
    """The conversion of the datum must not hide or make identity."""
    fixes = walk()
    raw = np.full(360, 23.1)
    found = tracks.identical(changed(fixes, raw_lat=raw, raw_lon=np.full(360, 114.4)))
    assert found is not None
    assert found.evidence["n"] == 360
