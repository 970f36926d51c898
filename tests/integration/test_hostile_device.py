"""An enrolled device with its own password that tries to be somebody else, at a Mosquitto as we configure it."""

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.decoding.message import DeviceMessage
from ingest.run.mqtt.session import Session, SessionOptions
from patrol.services import mosquitto
from schemas.broker import Broker
from tests.support import mosquitto as broker_program
from tests.support import ports, waiting
from tracking.city import device_grant
from tracking.city.device_grant import DeviceGrant

KEY = "k" * 64
SERVER = ("patrol-server", "server-secret")
GRANTS = [DeviceGrant(name=name, unit="u", generation=1, revoked=False) for name in ("cam-1", "cam-2")]
FIX = "patrol/v1/u/cam-1/fix"
NOT_AUTHORISED = 0x87
V3, V5 = aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5

FOREIGN = (
    "patrol-worker-1", "patrol.buffer-worker-1", "patrol-unit-u", "patrol.buffer-unit-u", "patrol-server",
    "cam-2", "CAM-1", "cam-1 ", " cam-1", "cam-1/", "cam-", "cam-11", "c" * 65_000, "巡逻", "$SYS", "#",
)  # fmt: skip
"""Client ids that are not cam-1's; the first ones are sessions of the server and of another device."""


@dataclass(frozen=True, slots=True)
class Place:
    """A broker: its ports, where devices connect and where the server does, and its process."""

    devices: int
    server: int
    process: "subprocess.Popen[bytes]"

    def client(
        self, name: str, client_id: str, version: aiomqtt.ProtocolVersion = V5, **options: object
    ) -> aiomqtt.Client:
        """A connection with the account of a device, or of the server."""
        own = name == SERVER[0]
        return aiomqtt.Client(
            "127.0.0.1", self.server if own else self.devices, username=name, identifier=client_id, protocol=version,
            password=SERVER[1] if own else device_grant.password(KEY, name, 1), timeout=5, **options,  # type: ignore[arg-type]
        )  # fmt: skip

    def kept(self, name: str, client_id: str) -> aiomqtt.Client:
        """A connection to a session that outlasts it."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3_600
        return self.client(name, client_id, clean_start=False, properties=properties)


@pytest.fixture(params=["one listener", "two listeners"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A Mosquitto with the generated configuration, the server's listener apart or not."""
    port, inside = ports.free_port(), ports.free_port() if request.param == "two listeners" else None
    listener = mosquitto.Listener(port=port, address="127.0.0.1", inside=inside)
    with broker_program.configured(tmp_path, listener, GRANTS, key=KEY, server=SERVER) as process:
        yield Place(port, inside or port, process)


@contextlib.asynccontextmanager
async def _sessions(place: Place) -> AsyncIterator[list[aiomqtt.Client]]:
    """The worker's two sessions and that of the other device, connected and subscribed."""
    async with (
        place.kept(SERVER[0], "patrol-worker-1") as live,
        place.kept(SERVER[0], "patrol.buffer-worker-1") as buffers,
        place.kept("cam-2", "cam-2") as other,
    ):
        await live.subscribe("patrol/v1/+/#", qos=1)
        await buffers.subscribe("patrol/v1-buffer/+/#", qos=1)
        await other.subscribe("patrol/v1/u/cam-2/cmd", qos=1)
        yield [live, buffers, other]


@pytest.mark.parametrize("version", [V3, V5])
async def test_a_device_takes_over_no_session_but_its_own(place: Place, version: aiomqtt.ProtocolVersion) -> None:
    """Whatever client id it gives, and though it asks for a clean start: everybody else stays connected."""
    async with _sessions(place) as (live, buffers, other):
        for client_id in FOREIGN:
            with contextlib.suppress(aiomqtt.MqttError):
                clean = {"clean_session": True} if version is V3 else {"clean_start": True}
                async with place.client("cam-1", client_id, version, **clean) as device:
                    await device.publish(FIX, client_id[:20], qos=1)
        async with place.client("cam-1", "cam-1", version) as device:
            await device.publish(FIX, "own", qos=1)
            await device.publish("patrol/v1-buffer/u/cam-1/fix", "own", qos=1)
        async with place.client(SERVER[0], f"test-{secrets.token_hex(3)}") as server:
            await server.publish("patrol/v1/u/cam-2/cmd", "own", qos=1)
        async with asyncio.timeout(10 * waiting.PATIENCE):
            for session in (live, buffers, other):
                while (await anext(session.messages)).payload != b"own":
                    pass


