"""The next batch: messages are decoded while the database stores the previous batch."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.decoding import decode
from ingest.decoding.batch import Received
from ingest.run import metrics
from ingest.run.path.intake import Intake

_TAKEN = 200
_TAKEN_BYTES = 1 << 18
"""Messages decoded before the bounds are checked again and other tasks get their turn."""


@dataclass(slots=True, kw_only=True)
class NextBatch:
    """Messages for the next batch, decoded up to its bounds; the rest waits in the intake."""

    intake: Intake
    clock: Callable[[], int]
    latest: Callable[[], int]
    """Upper bound of the true time, ms; a message may have been received later than it says by the lag of `clock`."""
    messages: int
    """Bounds of a batch."""
    rows: int
    bytes: int
    _received: list[Received] = field(default_factory=list)
    _rows: int = 0
    _bytes: int = 0
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        """Number of waiting messages, decoded or not."""
        return len(self._received) + len(self.intake)

    async def run(self) -> None:
        """Decode messages until cancelled. Uncommitted messages were not acknowledged and are sent again."""
        while True:
            await self.intake.wait()
            if not self._decode():
                self._room.clear()
                await self._room.wait()
            await asyncio.sleep(0)

    async def wait(self) -> None:
        """Return when there is a message, or after a wake of the intake."""
        if not self._received:
            await self.intake.wait()

    def take(self) -> list[Received]:
        """Take the waiting messages, up to the bounds."""
        while len(self.intake) and self._decode():
            pass
        taken, self._received, self._rows, self._bytes = self._received, [], 0, 0
        self._room.set()
        metrics.QUEUE.set(len(self.intake))
        metrics.QUEUE_BYTES.set(self.intake.bytes)
        return taken

    def _decode(self) -> bool:
        """Decode some waiting messages; False when a bound is reached."""
        if self._rows >= self.rows or self._bytes >= self.bytes or len(self._received) >= self.messages:
            return False
        taken = self.intake.take(min(_TAKEN, self.messages - len(self._received)), _TAKEN_BYTES)
        behind = max(0, self.latest() - self.clock())
        decodings = [
            decode.decode(
                message.topic,
                message.payload,
                retained=message.retained,
                now=max(message.received + behind, message.latest),
            )
            for message in taken
        ]
        self._received += map(Received, taken, decodings)
        self._rows += sum([len(decoded.fixes) for decoded in decodings])
        self._bytes += sum([len(message.payload) for message in taken])
        return True
