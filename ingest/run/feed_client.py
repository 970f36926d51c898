"""Subscription of a web process to the feed of the workers: MQTT 5, clean start, QoS 0, with reconnection."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from enum import Enum
from typing import Any

import gmqtt
import structlog

from runtime import sockets, stopping
from runtime.every import every
from schemas import feed
from schemas.broker import Broker

RETRY_S = 1.0
KEEPALIVE_S = 15
_NO_RECONNECT = -2  # gmqtt: -1 means for ever and 0 still tries once; only the loop below reconnects

log = structlog.get_logger(__name__)
_quiet = logging.getLogger("gmqtt.feed")
_quiet.setLevel(logging.CRITICAL)  # its messages are logged here with what to do


class FeedState(Enum):
    """Whether feed messages arrive."""

    CONNECTED = "connected"
    LOST = "lost"


async def subscribe_feed(
    mqtt_url: str,
    *,
    on_payload: Callable[[bytes], None],
    on_state: Callable[[FeedState], None],
    stop: asyncio.Event,
    retry_s: float = RETRY_S,
) -> None:
    """Hand every message of the feed to `on_payload` until `stop`.

    Args:
        mqtt_url: mqtt://user:password@host:port, or mqtts://.
        on_payload: called in the event loop; must not block.
        on_state: called with CONNECTED after each subscription and LOST after each loss; messages in between are
            lost, so the caller reads the newest state again.
        stop: ends the subscription.
        retry_s: seconds between attempts.
    """

    def survive(error: Exception) -> None:
        if not isinstance(error, (OSError, gmqtt.MQTTConnectError)):
            raise error
        log.warning("feed.away", error=str(error), retry_s=retry_s)

    await every(retry_s, lambda: _one_connection(mqtt_url, on_payload, on_state, stop), survive=survive, stop=stop)


async def _one_connection(
    mqtt_url: str, on_payload: Callable[[bytes], None], on_state: Callable[[FeedState], None], stop: asyncio.Event
) -> None:
    lost = asyncio.Event()
    client = gmqtt.Client(f"patrol-web-{secrets.token_hex(6)}", clean_session=True, logger=_quiet)
    client.set_config({"reconnect_retries": _NO_RECONNECT, "reconnect_delay": 0})

    def on_message(_client: Any, _topic: str, payload: bytes, _qos: int, _properties: dict[str, Any]) -> int:
        on_payload(payload)
        return 0

    def on_disconnect(_client: Any, _packet: Any, _error: Any = None) -> None:
        lost.set()

    def on_subscribe(_client: Any, _mid: int, _qos: Any, _properties: Any) -> None:
        on_state(FeedState.CONNECTED)

    client.on_message, client.on_disconnect, client.on_subscribe = on_message, on_disconnect, on_subscribe
    broker = Broker.parse(mqtt_url)
    if broker.user is not None:
        client.set_auth_credentials(broker.user, broker.password)
    try:
        async with stopping.cancelled_by(stop):
            await asyncio.wait_for(
                client.connect(broker.host, broker.port, ssl=broker.tls() or False, keepalive=KEEPALIVE_S), timeout=10
            )
            sockets.watch(client._connection._transport)  # noqa: SLF001 - gmqtt hides it
            client.subscribe(feed.ALL, qos=0)
            await lost.wait()
    finally:
        on_state(FeedState.LOST)
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(client.disconnect(), timeout=2)
