"""Receives everything on a broker, without the simulator's code."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiomqtt
import msgspec

from schemas import wire
from tests.support import waiting

_fixes = msgspec.json.Decoder(list[wire.Fix] | wire.Fix)


@dataclass(slots=True)
class Listener:
    """Messages heard so far: (topic, payload, retained)."""

    messages: list[tuple[str, bytes, bool]] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def fixes(self) -> list[tuple[str, wire.Fix]]:
        """(Topic, fix) of every fix heard, arrays taken apart."""
        found: list[tuple[str, wire.Fix]] = []
        for topic, payload, _ in self.messages:
            if topic.endswith("/fix"):
                decoded = _fixes.decode(payload)
                found += [(topic, fix) for fix in (decoded if isinstance(decoded, list) else [decoded])]
        return found

    async def heard(self, fixes: int) -> None:
        """Wait until so many fixes were heard."""

        async def enough() -> bool:
            return len(self.fixes()) >= fixes

        await waiting.until(enough, f"{fixes} fixes are heard")


@contextlib.asynccontextmanager
async def listen(port: int, topic: str = "patrol/v1/#") -> AsyncIterator[Listener]:
    """Subscribe to `topic` and, when the broker goes away, again when it is back."""
    listener = Listener()
    task = asyncio.create_task(_hear(listener, port, topic))
    try:
        await asyncio.wait_for(listener.ready.wait(), 10 * waiting.PATIENCE)
        yield listener
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _hear(listener: Listener, port: int, topic: str) -> None:
    while True:
        try:
            # A session that outlives the connection, so that nothing is missed while it is made again.
            async with aiomqtt.Client("127.0.0.1", port, identifier="listener", clean_session=False) as client:
                await client.subscribe(topic, qos=1)
                listener.ready.set()
                async for message in client.messages:
                    listener.messages.append((str(message.topic), bytes(message.payload), message.retain))
        except aiomqtt.MqttError:
            await asyncio.sleep(0.05)
