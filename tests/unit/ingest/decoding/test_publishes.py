"""PUBLISH packets are taken from the bytes as the standard encodes them, however they are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoding import publishes

Packet = tuple[int, str, bytes, bytes]
"""QoS, topic, payload, number."""


def length(n: int) -> bytes:
    """Variable byte integer, by the pseudocode of the standard (section 1.5.5)."""
    made = b""
    while True:
        n, digit = divmod(n, 128)
        made += bytes([digit | (128 if n else 0)])
        if not n:
            return made


def publish(qos: int, topic: str, payload: bytes, number: bytes, properties: bytes = b"", retain: int = 0) -> bytes:
    """A PUBLISH of MQTT 5."""
    encoded = topic.encode()
    body = len(encoded).to_bytes(2, "big") + encoded + (number if qos else b"") + length(len(properties)) + properties
    body += payload
    return bytes([0x30 | qos << 1 | retain]) + length(len(body)) + body


PACKETS = st.tuples(
    st.sampled_from([0, 1]), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
    st.binary(max_size=400), st.binary(min_size=2, max_size=2),
)  # fmt: skip


@given(packets=st.lists(PACKETS, max_size=8), cuts=st.lists(st.integers(0, 4_000), max_size=4))
def test_packets_are_read_however_they_are_cut(packets: list[Packet], cuts: list[int]) -> None:
    """Whole packets are handed over in order, a part waits for its rest."""
    stream = b"".join(publish(*packet) for packet in packets)
    found: list[publishes.Publish] = []
    rest, at = b"", 0
    for cut in [*sorted(cuts), len(stream)]:
        rest, at = rest + stream[at:cut], max(at, cut)
        used = publishes.read(rest, found.extend, lambda *_: pytest.fail("other"))
        rest = rest[used:]
    assert rest == b""
    assert found == [(topic, payload, False, number if qos else b"") for qos, topic, payload, number in packets]


def test_what_needs_more_care_goes_on_whole() -> None:
    """Packets with properties, of QoS 2, without a topic and of other kinds are not taken here."""
    odd = [
        publish(1, "a", b"x", b"\x00\x01", properties=b"\x02\x00\x00\x00\x05"),
        publish(2, "a", b"x", b"\x00\x02"),
        publish(1, "", b"x", b"\x00\x03"),
        b"\xd0\x00",
        b"\x30\x00",
        b"\x32\x03\x00\x09a",
    ]
    seen: list[tuple[int, bytes]] = []
    data = b"".join(odd)
    used = publishes.read(data, lambda *_: pytest.fail("taken"), lambda first, body: seen.append((first, body)))
    assert used == len(data)
    assert [first for first, _ in seen] == [packet[0] for packet in odd]
    assert b"".join(bytes([first]) + length(len(body)) + body for first, body in seen) == data


def test_retained_copies_are_told() -> None:
    """The flag comes through."""
    found: list[publishes.Publish] = []
    for retain in (0, 1):
        publishes.read(publish(1, "a", b"x", b"\x00\x01", retain=retain), found.extend, lambda *_: None)
    assert [retained for _, _, retained, _ in found] == [False, True]


def test_order_of_what_is_taken_and_what_goes_on_is_kept() -> None:
    """Acknowledgements must go out in the order of the packets, whoever takes them."""
    plain, odd = (
        publish(1, "a", b"x", b"\x00\x01"),
        publish(1, "a", b"x", b"\x00\x02", properties=b"\x02\x00\x00\x00\x05"),
    )
    seen: list[object] = []
    publishes.read(plain + odd + plain + plain, lambda found: seen.append(len(found)), lambda *_: seen.append("other"))
    assert seen == [1, "other", 2]


def test_what_came_before_rubbish_is_handed_over() -> None:
    """The connection ends, but whole messages have arrived."""
    found: list[publishes.Publish] = []
    with pytest.raises(publishes.MalformedError):
        publishes.read(publish(1, "a", b"x", b"\x00\x01") + b"\x32\xff\xff\xff\xff\x01", found.extend, lambda *_: None)
    assert len(found) == 1


def test_a_length_of_five_bytes_ends_the_connection() -> None:
    """It is told from a length that has not come whole yet."""
    assert publishes.read(b"\x32\xff\xff\xff", lambda *_: None, lambda *_: None) == 0
    with pytest.raises(publishes.MalformedError):
        publishes.read(b"\x32\xff\xff\xff\xff\x01", lambda *_: None, lambda *_: None)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_without_a_fault(data: bytes) -> None:
    """Rubbish gives packets of some kind, a rest, or the one error there is."""
    try:
        assert 0 <= publishes.read(data, lambda *_: None, lambda *_: None) <= len(data)
    except publishes.MalformedError:
        return
