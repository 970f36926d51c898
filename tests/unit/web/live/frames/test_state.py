"""The state of the fleet: latest wins, whatever the order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.live.positions import NOW, columns
from web.live.frames import state, tiles

_ROW = st.fixed_dictionaries(
    {"device": st.integers(1, 4), "t": st.integers(NOW - 50, NOW), "lat": st.floats(22, 24), "lon": st.floats(113, 115)}
)


def named(live: state.LiveState) -> state.LiveState:
    """Let every device be known by name."""
    live.set_named(np.arange(1, 20))
    return live


@given(rows=st.lists(_ROW, max_size=30), cut=st.integers(0, 30), data=st.randoms())
def test_apply_keeps_the_latest_in_any_order_and_batching(rows: list[dict[str, float]], cut: int, data: object) -> None:
    """However positions are ordered and split, each device ends at its newest one."""
    newest: dict[int, dict[str, float]] = {}
    for row in rows:
        if row["t"] > newest.get(int(row["device"]), {"t": 0})["t"]:
            newest[int(row["device"])] = row
    # Of two positions of one device at one time the first wins: keep such pairs out, order is free then.
    rows = [row for row in rows if newest[int(row["device"])] is row or row["t"] < newest[int(row["device"])]["t"]]
    data.shuffle(rows)  # type: ignore[attr-defined]
    live = state.LiveState()
    live.apply(columns(*rows[:cut]))
    live.apply(columns(*rows[cut:]))
    for device, row in newest.items():
        u, v = tiles.mercator(np.array([row["lat"]]), np.array([row["lon"]]))
        assert (live.t[device], live.u[device], live.v[device]) == (row["t"], u[0], v[0])


def test_apply_ignores_rows_that_no_device_can_have() -> None:
    """Negative or gigantic slots, times before 1970 and places that are no numbers change nothing."""
    live = state.LiveState()
    place = {"lat": 23.0, "lon": 114.0}
    bad: list[dict[str, float]] = [
        {"device": -1},
        {"device": state.MAX_SLOT},
        {"device": 1, "t": 0},
        {"device": 1, "lat": float("nan")},
    ]
    assert live.apply(columns(*[{**place, **row} for row in bad])) == 0
    assert len(live) == 0


def test_publish_gives_a_device_only_when_the_directory_knows_it() -> None:
    """A position waits until its device has a name, and is then published without a new fix."""
    live = state.LiveState()
    live.apply(columns({"device": 3, "lat": 23.0, "lon": 114.0}))
    assert live.unnamed()
    assert len(live.publish()[0]) == 0
    live.set_named(np.array([3]))
    assert live.publish()[0].tolist() == [3]
    assert not live.unnamed()


def test_fall_silent_publishes_once_after_three_minutes() -> None:
    """A device without a fix for more than three minutes changes to silent, once."""
    live = named(state.LiveState())
    live.apply(columns({"device": 1, "lat": 23.0, "lon": 114.0}))
    live.publish()
    live.fall_silent(NOW + state.SILENT_AFTER_MS)
    assert len(live.publish()[0]) == 0
    live.fall_silent(NOW + state.SILENT_AFTER_MS + 1)
    assert live.publish()[0].tolist() == [1]
    live.fall_silent(NOW + state.SILENT_AFTER_MS + 1000)
    assert len(live.publish()[0]) == 0
    record = live.records(np.array([1]), NOW + state.SILENT_AFTER_MS + 1)
    assert record.status[0] & 3 == state.SILENT


@pytest.mark.parametrize(
    ("spd", "hdg", "duty", "expected"),
    [
        (1.5, 90.0, 0, state.MOVING),
        (0.1, 90.0, 1, state.STILL | 1 << 2),
        (float("nan"), 90.0, 0, state.UNKNOWN | tiles.SPEED_UNKNOWN),
        (1.5, float("nan"), 2, state.MOVING | 2 << 2 | tiles.COURSE_UNKNOWN),
    ],
)
def test_records_hold_the_status_bits(spd: float, hdg: float, duty: int, expected: int) -> None:
    """Motion, duty and what is unknown stand in the bits of the page."""
    live = named(state.LiveState())
    live.apply(columns({"device": 1, "lat": 23.0, "lon": 114.0, "spd": spd, "hdg": hdg, "duty": duty}))
    live.publish()
    assert live.records(np.array([1]), NOW).status.tolist() == [expected]


def test_records_hold_course_and_speed() -> None:
    """Course counts 256ths of a turn, speed quarter metres a second up to its end."""
    live = named(state.LiveState())
    live.apply(columns(*[
        {"device": 1, "lat": 23.0, "lon": 114.0, "hdg": 90, "spd": 1.25},
        {"device": 2, "lat": 23.0, "lon": 114.0, "hdg": 360, "spd": 400},
    ]))  # fmt: skip
    live.publish()
    records = live.records(np.array([1, 2]), NOW)
    assert records.course.tolist() == [64, 0]
    assert records.speed.tolist() == [5, 255]


def test_motion_without_speed_comes_from_the_way_since_the_fix_before() -> None:
    """Two fixes ten seconds and some 50 m apart mean moving; the same place means still."""
    live = named(state.LiveState())
    unknown = float("nan")
    live.apply(columns(*[{"device": d, "lat": 23.0, "lon": 114.0, "spd": unknown} for d in (1, 2)]))
    later = {"t": NOW + 10_000, "spd": unknown}
    live.apply(
        columns({"device": 1, "lat": 23.0, "lon": 114.0005, **later}, {"device": 2, "lat": 23.0, "lon": 114.0, **later})
    )
    assert live.motion[[1, 2]].tolist() == [state.MOVING, state.STILL]


@pytest.mark.parametrize(
    ("age_ms", "written"), [(-5, 0), (999, 0), (127_999, 127), (128_000, 130), (3_600_000, 188), (10**12, 255)]
)
def test_ages_count_seconds_then_minutes(age_ms: int, written: int) -> None:
    """Up to 127 seconds as such, beyond as 128 + minutes, at most 255."""
    assert state.ages(np.array([age_ms])).tolist() == [written]


def test_set_alarms_publishes_devices_that_enter_and_leave_alarm() -> None:
    """A change of alarm is a change of the device."""
    live = named(state.LiveState())
    live.apply(columns({"device": 1, "lat": 23.0, "lon": 114.0}))
    live.publish()
    live.set_alarms(np.array([1]))
    assert live.publish()[0].tolist() == [1]
    assert live.records(np.array([1]), NOW).status[0] & tiles.ALARM
    live.set_alarms(np.array([], dtype=np.int64))
    assert live.publish()[0].tolist() == [1]