async def test_what_waits_for_a_worker_is_not_taken_while_it_is_away(place: Place) -> None:
    """Fixes that the broker acknowledged while the worker was away are all there when it is back."""
    async with _sessions(place):
        pass
    async with place.client("cam-1", "cam-1") as device:
        for n in range(20):
            await device.publish(FIX, str(n), qos=1)
    for client_id in FOREIGN:
        for clean in (True, False):
            with contextlib.suppress(aiomqtt.MqttError):
                async with place.client("cam-1", client_id, clean_start=clean):
                    pass
    async with place.kept(SERVER[0], "patrol-worker-1") as live, asyncio.timeout(10 * waiting.PATIENCE):
        got = [bytes((await anext(live.messages)).payload).decode() for _ in range(20)]
    assert got == [str(n) for n in range(20)]


FILTERS = (
    "#", "+/+/+/+/+", "patrol/#", "patrol/v1/#", "patrol/v1/u/+/cmd", "patrol/v1/+/cam-1/cmd", "patrol/v1/u/cam-2/cmd",
    "patrol/v1/u/cam-2/ack", "patrol/v1/u/cam-2/fix", "patrol/v1/u/cam-1/fix", "patrol/v1/u/cam-1/#",
    "owntracks/#", "patrol-feed/#", "patrol-feed/v1/worker-1/positions", "$SYS/#", "$SYS/broker/clients/connected",
    "$CONTROL/#", "$CONTROL/dynamic-security/v1/response",
)  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "$share/g/", "$share/cam-1/"])
async def test_a_device_hears_only_its_own_orders(place: Place, prefix: str) -> None:
    """Subscriptions of others, wider ones, and shared ones to the same are refused, and nothing is delivered."""
    async with place.client("cam-1", "cam-1") as device:
        for each in FILTERS:
            answer = await device.subscribe(prefix + each, qos=1)
            assert [int(getattr(code, "value", 0)) for code in answer] == [NOT_AUTHORISED], each
        await device.subscribe("patrol/v1/u/cam-1/cmd", qos=1)
        async with place.client(SERVER[0], f"test-{secrets.token_hex(3)}") as server:
            for topic in ("patrol/v1/u/cam-2/cmd", "patrol-feed/v1/worker-1/lane", "patrol/v1/u/cam-1/cmd"):
                await server.publish(topic, topic, qos=1)
        async with asyncio.timeout(10 * waiting.PATIENCE):
            assert str((await anext(device.messages)).topic) == "patrol/v1/u/cam-1/cmd"


WILLS = (
    "patrol/v1/u/cam-2/status", "patrol/v1/u/cam-2/fix", "patrol/v1/u/cam-1/cmd", "patrol/v1/u/cam-2/cmd",
    "patrol-feed/v1/worker-1/lane", "$CONTROL/dynamic-security/v1", "owntracks/u/cam-2", "owntracks/u/cam-1/a/b/c",
)  # fmt: skip


@pytest.mark.parametrize("version", [V3, V5])
async def test_a_last_will_goes_to_the_devices_own_topics(place: Place, version: aiomqtt.ProtocolVersion) -> None:
    """A will for somebody else's topic is never published; the device's own is."""
    async with place.client(SERVER[0], f"test-{secrets.token_hex(3)}") as server:
        for each in ("patrol/#", "patrol-feed/#", "owntracks/#"):
            await server.subscribe(each, qos=1)
        for topic in (*WILLS, "patrol/v1/u/cam-1/status"):
            device = place.client("cam-1", "cam-1", version, will=aiomqtt.Will(topic, b"will", qos=1))
            with contextlib.suppress(aiomqtt.MqttError):
                await device.__aenter__()
                connection = device._client.socket()
                assert isinstance(connection, socket.socket)
                connection.shutdown(socket.SHUT_RDWR)
        async with asyncio.timeout(10 * waiting.PATIENCE):
            assert str((await anext(server.messages)).topic) == "patrol/v1/u/cam-1/status"


