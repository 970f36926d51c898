"""Messages for the tests of decoding, and decoding them."""

import json
from typing import Any

import msgspec

from ingest.decoding import decode

NOW = 1_790_000_000_000
FIX: dict[str, Any] = {"t": NOW - 1000, "lat": 23.1, "lon": 114.4}
EVENT: dict[str, Any] = {**FIX, "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "type": "05.01"}
LOCATION: dict[str, Any] = {"_type": "location", "tst": NOW // 1000 - 1, "lat": 23.1, "lon": 114.4}
FIX_TOPIC = "patrol/v1/team-1/cam-7/fix"
EVENT_TOPIC = "patrol/v1/team-1/cam-7/event"
STATUS_TOPIC = "patrol/v1/team-1/cam-7/status"
REPLY_TOPIC = "patrol/v1/team-1/cam-7/reply"
PHONE_TOPIC = "owntracks/team-1/phone-7"
pack = msgspec.msgpack.encode


def text(value: object) -> bytes:
    """JSON as Python writes it, NaN included."""
    return json.dumps(value).encode()


def run(payload: bytes, topic: str = FIX_TOPIC, *, retained: bool = False) -> decode.Decoded:
    """Decode at NOW."""
    return decode.decode(topic, payload, retained=retained, now=NOW)


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    """The fields less some."""
    return {name: value for name, value in fields.items() if name not in names}
