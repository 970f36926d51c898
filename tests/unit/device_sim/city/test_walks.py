"""Ways, tracks, faults and messages of the officers: timelines that are the same for the same seed."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import shapely

from device_sim.city import city, geodesy
from device_sim.faults import faults
from device_sim.fleet import mix, officer, post, track, truth, uplink, walk, ways
from schemas import topics, wire

SHIFT = 61_000
OFFICERS = officer.recruit(200, 1)
FOOT = next(who for who in OFFICERS if not who.bike and not who.camera)
BIKE = next(who for who in OFFICERS if who.bike and not who.camera)
CAMERA = next(who for who in OFFICERS if who.camera)
_fixes = msgspec.json.Decoder(list[wire.Fix] | wire.Fix)


def test_officers_cover_most_grids_unevenly() -> None:
    """All grids are on somebody's beat, but beats in understaffed streets are several times longer."""
    made = city.build(1)
    assert {cell for who in OFFICERS for cell in who.beat} == set(range(len(made.cells)))
    lengths = {unit: np.mean([len(w.beat) for w in OFFICERS if w.unit == unit]) for unit in {w.unit for w in OFFICERS}}
    assert lengths["441302103"] > 2.5 * lengths["441302002"]


@pytest.mark.parametrize("count", [1, 7, 50, 600])
def test_any_number_of_officers_has_beats(count: int) -> None:
    """As many officers as asked for, with their own names and each with a beat in one street."""
    officers, made = officer.recruit(count, 1), city.build(1)
    assert len({who.name for who in officers}) == count
    assert all(who.beat and {made.cells[c].street for c in who.beat} == {who.unit} for who in officers)
    assert all(topics.NAME.fullmatch(who.name) and topics.NAME.fullmatch(who.unit) for who in officers)


@pytest.mark.parametrize("who", [FOOT, BIKE, CAMERA], ids=["foot", "bike", "camera"])
def test_way_is_continuous_at_a_plausible_speed(who: officer.Officer) -> None:
    """A way fills its shift, and walking goes at 1.0 to 1.5 m/s, an electric bicycle at up to 3.6."""
    way = walk.shift(1, who, SHIFT)
    assert (way.t[0], way.t[-1]) == (who.shift_start(SHIFT), who.shift_start(SHIFT + 1))
    assert (np.diff(way.t) >= 0).all()
    metres, seconds = np.hypot(np.diff(way.x), np.diff(way.y)), np.diff(way.t) / 1000
    walking = (way.mode == ways.Mode.WALK) & (seconds > 5)
    low, high = (2.2, 3.6) if who.bike else (1.0, 1.5)
    assert (metres[walking] / seconds[walking] > low).all()
    assert (metres[walking] / seconds[walking] < high).all()
    assert (metres[way.mode != ways.Mode.WALK] == 0).all()
    stops = seconds[(way.mode == ways.Mode.STAND)][1:-1]
    assert ((stops >= 180) & (stops <= 720)).all()


def test_way_is_in_the_cell_that_the_truth_names() -> None:
    """At every moment the true place lies in the cell that the way tells, as shapely sees it."""
    made = city.build(1)
    shapes = np.array([shapely.Polygon(made.ring(k)).buffer(0.01) for k in range(len(made.cells))])
    for who in OFFICERS[::40]:
        way = walk.shift(1, who, SHIFT)
        t = np.arange(way.t[0], way.t[-1], 7_001)
        segment = np.searchsorted(way.t, t, side="right") - 1
        places = shapely.points(np.interp(t, way.t, way.x), np.interp(t, way.t, way.y))
        assert shapely.contains(shapes[way.cell[segment]], places).all()


def test_shifts_join_without_a_jump() -> None:
    """The next shift begins where the last one ended, and the receiver's error goes on too."""
    first, second = walk.shift(1, FOOT, SHIFT), walk.shift(1, FOOT, SHIFT + 1)
    assert (first.x[-1], first.y[-1], first.t[-1]) == (second.x[0], second.y[0], second.t[0])
    a, b = (track.measure(1, FOOT, SHIFT + k, way) for k, way in enumerate((first, second)))
    (ax, bx), (ay, by) = geodesy.metres(np.array([a.lat[-1], b.lat[0]]), np.array([a.lon[-1], b.lon[0]]))
    seconds = (b.t[0] - a.t[-1]) / 1000
    assert 0 < seconds <= 60
    assert np.hypot(ax - bx, ay - by) < 4 * FOOT.sigma_m


def test_same_seed_gives_the_same_track() -> None:
    """Way and track are functions of seed, officer and shift; another seed gives others."""
    for name in ("t", "lat", "lon", "acc", "sat"):
        first, second = (getattr(track.measure(1, FOOT, SHIFT, walk.shift(1, FOOT, SHIFT)), name) for _ in range(2))
        assert np.array_equal(first, second)
    other = officer.recruit(200, 2)[FOOT.number]
    assert not np.array_equal(walk.shift(2, other, SHIFT).x[:50], walk.shift(1, FOOT, SHIFT).x[:50])


