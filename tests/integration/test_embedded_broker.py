"""The embedded broker with real clients of both versions of MQTT."""

import asyncio
import os
import socket

import aiomqtt
import pytest

from patrol.cli import errors
from patrol.services import children
from patrol.services.broker import EmbeddedBroker
from schemas.broker import Broker

V3 = aiomqtt.ProtocolVersion.V311
V5 = aiomqtt.ProtocolVersion.V5


def _client(broker: EmbeddedBroker, version: aiomqtt.ProtocolVersion, **options: object) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", broker.port, protocol=version, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("sender", [V3, V5])
@pytest.mark.parametrize("receiver", [V3, V5])
async def test_broker_carries_messages_between_versions_on_one_port(
    iotcore_broker: EmbeddedBroker, sender: aiomqtt.ProtocolVersion, receiver: aiomqtt.ProtocolVersion
) -> None:
    """A device of either version reaches a reader of either version through the same port."""
    async with _client(iotcore_broker, receiver) as reader, _client(iotcore_broker, sender) as device:
        await reader.subscribe("patrol/v1/+/+/fix", qos=1)
        for n in range(200):
            await device.publish("patrol/v1/u/d/fix", str(n), qos=1)
        async with asyncio.timeout(20):
            got = [int((await anext(reader.messages)).payload) for _ in range(200)]
    assert got == list(range(200))


@pytest.mark.parametrize("version", [V3, V5])
async def test_broker_delivers_a_payload_of_ten_megabytes(
    iotcore_broker: EmbeddedBroker, version: aiomqtt.ProtocolVersion
) -> None:
    """What the worker refuses as too large does reach it, and the connection lives on."""
    payload = os.urandom(10_000_000)
    async with _client(iotcore_broker, V5) as reader, _client(iotcore_broker, version) as device:
        await reader.subscribe("big", qos=1)
        await device.publish("big", payload, qos=1)
        await device.publish("big", b"after", qos=1)
        async with asyncio.timeout(20):
            assert (await anext(reader.messages)).payload == payload
            assert (await anext(reader.messages)).payload == b"after"


async def test_broker_publishes_the_last_will_of_a_device_that_vanishes(iotcore_broker: EmbeddedBroker) -> None:
    """A connection that breaks without goodbye makes the broker publish its will, retained."""
    will = aiomqtt.Will("patrol/v1/u/d/status", b'{"online":false}', qos=1, retain=True)
    async with _client(iotcore_broker, V5) as reader:
        await reader.subscribe("patrol/v1/+/+/status", qos=1)
        device = _client(iotcore_broker, V3, will=will)
        await device.__aenter__()
        connection = device._client.socket()
        assert isinstance(connection, socket.socket)
        connection.shutdown(socket.SHUT_RDWR)
        async with asyncio.timeout(20):
            assert (await anext(reader.messages)).payload == b'{"online":false}'


async def test_broker_on_a_port_in_use_says_what_to_do(iotcore_broker: EmbeddedBroker) -> None:
    """A second broker on the same port names the option that chooses another."""
    second = EmbeddedBroker(iotcore_broker.folder / "second", iotcore_broker.port)
    with pytest.raises(errors.SetupError, match=f"Port {iotcore_broker.port} .*--mqtt-port"):
        await second.start()


async def test_broker_stopped_frees_its_ports(iotcore_broker: EmbeddedBroker) -> None:
    """After stop nothing listens any more."""
    iotcore_broker.stop()
    assert children.is_free(iotcore_broker.port)


@pytest.mark.parametrize("version", [V3, V5])
async def test_broker_keeps_the_sessions_of_the_server_from_devices(
    iotcore_broker: EmbeddedBroker, version: aiomqtt.ProtocolVersion
) -> None:
    """On the port of devices nobody comes in with a client id of the server, which stays connected."""
    direct = Broker.parse(iotcore_broker.direct_url).port
    async with aiomqtt.Client("127.0.0.1", direct, identifier="patrol-worker-1", protocol=V5) as worker:
        await worker.subscribe("patrol/v1/+/+/fix", qos=1)
        for name in ("patrol-worker-1", "PATROL-worker-1", "patrol.buffer-worker-1", "patrol"):
            with pytest.raises(aiomqtt.MqttError, match=r"(?i)identifier"):
                async with _client(iotcore_broker, version, identifier=name, timeout=5):
                    pass
        async with _client(iotcore_broker, version, identifier="cam-1") as device:
            await device.publish("patrol/v1/u/cam-1/fix", "x", qos=1)
        async with asyncio.timeout(20):
            assert (await anext(worker.messages)).payload == b"x"
