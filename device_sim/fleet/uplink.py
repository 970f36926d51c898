"""One MQTT connection of one or several devices: a bounded outbox, a window of unacknowledged messages, reconnection.

A message leaves the outbox when the broker has acknowledged it, so a cut connection loses nothing: at least once. Where
devices listen to `ack`, messages with fixes are kept until the database has them, so that a lost broker loses nothing.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiomqtt

from device_sim.fleet.unstored import AGAIN_S, Message, Unstored
from schemas.broker import Broker

__all__ = ["Hooks", "Message", "RefusedError", "Timing", "Uplink"]

logger = logging.getLogger(__name__)

_BACKOFF_S = (0.5, 30.0)
_GOODBYE_S = 2.0

_mqtt_logger = logging.getLogger(f"{__name__}.paho")
_mqtt_logger.setLevel(logging.CRITICAL)  # what it would say arrives as an exception, and is said once


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What an uplink calls."""

    greeting: Callable[[], list[Message]] = list
    """Gives the messages to send first on each connection."""
    on_ack: Callable[[Message], None] = lambda _: None
    """Told of each message that the broker has acknowledged."""
    on_stored: Callable[[Message], None] = lambda _: None
    """Told of each message whose fixes are in the database; for devices that listen to `ack` only."""
    on_lost: Callable[[BaseException], None] | None = None
    """Told when a connection was lost or could not be made; None: it is logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long an uplink waits."""

    keep_alive_s: int = 60
    """A connection that is silent for so long is asked whether it lives."""
    ack_s: float = 60.0
    """A message that is not acknowledged for so long ends the connection."""
    give_up_s: float | None = None
    """Without any connection for so long, `run` raises; None: it tries for ever."""


class RefusedError(Exception):
    """The broker answered that it does not take the message: change its access rules or the topic."""


class _Client(aiomqtt.Client):
    """aiomqtt's client, but it minds the broker's answers: refusals and how many messages may be on the way."""

    receive_maximum = 65_535

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.unheard = 0

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        self.receive_maximum = getattr(properties, "ReceiveMaximum", self.receive_maximum)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        if reason_code.is_failure:
            if not self.refused.done():
                self.refused.set_result(str(reason_code))
            return  # the message stays unacknowledged
        if reason_code.value == 0x10:  # no matching subscribers
            self.unheard += 1
        super()._on_publish(client, userdata, mid, reason_code, properties)


