"""PUBLISH packets of MQTT 5 as they come in bulk: taken from the bytes of a connection without an object each. Pure."""

from collections.abc import Callable

Publish = tuple[str, bytes, bool, bytes]
"""Topic, payload, whether it is a retained copy, and the packet's number (two bytes; none with QoS 0)."""
Take = Callable[[list[Publish]], None]
"""Told the messages that came one after the other."""
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
        MalformedError: a length has more than four bytes; what came before it was handed over.
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
    """Where the body of the packet at `at` begins and ends; None when it has not come whole yet."""
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
    """A PUBLISH; None when it needs more care, or is none."""
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
    """Length of a packet and where its body begins; -1 when that has not come yet."""
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
