"""One MQTT connection: gmqtt's client with explicit acknowledgements in both directions."""

import asyncio
import re
import time
from typing import Any

import gmqtt
from gmqtt.mqtt.connection import Package

from ingest.decoding import publishes

_PUBACK = b"\x40\x02"
_DISCONNECT = re.compile(rb"\xe0(?:\x01(.)|\x02(.)\x00)\Z", re.DOTALL)


class MqttClient(gmqtt.Client):  # type: ignore[misc]  # gmqtt has no types
    """One connection. The reconnection of gmqtt is off: a new connection is a new client.

    So a late acknowledgement can never be sent on another connection, where its packet number is another message.
    """

    muted = False
    on_message: Any

    def __init__(self, *arguments: Any, taken: publishes.Take | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._taken = taken
        self._stored: list[bytes] = []
        self._asked: dict[int, asyncio.Future[int]] = {}
        # gmqtt drops the reason code of a PUBACK, so that "not authorized" would look like success.
        handler = self._package_handler
        self._take_puback = handler._handle_puback_packet  # noqa: SLF001 - gmqtt offers no other way
        handler._handle_puback_packet = self._on_puback  # noqa: SLF001 - as above
        if taken is not None:
            handler._handle_qos_1_publish_packet = self._on_publish  # noqa: SLF001 - as above
            self.on_message = self._on_unacknowledged

    async def connect(self, *arguments: Any, **options: Any) -> None:
        """Connect; messages are then read in bulk, without gmqtt objects for each."""
        await super().connect(*arguments, **options)
        protocol = self._connection._protocol  # noqa: SLF001 - gmqtt offers no other way
        if self._taken is not None:
            protocol._read_packet = self._read  # noqa: SLF001 - as above
        lose = protocol.connection_lost

        def connection_lost(error: Exception | None) -> None:
            # Data received with the end of the connection is not read any more, only its reason.
            match = _DISCONNECT.search(protocol._stream_reader._buffer)  # noqa: SLF001 - as above
            if match is not None:
                self.on_disconnect(match[1] or match[2])
            lose(error)

        protocol.connection_lost = connection_lost

    def acknowledge(self, number: bytes) -> None:
        """Acknowledge a message; those of one loop iteration are sent together, in order."""
        if not self._stored:
            asyncio.get_running_loop().call_soon(self._send_acknowledgements)
        self._stored.append(number)

    def _send_acknowledgements(self) -> None:
        packets = b"".join([_PUBACK + number for number in self._stored])
        self._stored.clear()
        transport = self.transport
        if not self.muted and transport is not None and not transport.is_closing():
            transport.write(packets)

    def _read(self, data: bytes) -> int:
        connection = self._connection
        connection._last_data_in = time.monotonic()  # noqa: SLF001 - what gmqtt does for each packet
        try:
            return publishes.read(data, self._take, lambda first, body: connection.put_package(Package(first, body)))
        except publishes.MalformedError:
            return -1

    def _take(self, publishes_read: list[publishes.Publish]) -> None:
        assert self._taken is not None  # noqa: S101 - else nothing is read in bulk
        self._taken(publishes_read)

    def _on_publish(self, mid: int, payload: bytes, topic: str | bytes, properties: dict[str, Any]) -> None:
        if isinstance(topic, bytes):  # gmqtt leaves invalid UTF-8 as it is
            topic = topic.decode("utf-8", "backslashreplace")
        self._take([(topic, payload, bool(properties.get("retain")), mid.to_bytes(2, "big"))])

    def _on_unacknowledged(self, _client: object, topic: Any, payload: bytes, _qos: int, properties: Any) -> int:
        if isinstance(topic, bytes):
            topic = topic.decode("utf-8", "backslashreplace")
        self._take([(topic, payload, bool(properties.get("retain")), b"")])
        return 0

    async def order(self, message: gmqtt.Message) -> int:
        """Publish with QoS 1 and return the broker's reason code.

        Raises:
            ConnectionResetError: the connection ended before the broker answered.
        """
        number, _ = self._connection.publish(message)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            return int(await answer)
        finally:
            self._asked.pop(number, None)

    def forget_orders(self) -> None:
        """Release all who wait for the broker, since the connection has ended."""
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the connection ended"))

    def _on_puback(self, cmd: int, packet: bytes) -> None:
        self._take_puback(cmd, packet)
        answer = self._asked.get(int.from_bytes(packet[:2], "big"))
        if answer is not None and not answer.done():
            answer.set_result(packet[2] if len(packet) > 2 else 0)

    def _allow_reconnect(self) -> bool:
        return False

    def _send_command_with_mid(self, cmd: int, mid: int, dup: bool, reason_code: int = 0) -> None:  # noqa: FBT001 - gmqtt's signature
        if not self.muted and not self._connection.is_closing():
            super()._send_command_with_mid(cmd, mid, dup, reason_code=reason_code)

    @property
    def transport(self) -> asyncio.Transport | None:
        """Transport of the socket, None before connecting."""
        return None if self._connection is None else self._connection._transport  # noqa: SLF001 - gmqtt hides it