def test_error_is_correlated_and_as_large_as_reported() -> None:
    """The error has a memory of about a minute, and 68 % of it lies within the reported radius."""
    inside, total, memory = 0, 0, []
    for who in [w for w in OFFICERS if not w.camera][:40]:
        way = walk.shift(1, who, SHIFT)
        taken = track.measure(1, who, SHIFT, way)
        x, y = geodesy.metres(taken.lat, taken.lon)
        east, north = x - np.interp(taken.t, way.t, way.x), y - np.interp(taken.t, way.t, way.y)
        inside += int((np.hypot(east, north) <= taken.acc).sum())
        total += len(taken)
        steady = np.diff(taken.t) == 10_000
        memory.append(np.corrcoef(east[:-1][steady], east[1:][steady])[0, 1])
        assert 2 < east.std() < 11
    assert 0.65 < inside / total < 0.71
    assert 0.75 < np.mean(memory) < 0.9


def test_fixes_come_every_ten_seconds_moving_and_every_minute_standing() -> None:
    """No two fixes are farther apart than a minute, nor nearer than the interval, and all fields are filled."""
    taken = track.measure(1, FOOT, SHIFT, walk.shift(1, FOOT, SHIFT))
    gaps = np.diff(taken.t)
    assert gaps.min() == 10_000
    assert gaps.max() == 60_000
    fixes = taken.fixes(0, len(taken))
    assert all(fix.acc and fix.spd is not None and fix.bat and fix.sat and fix.boot for fix in fixes)
    assert [fix.seq for fix in fixes] == list(range(len(fixes)))
    assert any(fix.hdg is None for fix in fixes)
    assert any(fix.duty is wire.Duty.BREAK for fix in fixes)
    _fixes.decode(msgspec.json.encode(fixes))


def test_body_camera_sends_one_fix_a_second_in_arrays_of_ten() -> None:
    """While it moves, a body camera's messages hold ten fixes one second apart."""
    taken = track.measure(1, CAMERA, SHIFT, walk.shift(1, CAMERA, SHIFT))
    sent = faults.deliver(1, faults.NONE, CAMERA, SHIFT, taken)
    sizes = sent.stop - sent.start
    assert np.median(sizes) == 10
    assert sizes.max() <= 10


def test_faults_lose_nothing_and_are_as_planned() -> None:
    """With every fault of the radio each fix leaves at least once, not before it was taken, and gaps come as arrays."""
    plan = faults.FaultPlan(gaps_per_shift=4, duplicate=0.1, delay=0.1)
    taken = track.measure(1, FOOT, SHIFT, walk.shift(1, FOOT, SHIFT))
    sent = faults.deliver(1, plan, FOOT, SHIFT, taken)
    counts = np.zeros(len(taken), int)
    for start, stop in zip(sent.start, sent.stop, strict=True):
        counts[start:stop] += 1
    assert counts.min() == 1
    assert counts.max() == 2
    assert (sent.due >= taken.t[sent.stop - 1]).all()
    assert (np.diff(sent.due) >= 0).all()
    assert (np.diff(sent.start) < 0).any(), "some message overtakes another"
    assert sent.gaps
    for gap in sent.gaps:
        inside = (taken.t[sent.start] >= gap.t_from) & (taken.t[sent.start] < gap.t_to)
        assert (sent.due[inside] >= gap.t_to).all()
    again = faults.deliver(1, plan, FOOT, SHIFT, taken)
    assert np.array_equal(sent.due, again.due)


def test_history_goes_on_into_the_live_track_without_a_seam() -> None:
    """What is uploaded as history and what is sent live afterwards are together exactly what is sent live alone."""
    begin = FOOT.shift_start(SHIFT + 1) - 3_600_000
    now, end = begin + 5_400_000, begin + 7_200_000  # the shift changes in between
    split, whole = post.SimulatedDevice(1, FOOT), post.SimulatedDevice(1, FOOT)
    split.start(begin)
    whole.start(begin)
    history = list(split.messages(now, join=True))
    sent = [*history, *split.messages(end)]
    alone = list(whole.messages(end))
    assert len(history) < 20
    assert _times(sent) == _times(alone)
    assert sorted(_events(sent)) == sorted(_events(alone))


def test_events_are_of_the_wire_and_keep_their_ids() -> None:
    """Events have the form of the contract, lie near the officer and have the same ids when sent again."""
    found = []
    for _ in range(2):
        messages = []
        for who in OFFICERS[:12]:
            device = post.SimulatedDevice(1, who)
            device.start(who.shift_start(SHIFT))
            messages += list(device.messages(who.shift_start(SHIFT + 1) - 1))
        found.append(_events(messages))
    assert found[0] == found[1]
    assert len(found[0]) > 10
    for payload in found[0]:
        event = msgspec.json.decode(payload, type=wire.Event)
        assert 22.9 < event.lat < 23.2


