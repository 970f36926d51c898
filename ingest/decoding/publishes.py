"""Parses MQTT 5 PUBLISH packets in bulk from the bytes of a connection, without an object for each. Pure."""

from collections.abc import Callable

Publish = tuple[str, bytes, bool, bytes]
"""Topic, payload, retained flag, and packet number (two bytes; none with QoS 0)."""
Take = Callable[[list[Publish]], None]
"""Called with consecutive messages."""
Other = Callable[[int, bytes], None]
"""Called with first byte and body of other packets."""

_PUBLISH, _RETAIN = 0x30, 0x01
_MOST_LENGTH_BYTES = 4


class MalformedError(ValueError):
    """The bytes are not an MQTT packet: the connection must end."""


def read(data: bytes, take: Take, other: Other) -> int:
    """Hand over all complete packets in `data`, in order; returns their number of bytes.

    A PUBLISH with properties, or of QoS 2, goes to `other`.

    Raises:
        MalformedError: a length has more than four bytes; earlier packets were handed over.
    """
    publishes: list[Publish] = []
    at = 0
    try:
        while (span := _span(data, at)) is not None:
            start, end = span
            publish = _publish(data, data[at], start, end)
            if publish is not None:
                publishes.append(publish)
            else:
                if publishes:
                    take(publishes)
                    publishes = []
                other(data[at], data[start:end])
            at = end
    finally:
        if publishes:
            take(publishes)
    return at


def _span(data: bytes, at: int) -> tuple[int, int] | None:
    """Start and end of the body of the packet at `at`; None if incomplete."""
    size, start = len(data), at + 2
    if size < start:
        return None
    length = data[at + 1]
    if length > 127:
        length, start = _long(data, at + 1)
        if start < 0:
            return None
    end = start + length
    return (start, end) if end <= size else None


def _publish(data: bytes, first: int, start: int, end: int) -> Publish | None:
    """A PUBLISH; None if it is special or another packet."""
    qos = first >> 1 & 3
    if first & 0xF0 != _PUBLISH or qos > 1 or end - start < 2:
        return None
    body = start + 2 + (data[start] << 8 | data[start + 1])
    payload = body + 2 * qos
    if payload >= end or data[payload] != 0:
        return None
    topic = str(data[start + 2 : body], "utf-8", "backslashreplace")
    return (topic, data[payload + 1 : end], first & _RETAIN != 0, data[body:payload]) if topic else None


def _long(data: bytes, at: int) -> tuple[int, int]:
    """Length of a packet and start of its body; -1 if incomplete."""
    if len(data) > at + 1 and data[at + 1] < 128:  # the usual length of a fix
        return data[at] & 127 | data[at + 1] << 7, at + 2
    length = 0
    for n in range(_MOST_LENGTH_BYTES):
        if at + n >= len(data):
            return 0, -1
        length |= (data[at + n] & 127) << 7 * n
        if data[at + n] < 128:
            return length, at + n + 1
    raise MalformedError("the length of a packet has more than four bytes")
