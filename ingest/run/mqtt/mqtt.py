"""The session with the broker: MQTT 5, persistent, acknowledged after the commit. Stop 1 of the path."""

import asyncio
import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence

import gmqtt
import structlog
from gmqtt.mqtt.handler import MQTTError

from ingest.decoding.message import Message
from ingest.decoding.publishes import Publish
from ingest.run import metrics
from ingest.run.mqtt.mqtt_client import Client
from runtime import retry, sockets
from schemas import wire
from schemas.broker import Broker

log = structlog.get_logger(__name__)

SESSION_EXPIRY_S = 7 * 86_400
RECEIVE_MAXIMUM = 4_000
"""Messages in flight that are not acknowledged; the broker holds the others."""
BUFFERED_RECEIVE_MAXIMUM = 20
"""Messages from buffers in flight: no more of them stands before what comes live, and the broker holds the others."""
KEEP_ALIVE_S = 30
CONNECT_S = 10.0
MOST_UNSENT_BYTES = 4 << 20
"""What we publish with QoS 0 is dropped while more than this waits to be sent."""

ORDER_S = 10.0
"""The broker has so long to answer an order."""

_REFUSED = 128  # reason codes from here on
_HEALTHY_S = 30.0
_ONLY_IF_NEW = 1  # retained messages come when the subscription is new to the session, not at each reconnection

_TAKEN = "8e"
_TAKEN_TIMES = 3
_BRIEF_S = 5.0
"""Mosquitto 2.0.11 gives no reason when it ends a connection as another client came; so brief ones count, too."""
_REASONS = {
    "": "the socket ended",
    "8b": "the broker shuts down",
    "8d": "keep-alive timeout",
    _TAKEN: "another client came with the same client id: give each worker an id of its own, and bind those of devices",
    "93": "receive maximum exceeded",
}


class SessionError(Exception):
    """The broker does not let us in or does not let us subscribe; check the account and its rights, then wait."""


