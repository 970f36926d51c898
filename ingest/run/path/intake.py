"""The bounded queue of messages between broker and database."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.decoding.message import DeviceMessage
from ingest.run import metrics


@dataclass(slots=True)
class Intake:
    """Messages that wait for the next batch; when it is full, reading from the broker pauses.

    Args:
        on_full: called when a bound is reached, to stop reading.
        on_room: called when half of it has drained, to resume reading.
        max_messages: bound of the number, larger than the receive window because of QoS 0.
        max_bytes: bound of their payloads.
    """

    on_full: Callable[[], None] = lambda: None
    on_room: Callable[[], None] = lambda: None
    max_messages: int = 20_000
    max_bytes: int = 32 << 20
    full: bool = False
    _waiting: deque[DeviceMessage] = field(default_factory=deque)
    _bytes: int = 0
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """Size of the waiting payloads."""
        return self._bytes

    def put(self, messages: list[DeviceMessage]) -> None:
        """Add messages; never refuses, since messages already read when reading stops must be kept."""
        self._waiting += messages
        self._bytes += sum([len(message.payload) for message in messages])
        self._some.set()
        if not self.full and (len(self._waiting) >= self.max_messages or self._bytes >= self.max_bytes):
            self.full = True
            metrics.QUEUE_FULL.inc()
            self.on_full()

    async def wait(self) -> None:
        """Return when there is a message, or after `wake`."""
        await self._some.wait()

    def wake(self) -> None:
        """Let the waiting task check for other work."""
        self._some.set()

    def take(self, most: int, size: int) -> list[DeviceMessage]:
        """Take the oldest messages: at most `most`, and none after `size` bytes of payloads."""
        taken: list[DeviceMessage] = []
        waiting, left = self._waiting, size
        for _ in range(min(most, len(waiting))):
            message = waiting.popleft()
            taken.append(message)
            left -= len(message.payload)
            if left <= 0:
                break
        self._bytes -= size - left
        self._drained()
        return taken

    def forget(self, connection: int) -> int:
        """Drop messages of a lost connection, which will be repeated; returns their number."""
        kept = [message for message in self._waiting if message.connection != connection or not message.number]
        dropped = len(self._waiting) - len(kept)
        metrics.REPEATED.inc(dropped)
        self._waiting = deque(kept)
        self._bytes = sum(len(message.payload) for message in kept)
        self._drained()
        return dropped

    def _drained(self) -> None:
        if not self._waiting:
            self._some.clear()
        if self.full and len(self._waiting) <= self.max_messages // 2 and self._bytes <= self.max_bytes // 2:
            self.full = False
            self.on_room()
