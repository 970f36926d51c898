"""The session with the broker: MQTT 5, persistent, acknowledged after the commit. Step 1 of the path."""

import asyncio
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import gmqtt
import structlog
from gmqtt.mqtt.handler import MQTTError

from ingest.decoding.message import DeviceMessage
from ingest.decoding.publishes import Publish
from ingest.run import metrics
from ingest.run.mqtt.client import MqttClient
from ingest.run.mqtt.flow import ReceiveFlow
from ingest.run.mqtt.takeovers import Takeovers
from runtime import retry, sockets, stopping
from schemas import wire
from schemas.broker import Broker

log = structlog.get_logger(__name__)

SESSION_EXPIRY_S = 7 * 86_400
RECEIVE_MAXIMUM = 4_000
"""Most unacknowledged messages in flight; the broker holds the others."""
BUFFERED_RECEIVE_MAXIMUM = 20
"""Most buffered messages in flight, so that live ones do not wait behind more."""
KEEP_ALIVE_S = 30
CONNECT_S = 10.0
MOST_UNSENT_BYTES = 4 << 20
"""Bytes waiting to be sent above which QoS 0 messages are dropped."""

ORDER_S = 10.0
"""Time for the broker to acknowledge an order."""

_REFUSED = 128  # reason codes from here on
_HEALTHY_S = 30.0
_ONLY_IF_NEW = 1  # retained messages are sent for new subscriptions only, not at each reconnection


