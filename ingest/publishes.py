"""PUBLISH packets of MQTT 5 as they come in bulk: taken from the bytes of a connection without an object each. Pure."""

from collections.abc import Callable
from functools import lru_cache

Take = Callable[[str, bytes, int, bool, bytes], None]
"""Told topic, payload, QoS, whether it is a retained copy, and the packet's number (two bytes; none with QoS 0)."""
Other = Callable[[int, bytes], None]
"""Told first byte and body of a packet of another kind."""

_PUBLISH, _RETAIN = 0x30, 0x01
_MOST_LENGTH_BYTES = 4


class MalformedError(ValueError):
    """The bytes are no MQTT packet: the connection must end."""


def read(data: bytes, take: Take, other: Other) -> int:
    """Hand over every whole packet in `data`, in order; returns how many bytes they had.

    A PUBLISH with properties, or of QoS 2, goes to `other`.

    Raises:
        MalformedError: a length has more than four bytes.
    """
    at, size = 0, len(data)
    while size - at >= 2:
        first, length, start = data[at], data[at + 1], at + 2
        if length > 127:
            length, start = _long(data, at + 1)
            if start < 0:
                break
        end = start + length
        if end > size:
            break
        if not (first & 0xF0 == _PUBLISH and _publish(data, first, start, end, take)):
            other(first, data[start:end])
        at = end
    return at


def _publish(data: bytes, first: int, start: int, end: int, take: Take) -> bool:
    """Take a PUBLISH; False when it needs more care."""
    qos = first >> 1 & 3
    body = start + 2 + (data[start] << 8 | data[start + 1]) if end - start >= 2 else end
    payload = body + (2 if qos else 0)
    if qos > 1 or payload >= end or data[payload] != 0:
        return False
    topic = _topic(data[start + 2 : body])
    if not topic:
        return False
    take(topic, data[payload + 1 : end], qos, bool(first & _RETAIN), data[body:payload])
    return True


def _long(data: bytes, at: int) -> tuple[int, int]:
    """Length of a packet and where its body begins; -1 when that has not come yet."""
    length = 0
    for n in range(_MOST_LENGTH_BYTES):
        if at + n >= len(data):
            return 0, -1
        length |= (data[at + n] & 127) << 7 * n
        if data[at + n] < 128:
            return length, at + n + 1
    raise MalformedError("the length of a packet has more than four bytes")


@lru_cache(maxsize=100_000)
def _topic(spelt: bytes) -> str:
    return spelt.decode("utf-8", "backslashreplace")