class Uplink:
    """A connection that publishes messages in order, each until it is acknowledged.

    Args:
        broker: Where to connect.
        identifier: MQTT client id.
        will: Published by the broker when the connection is lost.
        hooks: What to call, and when.
        bound: Messages kept while offline; `post` drops the oldest beyond it and counts them in `dropped`.
        window: Messages on the way at a time, at most; the broker may ask for fewer.
        timing: How long it waits.
        devices: Topics of devices whose messages are kept until `ack` names them.
    """

    def __init__(
        self,
        broker: Broker,
        identifier: str,
        *,
        will: aiomqtt.Will | None = None,
        hooks: Hooks | None = None,
        bound: int = 10_000,
        window: int = 20,
        timing: Timing | None = None,
        devices: Sequence[str] = (),
    ) -> None:
        self._broker, self._identifier, self._will = broker, identifier, will
        self._hooks = hooks or Hooks()
        self._bound, self._window, self._timing = bound, window, timing or Timing()
        self._outbox: deque[Message] = deque()
        self._unstored = Unstored(devices)
        self._on_the_way: dict[int, Message] = {}
        self._publishing: set[asyncio.Task[None]] = set()
        self._number = 0
        self._changed = asyncio.Event()
        self.connected = False
        self.connections = 0
        self.acknowledged = 0
        self.dropped = 0
        self.unheard = 0
        """Messages that the broker took although nobody subscribes to their topic."""

    def __len__(self) -> int:
        """Messages not acknowledged, or not known to be stored, yet."""
        return len(self._outbox) + len(self._on_the_way) + len(self._unstored)

    def post(self, message: Message) -> None:
        """Put a message at the end of the outbox; the oldest one goes when it is full."""
        if len(self._outbox) >= self._bound:
            self._outbox.popleft()
            self.dropped += 1
        self._outbox.append(message)
        self._changed.set()

    async def room(self, messages: int) -> None:
        """Wait until at most `messages` are not acknowledged."""
        while len(self) > messages:
            self._changed.clear()
            await self._changed.wait()

    async def run(self, stop: asyncio.Event, *, farewell: Callable[[], list[Message]] = list) -> None:
        """Stay connected until `stop`; then send the farewell messages, if the broker is there, and disconnect.

        Raises:
            RefusedError: the broker refuses a message, and giving up is allowed.
            aiomqtt.MqttError: no connection for too long, and giving up is allowed.
        """
        loop = asyncio.get_running_loop()
        delay, since = _BACKOFF_S[0], loop.time()
        while not stop.is_set():
            connections = self.connections
            error: BaseException | None = None
            try:
                await self._until_stop(stop, farewell)
            except* (aiomqtt.MqttError, RefusedError) as group:
                error = group
            if self.connections > connections:
                delay, since = _BACKOFF_S[0], loop.time()
            self._take_back()
            if error is not None:
                self._lost(_innermost(error), loop.time() - since)
            if not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), delay * random.uniform(0.7, 1.3))  # noqa: S311 - spreads load
                delay = min(2 * delay, _BACKOFF_S[1])

    def _take_back(self) -> None:
        """Put what was on the way, or may have been lost with the broker, back to the front of the outbox, in order."""
        self._outbox.extendleft(reversed(self._on_the_way.values()))
        self._outbox.extendleft(reversed(self._unstored.take()))
        self._on_the_way.clear()

    def _lost(self, error: BaseException, seconds: float) -> None:
        (self._hooks.on_lost or self._warn)(error)
        fatal = isinstance(error, RefusedError)
        give_up_s = self._timing.give_up_s
        if give_up_s is not None and (fatal or seconds > give_up_s):
            raise error

    def _warn(self, error: BaseException) -> None:
        where = f"{self._broker.host}:{self._broker.port}"
        logger.warning("%s: no connection to the broker at %s: %s", self._identifier, where, error)

    async def _until_stop(self, stop: asyncio.Event, farewell: Callable[[], list[Message]]) -> None:
        """Connect and send until the connection is lost; `stop` also ends an attempt to connect."""
        attempt = asyncio.create_task(self._connection(stop, farewell))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({attempt, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not attempt.done() and not self.connected:
                attempt.cancel()
            await asyncio.wait({attempt})
            if not attempt.cancelled():
                attempt.result()
        finally:
            stopped.cancel()
            attempt.cancel()

    async def _connection(self, stop: asyncio.Event, farewell: Callable[[], list[Message]]) -> None:
        async with self._client() as client:
            self.connected, self.connections = True, self.connections + 1
            try:
                self._outbox.extendleft(reversed(self._hooks.greeting()))
                await self._session(client, stop, farewell)
            finally:
                self.connected = False
                self.unheard += client.unheard

    def _client(self) -> _Client:
        broker = self._broker
        client = _Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=broker.password,
            identifier=self._identifier,
            logger=_mqtt_logger,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=self._will,
            keepalive=self._timing.keep_alive_s,
            clean_start=True,
            timeout=10,
            max_inflight_messages=65_535,
            tls_context=broker.tls(),
        )
        client.pending_calls_threshold = 65_535  # the window bounds them already
        return client

    async def _session(self, client: _Client, stop: asyncio.Event, farewell: Callable[[], list[Message]]) -> None:
        async with asyncio.TaskGroup() as group:
            watchers = [
                group.create_task(self._watch(client)),
                group.create_task(self._watch_refusals(client)),
                group.create_task(self._send_again()),
            ]
            sender = group.create_task(self._send(client, group))
            await stop.wait()
            for message in farewell():
                self.post(message)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.room(0), _GOODBYE_S)
            client.timeout = _GOODBYE_S  # a broker that hangs is not waited for
            for task in (sender, *watchers, *self._publishing):
                task.cancel()

    async def _watch(self, client: _Client) -> None:
        """Notice at once that the connection is cut, and hear what is stored."""
        if self._unstored.devices:
            await client.subscribe([(topic, 0) for topic in self._unstored.filters])
        async for message in client.messages:
            for kept in self._unstored.stored(str(message.topic), bytes(message.payload), time.monotonic()):
                self._hooks.on_stored(kept)
            self._changed.set()

    async def _send_again(self) -> None:
        """Send what nothing was said of for long, again."""
        while self._unstored.devices:
            await asyncio.sleep(AGAIN_S / 4)
            self._outbox.extendleft(reversed(self._unstored.overdue(time.monotonic())))
            self._changed.set()

    async def _watch_refusals(self, client: _Client) -> None:
        raise RefusedError(f"the broker refuses what {self._identifier} publishes: {await client.refused}")

    async def _send(self, client: _Client, group: asyncio.TaskGroup) -> None:
        window = asyncio.Semaphore(min(self._window, client.receive_maximum))
        while True:
            while not self._outbox:
                self._changed.clear()
                await self._changed.wait()
            await window.acquire()
            message = self._outbox.popleft()
            self._number += 1
            self._on_the_way[self._number] = message
            task = group.create_task(self._publish(client, self._number, message, window))
            self._publishing.add(task)
            task.add_done_callback(self._publishing.discard)

    async def _publish(self, client: _Client, number: int, message: Message, window: asyncio.Semaphore) -> None:
        await client.publish(message.topic, message.payload, message.qos, message.retain, timeout=self._timing.ack_s)
        window.release()
        del self._on_the_way[number]
        self.acknowledged += 1
        self._unstored.keep(message, time.monotonic())
        self._hooks.on_ack(message)
        self._changed.set()


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
