"""Columns of many messages say fix by fix what the messages said, whatever is absent."""

import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoding import fix_columns
from schemas import wire
from tracking.city.enrolment import Device
from tracking.geometry import datum

T0 = 1_790_000_000_000


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, or absent."""
    return st.none() | values


PLACES = st.just((0.0, 0.0)) | st.tuples(st.floats(22.0, 24.0), st.floats(113.0, 115.0))
FIELDS = st.fixed_dictionaries({
    "t": st.integers(T0, T0 + 10**9), "acc": maybe(st.integers(0, 100)), "spd": maybe(st.floats(0, 40, width=32)),
    "hdg": maybe(st.integers(0, 360)), "alt": maybe(st.integers(-10, 900)), "bat": maybe(st.integers(0, 100)),
    "sat": maybe(st.integers(0, 40)), "seq": maybe(st.integers(0, 2**60)), "boot": maybe(st.text(max_size=5)),
    "src": st.sampled_from(wire.Source), "duty": st.sampled_from([each for each in wire.Duty if each != "off"]),
    "mock": st.booleans(), "rec": maybe(st.booleans()),
})  # fmt: skip
FIX = st.builds(lambda place, fields: wire.Fix(lat=place[0], lon=place[1], **fields), PLACES, FIELDS)
PLAIN = st.builds(lambda t, place: wire.Fix(t=t, lat=place[0], lon=place[1]), st.integers(T0, T0 + 10**9), PLACES)
MESSAGE = st.tuples(
    st.integers(1, 9), st.sampled_from(wire.Datum), st.integers(T0, T0 + 10**9),
    st.lists(FIX | PLAIN, min_size=1, max_size=4),
)  # fmt: skip


def slow(device: Device, received: int, fix: wire.Fix) -> dict[str, Any]:
    """One fix by itself, written from the description of the columns."""
    lat, lon = fix.lat, fix.lon
    shifted = device.datum in (wire.Datum.GCJ02, wire.Datum.BD09)
    if shifted:
        moved = datum.to_wgs84(np.array([lat]), np.array([lon]), device.datum)
        lat, lon = (float(each[0]) for each in moved)
    flags = 1 * fix.mock + (0 if fix.rec is None else 2 + 4 * fix.rec) + 8 * (fix.lat == 0 and fix.lon == 0)
    return {
        "device": device.id, "t": fix.t, "received": received, "lat": lat, "lon": lon,
        "raw_lat": fix.lat if shifted else None, "raw_lon": fix.lon if shifted else None, "acc": fix.acc,
        "spd": fix.spd, "hdg": fix.hdg, "alt": fix.alt, "bat": fix.bat, "sat": -1 if fix.sat is None else fix.sat,
        "src": list(wire.Source).index(fix.src), "duty": list(wire.Duty).index(fix.duty), "flags": flags,
        "seq": -1 if fix.seq is None else fix.seq, "boot": fix.boot,
    }  # fmt: skip


@given(messages=st.lists(MESSAGE, max_size=6))
def test_columns_say_what_each_fix_said(messages: list[tuple[int, wire.Datum, int, list[wire.Fix]]]) -> None:
    """The answer is that of every fix by itself."""
    devices = [Device(id=n, name=f"d{n}", unit="u", datum=each) for n, each, _, _ in messages]
    fixes = [fix for *_, sent in messages for fix in sent]
    made = fix_columns.columns(fixes, devices, [at for _, _, at, _ in messages], [len(sent) for *_, sent in messages])
    wanted = [slow(device, at, fix) for device, (_, _, at, sent) in zip(devices, messages, strict=True) for fix in sent]
    assert len(made) == len(wanted)
    for row, one in enumerate(wanted):
        for name, value in one.items():
            got = getattr(made, name)[row]
            if value is None:
                assert got is None or math.isnan(got), name
            elif name in ("lat", "lon"):
                assert math.isclose(got, value, abs_tol=1e-10), name  # many at once may round otherwise than one
            else:
                assert got == value, name