def test_truth_is_what_the_ways_say() -> None:
    """Presences follow each other without gap from the start, also over the change of shifts, one of them going on."""
    device = post.SimulatedDevice(1, FOOT, plan=mix.Mix(radio=faults.STANDARD))
    begin = FOOT.shift_start(SHIFT + 1) - 3_600_000
    device.start(begin)
    now = begin + 7_200_000
    list(device.messages(now))
    ended, going_on = device.truth(now)
    assert going_on is not None
    chain = [*ended, going_on]
    assert (chain[0].t_in, chain[-1].t_out) == (begin, now)
    assert all(a.t_out == b.t_in and a.cell != b.cell for a, b in itertools.pairwise(chain))
    way = walk.shift(1, FOOT, SHIFT + 1)
    assert going_on.cell == way.cell[np.searchsorted(way.t, now, side="right") - 1]


def test_true_stays_hold_the_dwell_of_the_presences() -> None:
    """Over two shifts the stays of each cell are as long as its presences together."""
    device = post.SimulatedDevice(1, FOOT)
    device.start(FOOT.shift_start(SHIFT) + 3_600_000)
    now = FOOT.shift_start(SHIFT + 1) + 1_800_000
    assert list(device.messages(now))
    ended, going_on = device.truth(now)
    expected: dict[int, int] = {}
    for found in [*ended, *([going_on] if going_on else [])]:
        expected[found.cell] = expected.get(found.cell, 0) + found.t_out - found.t_in
    stays: dict[int, int] = {}
    for stay in device.stays(now):
        stays[stay.cell] = stays.get(stay.cell, 0) + stay.dwell_ms
    assert stays == expected
    assert len(stays) > 3


def test_calls_for_help_are_few_and_change_no_way() -> None:
    """About one officer in 500 calls for help in a shift, from where they are; the same for the same seed."""
    way = walk.shift(1, FOOT, SHIFT)
    calls = [call for number in range(4_000) for call in post._sos(1, FOOT, number, way)]
    assert 2 <= len(calls) <= 20
    assert calls == [call for number in range(4_000) for call in post._sos(1, FOOT, number, way)]
    for call in calls:
        assert call.code == "sos"
        assert way.t[0] <= call.t <= way.t[-1]
        assert (call.x, call.y) == pytest.approx(
            (np.interp(call.t, way.t, way.x), np.interp(call.t, way.t, way.y)), abs=1e-6
        )


def test_recorders_run_on_duty_unless_forgotten() -> None:
    """A body camera says whether it records: on duty yes, on a break no, and never when it was not switched on."""
    taken = track.measure(1, CAMERA, SHIFT, walk.shift(1, CAMERA, SHIFT))
    for forgotten in (False, True):
        made = replace(taken, forgotten=forgotten).fixes(0, len(taken))
        assert {fix.rec for fix in made if fix.duty is wire.Duty.BREAK} == {False}
        assert {fix.rec for fix in made if fix.duty is wire.Duty.DUTY} == {not forgotten}
    without = track.measure(1, FOOT, SHIFT, walk.shift(1, FOOT, SHIFT)).fixes(0, 9)
    assert {fix.rec for fix in without} == {None}


def test_truth_file_holds_a_line_for_each_presence(tmp_path: Path) -> None:
    """The truth is JSON lines with codes of cells and times in ms."""
    path = tmp_path / "truth.jsonl"
    with truth.TruthFile(path, ["441302001001001"]) as file:
        file.presence("a", truth.Presence(cell=0, t_in=1, t_out=2), still_there=True)
        file.gap("a", faults.RadioGap(t_from=3, t_to=4))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0] == {
        "kind": "presence", "device": "a", "cell": "441302001001001", "t_in": 1, "t_out": 2, "open": True,
    }  # fmt: skip
    assert lines[1] == {"kind": "gap", "device": "a", "t_from": 3, "t_to": 4}


def test_will_of_a_device_says_offline() -> None:
    """The last will is the retained status of the contract with online false."""
    device = post.SimulatedDevice(1, FOOT)
    device.start(FOOT.shift_start(SHIFT))
    gone = device.gone()
    assert gone.retain
    assert topics.parse(gone.topic).kind is topics.TopicKind.STATUS
    assert msgspec.json.decode(gone.payload, type=wire.Status) == wire.Status(online=False)


def _times(messages: list[uplink.Message]) -> list[int]:
    fixes = [_fixes.decode(message.payload) for message in messages if message.topic.endswith("/fix")]
    return [fix.t for found in fixes for fix in (found if isinstance(found, list) else [found])]


def _events(messages: list[uplink.Message]) -> list[bytes]:
    return [message.payload for message in messages if message.topic.endswith("/event")]
