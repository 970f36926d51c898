"""A worker on a real database and a real broker, and a device that publishes to it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiomqtt
import pytest

from ingest.run.config import WorkerConfig
from ingest.run.worker import run

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto

Send = Callable[..., Awaitable[None]]
T0 = (time.time_ns() // 86_400_000_000_000 - 1) * 86_400_000


@asynccontextmanager
async def working(**settings: Any) -> AsyncIterator["asyncio.Task[None]"]:
    """A worker in this process that takes messages; its task, for the tests that look at its end."""
    stop, ready = asyncio.Event(), asyncio.Event()
    config = WorkerConfig(**{"auto_enrol": True, **settings}, on_ready=ready.set)
    task = asyncio.create_task(run(config, stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED, timeout=20)
    waiting.cancel()
    assert ready.is_set(), task
    try:
        yield task
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


@pytest.fixture
async def send(mosquitto: "Mosquitto") -> AsyncIterator[Send]:
    """Publish with QoS 1 and return when the broker has it: `send(topic, payload)`; what is no bytes becomes JSON."""
    async with client(mosquitto.url) as device:

        async def publish(topic: str, payload: object, *, qos: int = 1, retain: bool = False) -> None:
            body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            await device.publish(topic, body, qos=qos, retain=retain)

        yield publish


def client(url: str, **options: Any) -> aiomqtt.Client:
    """A device's own connection."""
    parts = urlsplit(url)
    return aiomqtt.Client(parts.hostname or "", parts.port or 1883, protocol=aiomqtt.ProtocolVersion.V5, **options)


def fix(t: int, **fields: Any) -> dict[str, Any]:
    """A fix at T0 + t ms."""
    return {"t": T0 + t, "lat": 23.1, "lon": 114.4, **fields}
