"""Whatever bytes come, decoding never raises."""

import math
import struct

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.ingest.decoding.messages import (
    EVENT,
    EVENT_TOPIC,
    FIX,
    FIX_TOPIC,
    PHONE_TOPIC,
    REPLY_TOPIC,
    STATUS_TOPIC,
    pack,
    run,
)

TOPICS = st.sampled_from([FIX_TOPIC, EVENT_TOPIC, STATUS_TOPIC, REPLY_TOPIC, PHONE_TOPIC, "", "patrol/v1/a/b/fixes"])
JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*FIX, *EVENT, "_type", "x"]), inner),
    max_leaves=12,
)


@given(topic=TOPICS | st.text(), payload=st.binary(max_size=200), retained=st.booleans())
@example(topic=FIX_TOPIC, payload=struct.pack(">B", 0xC1), retained=False)
@settings(max_examples=400, deadline=None)
def test_any_bytes_never_raise(topic: str, payload: bytes, retained: bool) -> None:
    """Whatever the broker hands over, something is taken or something is refused."""
    result = run(payload, topic, retained=retained)
    assert result.refused or result.fixes or result.event or result.status or result.reply


@given(topic=TOPICS, value=JSONISH)
@settings(max_examples=400, deadline=None)
def test_any_messagepack_value_never_raises(topic: str, value: object) -> None:
    """Well-formed MessagePack of any shape is answered too, and no non-finite number gets through."""
    result = run(pack(value), topic)
    assert result.refused or result.fixes or result.event or result.status or result.reply
    for fix in result.fixes:
        numbers = [fix.lat, fix.lon, fix.acc, fix.spd, fix.hdg, fix.alt, fix.bat]
        assert all(math.isfinite(number) for number in numbers if number is not None)