class SessionError(Exception):
    """The broker refused the connection or a subscription; check the account and its rights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """Parameters of a session.

    Args:
        client_id: identifies the session; two processes with the same one disconnect each other.
        filters: topic filters to subscribe to; none for a session that only publishes.
        former: filters that an earlier process may have subscribed to, whose waiting messages still arrive.
        receive_maximum: messages in flight.
        bounded: stop reading at that number, whatever the broker sends.
        gauged: whether metrics show its connection; one session for each broker is enough.
    """

    client_id: str
    filters: Sequence[str]
    former: Sequence[str] = ()
    receive_maximum: int = RECEIVE_MAXIMUM
    bounded: bool = False
    gauged: bool = True


class Session:
    """A persistent session that always reconnects.

    Args:
        broker: address of the broker.
        terms: parameters of the session.
        deliver: called with messages received together, in order.
        lost: called with the number of an ended connection, whose messages the broker will repeat.
        numbers: numbers of connections, shared by sessions that deliver to the same place.
        latest: upper bound of the true time, ms; 0: clock of the machine.
    """

    def __init__(
        self,
        broker: Broker,
        terms: SessionOptions,
        *,
        deliver: Callable[[list[DeviceMessage]], None],
        lost: Callable[[int], None],
        numbers: Iterator[int] | None = None,
        latest: Callable[[], int] = lambda: 0,
    ) -> None:
        self._broker, self._terms = broker, terms
        self._deliver, self._lost, self._latest = deliver, lost, latest
        self._numbers = itertools.count(1) if numbers is None else numbers
        self._number = 0
        self._client: MqttClient | None = None
        self._flow = ReceiveFlow(terms.receive_maximum if terms.bounded else None)
        self._takeovers = Takeovers()
        self.ready = asyncio.Event()
        """Set while connected and subscribed."""

    async def run(self) -> None:
        """Maintain the session until cancelled."""
        waits = retry.delays(first_s=0.2, most_s=5.0)
        while True:
            # The broker sends waiting messages at once after connecting, so there must be room.
            await self._flow.room.wait()
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
        """Whether another client has taken over the session several times since then."""
        return self._takeovers.lately(within_s)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send with QoS 0; False if it was dropped, without a connection or with a slow broker."""
        transport = None if self._client is None else self._client.transport
        if self._client is None or transport is None or not self.ready.is_set() or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            metrics.FEED_SKIPPED.inc()
            return False
        self._client.publish(topic, payload, qos=0)
        return True

    async def order(self, topic: str, payload: bytes, *, expiry_s: int) -> bool:
        """Send with QoS 1; the broker keeps it for an offline device for at most `expiry_s` seconds.

        Returns:
            Whether the broker acknowledged it; if not, it may still have been delivered.
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
        self._flow.pause()

    def resume(self) -> None:
        """Read on."""
        self._flow.resume()

    async def _connected(self) -> None:
        """Connect, subscribe, and return when the connection ends."""
        self._number, ended = next(self._numbers), asyncio.Event()
        client = self._client = self._new_client(ended)
        self._flow.of(client)
        try:
            async with asyncio.timeout(CONNECT_S), stopping.cancelled_by(ended):
                tls = self._broker.tls() or False
                await client.connect(self._broker.host, self._broker.port, ssl=tls, keepalive=KEEP_ALIVE_S)
                sockets.watch(client.transport)
                await _subscribe(client, self._terms)
            if ended.is_set():
                raise ConnectionResetError("the connection ended before the broker had answered")
            self.ready.set()
            self._gauge(connected=True)
            await ended.wait()
            raise ConnectionResetError("the connection ended")
        finally:
            self.ready.clear()
            self._gauge(connected=False)
            await self._close(client)

    def _gauge(self, *, connected: bool) -> None:
        if self._terms.gauged:
            metrics.CONNECTED.set(connected)
            metrics.SESSIONS.inc(connected)

    def _new_client(self, ended: asyncio.Event) -> MqttClient:
        number, begun = self._number, math.inf
        client = MqttClient(
            self._terms.client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            session_expiry_interval=SESSION_EXPIRY_S,
            receive_maximum=self._terms.receive_maximum,
            taken=lambda publishes: self._received(number, client, publishes),
        )
        if self._broker.user is not None:
            client.set_auth_credentials(self._broker.user, self._broker.password)

        def on_connect(_client: object, session_present: int, _code: int, _properties: object) -> None:
            nonlocal begun
            begun = time.monotonic()  # when a broker stops, connections end before it has answered, without a takeover
            log.info("connected to the broker", client=self._terms.client_id, session_present=bool(session_present))

        def on_disconnect(_client: object, packet: bytes, _error: Exception | None = None) -> None:
            # One byte with the reason of the broker, or nothing if the socket just ended.
            client.muted = True
            if ended.is_set():
                return
            reason = self._takeovers.note(packet[:1].hex(), begun)
            log.warning("connection to the broker ended", client=self._terms.client_id, reason=reason)
            ended.set()

        client.on_connect, client.on_disconnect = on_connect, on_disconnect
        return client

    def _received(self, connection: int, client: MqttClient, publishes: list[Publish]) -> None:
        now, latest = time.time_ns() // 1_000_000, self._latest()
        acknowledge = self._flow.counted(client, sum(bool(number) for *_, number in publishes))
        self._deliver(
            [
                DeviceMessage(topic, _head(payload), retained, now, connection, number, acknowledge, latest)
                for topic, payload, retained, number in publishes
            ]
        )

    async def _close(self, client: MqttClient) -> None:
        """End the connection and drop its unacknowledged messages."""
        client.muted = True
        client.forget_orders()
        self._client = None
        self._flow.of(None)
        self._lost(self._number)
        try:
            async with asyncio.timeout(2):
                await client.disconnect()
        except (OSError, MQTTError, AttributeError) as error:
            log.debug("closing the connection failed", error=_why(error))


async def _subscribe(client: MqttClient, terms: SessionOptions) -> None:
    granted: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()

    def on_subscribe(_client: object, _mid: int, codes: tuple[int, ...], _properties: object) -> None:
        if not granted.done():
            granted.set_result(tuple(codes))

    client.on_subscribe = on_subscribe
    filters = terms.filters
    for former in terms.former:
        if former not in filters:
            client.unsubscribe(former)
    if not filters:
        return
    client.subscribe(
        [
            gmqtt.Subscription(topic_filter, qos=1, no_local=True, retain_handling_options=_ONLY_IF_NEW)
            for topic_filter in filters
        ],
    )
    refused = [topic_filter for topic_filter, code in zip(filters, await granted, strict=True) if code >= _REFUSED]
    if refused:
        raise SessionError(f"the broker refuses the subscription to {', '.join(refused)}: give the account the right")
    log.info("subscribed", filters=filters)


def _head(payload: bytes) -> bytes:
    """Truncate a payload that is too large, so that it does not fill the queue."""
    return payload[: wire.MAX_PAYLOAD_BYTES + 1]


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"no answer within {CONNECT_S:.0f} s"
    return str(error) or type(error).__name__
