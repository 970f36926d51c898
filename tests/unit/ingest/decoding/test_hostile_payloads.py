"""Whatever a device sends over MQTT is taken or refused, all the way into the engine. Long: `make test-long`."""

import json
import math
import os
from typing import Any

import msgspec
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.decoding import batch, decode
from ingest.decoding.message import DeviceMessage
from schemas import wire
from tests.unit.tracking import timelines as tl
from tracking.city.enrolment import Device
from tracking.presence.engine import Engine
from tracking.presence.visit_rules import VisitRules

EXAMPLES = int(os.environ.get("PATROL_FUZZ_EXAMPLES", "400"))
LONG = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

DEVICES = {
    f"cam-{n}": Device(id=n, name=f"cam-{n}", unit="team", datum=datum, revoked=n == 5)
    for n, datum in enumerate([*wire.Datum, wire.Datum.WGS84], 1)
}
_GRID = tl.row_of_cells()
_NAMES = st.sampled_from([*DEVICES, "stranger", "a b", "+", "#", "", "x" * 300, "车\0"])
_KINDS = st.sampled_from(["fix", "event", "status", "reply", "cmd", "ack", "fixes", ""])
_TOPICS = (
    st.builds("patrol/v1/team/{}/{}".format, _NAMES, _KINDS)
    | st.builds("owntracks/{}/{}".format, st.sampled_from(["team", "team", "other", ""]), _NAMES)
    | st.sampled_from(
        ["owntracks/team/cam-1/event", "patrol/v1", "", "/" * 60, "$SYS/x", "patrol/v1/team/cam-1/fix/more"]
    )
)
_PLACE = {"t": tl.T0, "lat": tl.ORIGIN[0] + 0.001, "lon": tl.ORIGIN[1] + 0.001}
_GOOD: list[dict[str, Any]] = [
    _PLACE,
    {
        **_PLACE,
        "acc": 5.0,
        "spd": 1.2,
        "hdg": 90.0,
        "seq": 4,
        "boot": "b",
        "bat": 50,
        "sat": 9,
        "duty": "duty",
        "rec": True,
    },
    {**_PLACE, "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "type": "05.01", "text": "摆卖", "media": []},
    {"online": True, "t": tl.T0, "bat": 20.0, "app": "1"},
    {"cmd": "c", "state": "accepted", "t": tl.T0},
    {
        "_type": "location",
        "tst": tl.T0 // 1000,
        "lat": tl.ORIGIN[0],
        "lon": tl.ORIGIN[1],
        "vel": 4,
        "cog": 9,
        "batt": 8,
    },
]
"""A good message of each kind; what is sent is one of them with something made wrong."""
_FIELDS = sorted({name for one in _GOOD for name in one} | {"alt", "src", "mock", "subject", "case", "x"})
_DEEP: Any = []
for _ in range(200):
    _DEEP = [_DEEP]
_WRONG: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64 - 1, 0.0, -0.0, 1e-320, 1e308, math.nan,
    math.inf, -math.inf, 90.0, -90.0, 90.000001, 180.0, -180.0, 360.0, tl.T0 - 1, tl.T0 + 1,
    tl.T0 + wire.MAX_AHEAD_MS + 1, tl.T0 + 0.5, tl.T0 // 1000, wire.EARLIEST_MS, wire.LATEST_MS,
    "", " ", "x", "0", "NaN", "a\0b", "\ud7ff", "\U0010ffff",
    "x" * 65, "x" * 5_000, "gnss", "last_known", "off", "break", "sos", "sign_in", "waypoint", "lwt", "transition",
    [], [None], {}, {"a": 1},
    [{"sha256": "a" * 64, "mime": "image/jpeg", "bytes": 5}], [{"sha256": "a", "mime": "", "bytes": -1}], [[]] * 40,
    _DEEP,
]  # fmt: skip
_VALUE = st.sampled_from(_WRONG) | st.floats() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20)
_CHANGES = st.lists(st.tuples(st.sampled_from(_FIELDS), _VALUE | st.just(...)), max_size=4)


def _changed(good: dict[str, Any], changes: list[tuple[str, Any]]) -> dict[str, Any]:
    """A message with other values, and without those that are `...`."""
    made = {**good, **dict(changes)}
    return {name: value for name, value in made.items() if value is not ...}


_NEAR = st.builds(_changed, st.sampled_from(_GOOD), _CHANGES)
_VALUES = _NEAR | st.lists(_NEAR, max_size=3) | _VALUE


def _pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def _text(value: object) -> bytes:
    return json.dumps(value).encode()


def _cut(payload: bytes, at: int, instead: bytes) -> bytes:
    """A payload in which something was overwritten."""
    start = at % (len(payload) + 1)
    return payload[:start] + instead + payload[start + len(instead) :]


_WHOLE = _VALUES.map(_pack) | _VALUES.map(_text)
_PAYLOADS = st.one_of(
    _WHOLE,
    st.builds(_cut, _WHOLE, st.integers(0, 2_000), st.binary(max_size=4)),
    st.builds(lambda payload, end: payload[:end], _WHOLE, st.integers(0, 300)),
    st.binary(max_size=120),
)
_MESSAGES = st.lists(st.tuples(_TOPICS, _PAYLOADS, st.booleans()), min_size=1, max_size=3)


@LONG
@given(messages=_MESSAGES)
def test_hostile_messages_are_taken_or_refused(messages: list[tuple[str, bytes, bool]]) -> None:
    """Nothing is raised by decoder, batch or engine, and no number that is none comes to the store."""
    now = tl.T0
    received = []
    for topic, payload, retained in messages:
        said = decode.decode(topic, payload, retained=retained, now=now)
        received.append(
            batch.Received(
                DeviceMessage(topic=topic, payload=payload, retained=retained, received=now, connection=1), said
            )
        )
        for refused in said.refused:
            assert 0 < len(refused.detail) <= 400
            assert len(refused.payload or b"") <= 1024
    made = batch.build(received, batch.senders(received, DEVICES))
    for column in (made.fixes.lat, made.fixes.lon, made.ahead.lat, made.ahead.lon):
        assert np.isfinite(column).all()
    assert all(math.isfinite(event.lat) and math.isfinite(event.lon) for event in made.events)
    assert all(name not in (5, None) for name in made.fixes.device.tolist())
    engine = Engine(_GRID, VisitRules.always([tl.RULE] * 4))
    engine.advance(made.fixes)
    engine.settle(now + 3_600_000)