class Session:
    """A persistent session that connects again for ever.

    Args:
        broker: where.
        client_id: names the session; two processes with the same one throw each other out.
        filters: of the topics it subscribes to; none for a session that only publishes.
        deliver: is given the messages that came together, in order.
        lost: is told the number of a connection that ended, whose messages the broker will repeat.
        receive_maximum: messages in flight.
        numbers: gives each connection its number; sessions that deliver to one place share it.
        former: filters that an earlier process may have subscribed to; what waits of them still comes.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str,
        filters: Sequence[str],
        deliver: Callable[[list[Message]], None],
        lost: Callable[[int], None],
        receive_maximum: int = RECEIVE_MAXIMUM,
        numbers: Iterator[int] | None = None,
        former: Sequence[str] = (),
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._filters = filters
        self._deliver = deliver
        self._lost = lost
        self._receive_maximum = receive_maximum
        self._in_flight = 0
        self._client: Client | None = None
        self._numbers = itertools.count(1) if numbers is None else numbers
        self._number = 0
        self._former = former
        self._room = asyncio.Event()
        self._room.set()
        self.gauged = True
        """Whether the metrics tell of its connection; of several sessions with one broker one is enough."""
        self.bounded = False
        """Whether nothing is read while the receive maximum is in flight, whatever the broker sends."""
        self.latest: Callable[[], int] = lambda: 0
        """The latest time that it may be, ms; 0: as the machine's clock says."""
        self.ready = asyncio.Event()
        """Set while connected and subscribed."""
        self._taken: deque[float] = deque(maxlen=_TAKEN_TIMES)
        """When connections ended as they do when another client takes the session over, the latest ones."""

    async def run(self) -> None:
        """Keep the session up until cancelled."""
        waits = retry.delays(first_s=0.2, most_s=5.0)
        while True:
            # The broker sends what waits as soon as it lets us in, so there must be room for it.
            await self._room.wait()
            started = time.monotonic()
            try:
                await self._connected()
            except (OSError, MQTTError, SessionError) as error:
                log.warning("broker is away", broker=f"{self._broker.host}:{self._broker.port}", error=_why(error))
            if time.monotonic() - started > _HEALTHY_S:
                waits = retry.delays(first_s=0.2, most_s=5.0)
            wait = next(waits)
            log.info("connecting again", in_s=round(wait, 2))
            await asyncio.sleep(wait)

    def taken(self, within_s: float) -> bool:
        """Whether another client took the session over, by its client id, several times since then."""
        return len(self._taken) == _TAKEN_TIMES and time.monotonic() - self._taken[0] < within_s

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send with QoS 0; False when it was dropped, not connected or the broker reads too slowly."""
        transport = None if self._client is None else self._client.transport
        if self._client is None or transport is None or not self.ready.is_set() or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            metrics.FEED_SKIPPED.inc()
            return False
        self._client.publish(topic, payload, qos=0)
        return True

    async def order(self, topic: str, payload: bytes, *, expiry_s: int) -> bool:
        """Send with QoS 1; the broker keeps it `expiry_s` seconds at most for a device that is away.

        Returns:
            Whether the broker has it; if not, it may have come through all the same.
        """
        if self._client is None or not self.ready.is_set():
            return False
        message = gmqtt.Message(topic, payload, qos=1, message_expiry_interval=expiry_s)
        try:
            async with asyncio.timeout(ORDER_S):
                code = await self._client.order(message)
        except (OSError, TimeoutError, MQTTError) as error:
            log.warning("order is not acknowledged", topic=topic, error=_why(error))
            return False
        if code >= _REFUSED:
            log.warning("broker refuses an order: give the worker's account the right", topic=topic, code=code)
        return code < _REFUSED

    def pause(self) -> None:
        """Stop reading from the broker: there is no room."""
        self._room.clear()
        self._apply_pause()

    def resume(self) -> None:
        """Read on."""
        self._room.set()
        self._apply_pause()

    def _apply_pause(self) -> None:
        transport = None if self._client is None else self._client.transport
        if transport is None or transport.is_closing():
            return
        if self._room.is_set() and not (self.bounded and self._in_flight >= self._receive_maximum):
            transport.resume_reading()
        else:
            transport.pause_reading()

    async def _connected(self) -> None:
        """Connect, subscribe, and return when the connection has ended."""
        self._number, self._in_flight = next(self._numbers), 0
        ended = asyncio.Event()
        client = self._client = self._new_client(ended)
        try:
            async with asyncio.timeout(CONNECT_S):
                tls = self._broker.tls() or False
                connecting = client.connect(self._broker.host, self._broker.port, ssl=tls, keepalive=KEEP_ALIVE_S)
                await _unless(ended, connecting)
                sockets.watch(client.transport)
                await _unless(ended, self._subscribe(client))
            self.ready.set()
            self._gauge(connected=True)
            await ended.wait()
            raise ConnectionResetError("the connection ended")
        finally:
            self.ready.clear()
            self._gauge(connected=False)
            await self._close(client)

    def _gauge(self, *, connected: bool) -> None:
        if self.gauged:
            metrics.CONNECTED.set(connected)
            metrics.SESSIONS.inc(connected)

    def _new_client(self, ended: asyncio.Event) -> Client:
        number, begun = self._number, math.inf
        client = Client(
            self._client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            session_expiry_interval=SESSION_EXPIRY_S,
            receive_maximum=self._receive_maximum,
            taken=lambda found: self._received(number, client, found),
        )
        if self._broker.user is not None:
            client.set_auth_credentials(self._broker.user, self._broker.password)

        def on_connect(_client: object, session_present: int, _code: int, _properties: object) -> None:
            nonlocal begun
            begun = time.monotonic()  # of a broker that goes, connections end before it has answered: nobody took them
            log.info("connected to the broker", client=self._client_id, session_present=bool(session_present))

        def on_disconnect(_client: object, packet: bytes, _error: Exception | None = None) -> None:
            # A reason of one byte when the broker says why, nothing when the socket just ended.
            client.muted = True
            if ended.is_set():
                return
            reason, now = packet[:1].hex(), time.monotonic()
            if reason == _TAKEN or (not reason and 0 <= now - begun < _BRIEF_S):
                self._taken.append(now)
                metrics.TAKEN.inc()
            log.warning("connection to the broker ended", client=self._client_id, reason=_REASONS.get(reason, reason))
            ended.set()

        client.on_connect, client.on_disconnect = on_connect, on_disconnect
        return client

    async def _subscribe(self, client: Client) -> None:
        granted: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()

        def on_subscribe(_client: object, _mid: int, codes: tuple[int, ...], _properties: object) -> None:
            if not granted.done():
                granted.set_result(tuple(codes))

        client.on_subscribe = on_subscribe
        filters = self._filters
        for each in self._former:
            if each not in filters:
                client.unsubscribe(each)
        if not filters:
            return
        client.subscribe(
            [gmqtt.Subscription(each, qos=1, no_local=True, retain_handling_options=_ONLY_IF_NEW) for each in filters],
        )
        refused = [each for each, code in zip(filters, await granted, strict=True) if code >= _REFUSED]
        if refused:
            raise SessionError(
                f"the broker refuses the subscription to {', '.join(refused)}: give the account the right"
            )
        log.info("subscribed", filters=filters)

    def _received(self, connection: int, client: Client, found: list[Publish]) -> None:
        now, latest = time.time_ns() // 1_000_000, self.latest()
        acknowledge = self._counting(connection, client, found) if self.bounded else client.acknowledge
        self._deliver(
            [
                Message(topic, _head(payload), retained, now, connection, number, acknowledge, latest)
                for topic, payload, retained, number in found
            ]
        )

    def _counting(self, connection: int, client: Client, found: list[Publish]) -> Callable[[bytes], None]:
        """Count what came as in flight; returns how to acknowledge it.

        Mosquitto 2.0.11 sends more than the receive maximum while messages queue.
        """

        def acknowledge(number: bytes) -> None:
            client.acknowledge(number)
            if connection == self._number:
                self._in_flight -= 1
                self._apply_pause()

        self._in_flight += sum(bool(number) for *_, number in found)
        self._apply_pause()
        return acknowledge

    async def _close(self, client: Client) -> None:
        """End the connection and let go of what was not acknowledged on it."""
        client.muted = True
        client.forget_orders()
        self._client = None
        self._lost(self._number)
        try:
            async with asyncio.timeout(2):
                await client.disconnect()
        except (OSError, MQTTError, AttributeError) as error:
            log.debug("closing the connection failed", error=_why(error))


async def _unless(ended: asyncio.Event, wanted: Coroutine[None, None, None]) -> None:
    """Wait for what is wanted of a connection, but no longer than it lasts.

    Raises:
        ConnectionResetError: it ended first.
    """
    doing, ending = asyncio.ensure_future(wanted), asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({doing, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ConnectionResetError("the connection ended before the broker had answered")
        await doing
    finally:
        doing.cancel()
        ending.cancel()


def _head(payload: bytes) -> bytes:
    """Enough of a payload to be refused as too large: the other megabytes must not wait in the queue."""
    return payload[: wire.MAX_PAYLOAD_BYTES + 1]


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"no answer within {CONNECT_S:.0f} s"
    return str(error) or type(error).__name__
