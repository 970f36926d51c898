"""Which version of MQTT a connection speaks, from its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol.services import gate


def _connect(level: int, length: bytes = b"\x10", name: bytes = b"MQTT") -> bytes:
    return b"\x10" + length + len(name).to_bytes(2, "big") + name + bytes([level]) + b"\x02\x00\x3c\x00\x00"


@pytest.mark.parametrize("level", [4, 5])
@pytest.mark.parametrize("length", [b"\x10", b"\x90\x01", b"\xff\xff\xff\x7f"])
def test_protocol_level_of_a_connect_packet_is_read(level: int, length: bytes) -> None:
    """The level stands after the name, however long the packet says it is."""
    assert gate.protocol_level(_connect(level, length)) == level


def test_protocol_level_of_mqtt_3_1_is_3() -> None:
    """The oldest version has another name and its own level."""
    assert gate.protocol_level(_connect(3, name=b"MQIsdp")) == 3


def test_protocol_level_of_a_piece_is_unknown_until_the_level_came() -> None:
    """A packet cut anywhere before the level cannot be told yet."""
    whole = _connect(5, b"\x90\x01")
    for cut in range(9):
        assert gate.protocol_level(whole[:cut]) is None
    assert gate.protocol_level(whole[:10]) == 5


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1", b"\x10\xff\xff\xff\xff\xff", b"\x10\x10\x00\x09MQTTMQTTX"])
def test_protocol_level_of_anything_else_is_an_error(head: bytes) -> None:
    """What is no CONNECT packet is refused at once."""
    with pytest.raises(ValueError, match="CONNECT"):
        gate.protocol_level(head)


@given(st.binary(max_size=20))
def test_protocol_level_of_any_bytes_ends_in_an_answer(head: bytes) -> None:
    """No input makes it fail in another way."""
    try:
        level = gate.protocol_level(head)
    except ValueError:
        return
    assert level is None or 0 <= level <= 255
