"""Sends commands from the outbox in the database to devices: publishes with QoS 1, then marks them as sent."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
import numpy as np
import structlog
from prometheus_client import Counter

from alerts.store import commands
from alerts.store.commands import PendingCommand
from ingest.run import surviving
from runtime import db
from runtime.clock import wall_clock
from runtime.every import every
from schemas import topics, wire
from tracking.geometry import datum

log = structlog.get_logger(__name__)

SENT = Counter("patrol_commands_total", "Commands sent to the broker, repeats included.", ["outcome"])

AT_ONCE = 50
"""Commands in flight to the broker."""

_encoder = msgspec.json.Encoder()


class Order(Protocol):
    """Sends a payload to a topic with QoS 1."""

    def __call__(self, topic: str, payload: bytes, *, expiry_s: int) -> Awaitable[bool]:
        """Send; returns whether the broker acknowledged it."""
        ...


class Orders:
    """Publishes waiting commands, on any number of workers.

    Args:
        pool: the database.
        order: sends one.
        ready: set while the broker is connected.
        now: the time, ms since 1970-01-01 UTC.
        every_s: seconds between two passes.
    """

    def __init__(
        self,
        pool: db.Pool,
        order: Order,
        ready: asyncio.Event,
        *,
        now: Callable[[], int] = wall_clock,
        every_s: float = 0.25,
    ) -> None:
        self._pool, self._order, self._ready, self._now, self._every_s = pool, order, ready, now, every_s

    async def run(self) -> None:
        """Publish until cancelled."""
        survive = surviving.of_database("orders", "commands wait for the database")
        await every(self._every_s, self._empty, survive=survive)

    async def _empty(self) -> None:
        """Publish until nothing waits or the broker is lost."""
        await self._ready.wait()
        while await self.step() == AT_ONCE and self._ready.is_set():
            pass

    async def step(self) -> int:
        """Publish at most AT_ONCE waiting commands; returns their number."""
        async with self._pool.acquire() as conn:
            waiting = await commands.claim(conn, self._now(), AT_ONCE)
        heard = await asyncio.gather(*(self._publish(command) for command in waiting))
        if waiting:
            await self._mark(waiting, heard)
        return len(waiting)

    async def _publish(self, command: PendingCommand) -> bool:
        topic = str(topics.Topic(command.unit, command.device, topics.TopicKind.COMMAND))
        left_ms = command.expires - self._now()
        taken = await self._order(topic, payload(command), expiry_s=max(1, left_ms // 1000))
        SENT.labels("taken" if taken else "not taken").inc()
        return taken

    async def _mark(self, waiting: Sequence[PendingCommand], heard: Sequence[bool]) -> None:
        now = self._now()
        async with self._pool.acquire() as conn:
            for command, how in zip(waiting, heard, strict=True):
                if how:
                    await commands.mark_sent(conn, command.id, now)
                else:
                    await commands.retry_at(conn, command.id, now + commands.UNSENT_MS)


def payload(order: PendingCommand) -> bytes:
    """Encode a command for its device, with the position in the datum of the device. Pure."""
    lat, lon = order.body.get("lat"), order.body.get("lon")
    if lat is not None and lon is not None:
        there = datum.from_wgs84(np.array([lat]), np.array([lon]), order.datum)
        lat, lon = (round(float(degrees[0]), 7) for degrees in there)
    command = wire.Command(
        id=order.id,
        type=order.type,
        t=order.made_at,
        expires=order.expires,
        cell=order.body.get("cell"),
        lat=lat,
        lon=lon,
        text=order.body.get("text"),
    )
    return _encoder.encode(command)
