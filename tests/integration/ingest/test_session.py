"""The session with a real broker: what is acknowledged, on which connection, and when reading stops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.decoding.message import DeviceMessage
from ingest.run.mqtt.session import BUFFERED_RECEIVE_MAXIMUM, CONNECT_S, Session, SessionOptions
from ingest.run.mqtt.sessions import Sessions
from schemas import topics
from schemas.broker import Broker
from tests.integration.ingest.conftest import client
from tests.support import waiting

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto

FIX = "patrol/v1/team-1/cam-1/fix"


class Inbox:
    """Messages as they were delivered, none acknowledged by itself."""

    def __init__(self) -> None:
        self.messages: list[DeviceMessage] = []
        self.lost: list[int] = []

    @property
    def connections(self) -> list[int]:
        """Numbers of the connections that brought something; tries that failed have numbers, too."""
        return sorted({one.connection for one in self.messages})

    def _came(self, nth: int) -> list[DeviceMessage]:
        number = dict(enumerate(self.connections, 1)).get(nth)
        return [one for one in self.messages if one.connection == number]

    def on(self, nth: int) -> list[bytes]:
        """Payloads that came on the nth connection that brought something, from 1."""
        return [one.payload for one in self._came(nth)]

    def acknowledge(self, nth: int) -> None:
        """Say that what came on the nth connection is stored."""
        for one in self._came(nth):
            one.done()


@asynccontextmanager
async def session(url: str, inbox: Inbox, **options: Any) -> AsyncIterator[Session]:
    """A session that is up."""
    made = Session(
        Broker.parse(url),
        SessionOptions(client_id="patrol-test", filters=topics.subscriptions(), **options),
        deliver=inbox.messages.extend,
        lost=inbox.lost.append,
    )
    task = asyncio.create_task(made.run())
    async with asyncio.timeout(10):
        await made.ready.wait()
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])


async def publish(url: str, *payloads: bytes) -> None:
    """Send fixes and return when the broker has them."""
    async with client(url) as device:
        for payload in payloads:
            await device.publish(FIX, payload, qos=1)


def came(inbox: Inbox, nth: int, n: int) -> "Callable[[], Awaitable[bool]]":
    """A probe that tells whether so many messages came on the nth connection."""

    async def probe() -> bool:
        return len(inbox.on(nth)) >= n

    return probe


async def test_late_acknowledgement_says_nothing_on_another_connection(
    start_mosquitto: "Callable[..., Mosquitto]",
) -> None:
    """What was not acknowledged on its own connection comes again on the next, whatever is said of it afterwards."""
    broker, inbox = start_mosquitto(persistence=True), Inbox()
    async with session(broker.url, inbox):
        await publish(broker.url, b"1", b"2", b"3")
        await waiting.until(came(inbox, 1, 3), "three messages came")
        await asyncio.to_thread(broker.restart)
        await waiting.until(came(inbox, 2, 3), "they came again on the second connection")
        inbox.acknowledge(1)
        await asyncio.to_thread(broker.restart)
        await waiting.until(came(inbox, 3, 3), "none of them was acknowledged by then")
        inbox.acknowledge(3)
        await publish(broker.url, b"4")
        await waiting.until(came(inbox, 3, 4), "the session goes on")
        await asyncio.to_thread(broker.restart)
        await waiting.until(came(inbox, 4, 1), "the fourth connection brings what is left")
    assert inbox.on(4) == [b"4"]
    assert set(inbox.connections) <= set(inbox.lost)
    assert inbox.lost == sorted(set(inbox.lost))


async def test_a_session_that_was_taken_is_told_and_comes_back_with_all(mosquitto: "Mosquitto") -> None:
    """Another process with the same client id takes it over; when that is gone nothing is lost, and it is said."""
    inbox = Inbox()
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3_600
    async with session(mosquitto.url, inbox) as made:
        await publish(mosquitto.url, b"1")
        await waiting.until(came(inbox, 1, 1), "the first came")
        assert not made.taken(60)
        for n in range(3):
            with contextlib.suppress(aiomqtt.MqttError):  # the session comes back and ends the rival's connection
                async with client(
                    mosquitto.url, identifier="patrol-test", clean_start=False, properties=properties
                ) as rival:
                    async with asyncio.timeout(10 * waiting.PATIENCE):
                        async for _ in rival.messages:
                            pass
            await publish(mosquitto.url, b"%d" % (n + 2))
            await waiting.until(came(inbox, n + 2, 1), "the session is back")
        assert made.taken(60)
        assert not made.taken(0)
        assert {one.payload for one in inbox.messages} == {b"1", b"2", b"3", b"4"}


async def test_a_broker_that_goes_is_tried_again_soon_and_took_nothing() -> None:
    """What ends connections before it has answered is a broker that goes: no time is lost, nobody is blamed."""
    ended = [asyncio.Event() for _ in range(5)]

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()
        next((each for each in ended if not each.is_set()), ended[0]).set()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = Session(
        Broker.parse(f"mqtt://127.0.0.1:{port}"),
        SessionOptions(client_id="patrol-test", filters=topics.subscriptions()),
        deliver=lambda _: None,
        lost=lambda _: None,
    )
    async with server:
        task = asyncio.create_task(made.run())
        async with asyncio.timeout(CONNECT_S * waiting.PATIENCE):  # one silent try would take CONNECT_S
            await ended[-1].wait()
        task.cancel()
        await asyncio.wait([task])
    assert not made.taken(60)


async def test_no_more_than_the_window_is_in_flight(mosquitto: "Mosquitto") -> None:
    """The broker holds what is beyond the receive maximum until something is acknowledged."""
    inbox = Inbox()
    async with session(mosquitto.url, inbox, receive_maximum=20):
        await publish(mosquitto.url, *[b"%d" % n for n in range(60)])
        await waiting.until(came(inbox, 1, 20), "the window is full")
        assert len(inbox.messages) == 20
        while len(inbox.messages) < 60:
            seen = len(inbox.messages)
            inbox.acknowledge(1)
            await waiting.until(came(inbox, 1, seen + 1), "the window moves on")
    assert inbox.on(1) == [b"%d" % n for n in range(60)]


async def test_paused_session_reads_nothing_and_goes_on(mosquitto: "Mosquitto") -> None:
    """While there is no room the messages stay at the broker and in the sockets between."""
    inbox = Inbox()
    big = b"x" * 100_000
    async with session(mosquitto.url, inbox) as made:
        made.pause()
        await publish(mosquitto.url, *[big] * 100)
        held = len(inbox.messages)
        assert held < 50
        made.resume()
        await waiting.until(came(inbox, 1, 100), "all came after the pause")


async def test_publish_is_dropped_while_not_connected(start_mosquitto: "Callable[..., Mosquitto]") -> None:
    """The feed is only what is newest: nothing waits for a broker that is away."""
    broker, inbox = start_mosquitto(), Inbox()
    async with session(broker.url, inbox) as made:
        assert made.publish("patrol-feed/v1/w/lane", b"x")
        await asyncio.to_thread(broker.stop)

        async def down() -> bool:
            return not made.ready.is_set()

        await waiting.until(down, "the session has noticed")
        assert not made.publish("patrol-feed/v1/w/lane", b"x")


async def test_live_fixes_do_not_stand_behind_a_buffer(mosquitto: "Mosquitto") -> None:
    """Of a buffer no more than some messages are taken before they are stored, and what comes live comes at once."""
    made = Sessions(Broker.parse(mosquitto.url), worker="test", units=("+",), former=())
    task = asyncio.create_task(made.run())
    taken: list[DeviceMessage] = []

    async def came(buffered: int, live: int) -> bool:
        taken.extend(made.intake.take(1_000, 1 << 20))
        buffered_flags = [one.topic.startswith(topics.BUFFER_ROOT) for one in taken]
        return sum(buffered_flags) >= buffered and len(buffered_flags) - sum(buffered_flags) >= live

    try:
        async with asyncio.timeout(10):
            await made.ready()
        async with client(mosquitto.url) as device:
            for n in range(100):
                await device.publish("patrol/v1-buffer/team-1/cam-1/fix", str(n), qos=1)
            await device.publish(FIX, "live", qos=1)
        few = BUFFERED_RECEIVE_MAXIMUM
        await waiting.until(lambda: came(few, 1), "a few of the buffer and the live one came")
        assert len(taken) == few + 1
        for one in taken:
            one.done()
        taken.clear()
        await waiting.until(lambda: came(few, 0), "the next few came when those were stored")
        assert [int(one.payload) for one in taken] == list(range(few, few + len(taken)))
    finally:
        task.cancel()
        await asyncio.wait([task])