@pytest.mark.parametrize("version", [4, 5])
async def test_a_device_that_releases_nothing_fills_no_memory(place: Place, version: int) -> None:
    """What it sends with QoS 2 and leaves half-way is bounded; the broker goes on serving others."""
    sent = 3 * mosquitto.MOST_IN_FLIGHT_BYTES // len(BIG)
    reader, writer = await asyncio.open_connection("127.0.0.1", place.devices)
    properties = b"\0" if version == 5 else b""
    password = device_grant.password(KEY, "cam-1", 1).encode()
    head = _text(b"MQTT") + bytes([version, 0xC2]) + b"\0\x3c" + properties
    writer.write(_packet(0x10, head + _text(b"cam-1") + _text(b"cam-1") + _text(password)))
    assert (await reader.read(4))[:1] == b"\x20"
    with contextlib.suppress(ConnectionError):
        for number in range(1, sent + 1):
            writer.write(_packet(0x34, _text(FIX.encode()) + number.to_bytes(2, "big") + properties + BIG))
            await writer.drain()
    async with place.client("cam-2", "cam-2") as other:
        await other.publish("patrol/v1/u/cam-2/fix", "x", qos=1)
    held = _resident(place.process.pid)
    writer.close()
    assert held < 2 * mosquitto.MOST_IN_FLIGHT_BYTES


BIG = b"x" * (1 << 20)


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _packet(first: int, body: bytes) -> bytes:
    length, left = b"", len(body)
    while not length or left:
        length, left = length + bytes([left % 128 | (128 if left > 127 else 0)]), left // 128
    return bytes([first]) + length + body


def _resident(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def test_more_than_may_be_in_flight_reaches_a_worker_all_the_same(place: Place) -> None:
    """What waited beyond the bytes in flight comes as it is acknowledged: while it was away, and while it is slow."""
    many = 2 * mosquitto.MOST_IN_FLIGHT_BYTES // len(BIG)
    async with _sessions(place):
        pass
    for online in (False, True):
        inbox: list[DeviceMessage] = []
        worker = asyncio.create_task(_worker(place, inbox).run()) if online else None
        async with place.client("cam-1", "cam-1") as device:
            for n in range(many):
                await device.publish(FIX, b"%d " % n + BIG, qos=1)
        worker = worker or asyncio.create_task(_worker(place, inbox).run())
        got: list[int] = []

        async def all_came(inbox: list[DeviceMessage] = inbox, got: list[int] = got) -> bool:
            for message in inbox:
                got.append(int(message.payload.split()[0]))
                message.done()
            inbox.clear()
            return len(set(got)) == many

        await waiting.until(all_came, "all came")
        worker.cancel()
        await asyncio.wait([worker])


def _worker(place: Place, inbox: list[DeviceMessage]) -> Session:
    broker = Broker(host="127.0.0.1", port=place.server, user=SERVER[0], password=SERVER[1])
    terms = SessionOptions(client_id="patrol-worker-1", filters=["patrol/v1/+/#"])
    return Session(broker, terms, deliver=inbox.extend, lost=lambda _: None)


async def test_a_device_leaves_few_retained_messages(place: Place) -> None:
    """Each of its topics keeps one; it has no topics to invent."""
    topics = [f"owntracks/u/cam-1/{n}" for n in range(20)] + ["owntracks/u/cam-1/event/x", "patrol/v1/u/cam-1/fix/x"]
    for topic in (*topics, "owntracks/u/cam-1/event"):
        with contextlib.suppress(aiomqtt.MqttError):
            async with place.client("cam-1", "cam-1") as device:
                await device.publish(topic, "x", qos=1, retain=True)
    async with place.client(SERVER[0], f"test-{secrets.token_hex(3)}") as server:
        await server.subscribe("owntracks/#", qos=1)
        await server.publish("owntracks/u/mark", "x", qos=1)
        heard = []
        async with asyncio.timeout(10 * waiting.PATIENCE):
            while "owntracks/u/mark" not in heard:
                heard.append(str((await anext(server.messages)).topic))
    assert heard == ["owntracks/u/cam-1/event", "owntracks/u/mark"]
