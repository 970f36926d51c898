"""Flow control: stops reading while there is no room, or too much is in flight."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.run.mqtt.client import MqttClient


@dataclass(slots=True)
class ReceiveFlow:
    """Flow control of the successive connections of a session.

    Args:
        most_in_flight: unacknowledged messages at which reading stops; None: the broker enforces it.
    """

    most_in_flight: int | None
    room: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while there is room."""
    _client: MqttClient | None = None
    _in_flight: int = 0

    def __post_init__(self) -> None:
        self.room.set()

    def of(self, client: MqttClient | None) -> None:
        """Continue with a new connection, with nothing in flight."""
        self._client, self._in_flight = client, 0

    def pause(self) -> None:
        """Stop reading: there is no room."""
        self.room.clear()
        self._apply()

    def resume(self) -> None:
        """Read on."""
        self.room.set()
        self._apply()

    def counted(self, client: MqttClient, n: int) -> Callable[[bytes], None]:
        """Count `n` messages to acknowledge; returns the function that counts an acknowledgement.

        Mosquitto 2.0.11 sends more than the receive maximum while messages queue.
        """
        if self.most_in_flight is None:
            return client.acknowledge
        self._in_flight += n
        self._apply()
        return lambda number: self._acknowledge(client, number)

    def _acknowledge(self, client: MqttClient, number: bytes) -> None:
        client.acknowledge(number)
        if client is self._client:
            self._in_flight -= 1
            self._apply()

    def _apply(self) -> None:
        transport = None if self._client is None else self._client.transport
        if transport is None or transport.is_closing():
            return
        full = self.most_in_flight is not None and self._in_flight >= self.most_in_flight
        if self.room.is_set() and not full:
            transport.resume_reading()
        else:
            transport.pause_reading()
