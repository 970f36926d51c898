"""Which version of MQTT a connection speaks and as whom, from its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patrol.services import protocol_proxy
from patrol.services.protocol_proxy import Connect


def _connect(
    level: int, client_id: bytes = b"cam-1", *, length: bytes = b"\x10", name: bytes = b"MQTT", properties: int = 0
) -> bytes:
    between = b"" if level < 5 else properties.to_bytes(1, "big") + b"\x26" * properties
    head = b"\x10" + length + len(name).to_bytes(2, "big") + name + bytes([level]) + b"\x02\x00\x3c"
    return head + between + len(client_id).to_bytes(2, "big") + client_id


@pytest.mark.parametrize("level", [4, 5])
@pytest.mark.parametrize("length", [b"\x10", b"\x90\x01", b"\xff\xff\xff\x7f"])
def test_level_and_client_id_of_a_connect_packet_are_read(level: int, length: bytes) -> None:
    """They stand after the name, and after the properties, however long the packet says it is."""
    assert protocol_proxy.read_connect(_connect(level, length=length)) == Connect(level, "cam-1")


def test_client_id_behind_properties_is_read() -> None:
    """MQTT 5 has properties before it."""
    assert protocol_proxy.read_connect(_connect(5, "巡逻".encode(), properties=100)) == Connect(5, "巡逻")


def test_level_of_mqtt_3_1_is_3() -> None:
    """The oldest version has another name and its own level."""
    assert protocol_proxy.read_connect(_connect(3, name=b"MQIsdp")) == Connect(3, "cam-1")


@pytest.mark.parametrize("level", [4, 5])
def test_a_piece_is_unknown_until_the_client_id_came(level: int) -> None:
    """A packet cut anywhere before the end of the client id cannot be told yet."""
    whole = _connect(level, length=b"\x90\x01", properties=3)
    for cut in range(len(whole)):
        assert protocol_proxy.read_connect(whole[:cut]) is None
    assert protocol_proxy.read_connect(whole) == Connect(level, "cam-1")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1",
        b"\x10\xff\xff\xff\xff\xff",
        b"\x10\x10\x00\x09MQTTMQTTX",
        b"\x10\xff\xff\xff\x7f\x00\x04MQTT\x05\x02\x00\x3c\xff\xff\xff\x7f" + b"\x26" * (256 << 10),
    ],
)
def test_anything_else_is_an_error(head: bytes) -> None:
    """What is no CONNECT packet is refused at once, and so is one whose properties never end."""
    with pytest.raises(ValueError, match="CONNECT"):
        protocol_proxy.read_connect(head)


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda tail: _connect(5)[:10] + tail))
def test_any_bytes_end_in_an_answer(head: bytes) -> None:
    """No input makes it fail in another way."""
    try:
        found = protocol_proxy.read_connect(head)
    except ValueError:
        return
    assert found is None or 0 <= found.level <= 255
