"""Connections of a fleet: one for each device, and shared ones for devices beyond the allowed number."""

import asyncio
import functools
import heapq
import logging
import time
from collections.abc import Callable

import aiomqtt

from device_sim.fleet import post, uplink
from schemas import topics
from schemas.broker import Broker

logger = logging.getLogger(__name__)

_SHARED = 8
_SAY_EVERY_S = 30.0


class Fleet:
    """Devices and the connections that carry them.

    Args:
        devices: Started devices.
        broker: Where to connect.
        connections: Most connections; with more devices the last ones share a few, which have no last will.
        now: The clock, ms since 1970.
        on_ack: Called with each acknowledged message.
        until_stored: Devices keep their fixes until `ack` says that the database has them.
    """

    def __init__(
        self,
        devices: list[post.SimulatedDevice],
        broker: Broker,
        *,
        connections: int,
        now: Callable[[], int],
        on_ack: Callable[[uplink.Message], None] = lambda _: None,
        until_stored: bool = False,
    ) -> None:
        self.devices, self.now, self._until_stored = devices, now, until_stored
        self._warned_at = -_SAY_EVERY_S
        self._groups = _groups(devices, connections)
        self.uplinks = [self._uplink(n, group, broker, on_ack) for n, group in enumerate(self._groups)]
        self._uplink_of = {
            device.who.number: link for link, group in zip(self.uplinks, self._groups, strict=True) for device in group
        }

    async def connect(self, stop: asyncio.Event) -> None:
        """Keep all connections until `stop`, then say good-bye for each device."""
        async with asyncio.TaskGroup() as group:
            for link, devices in zip(self.uplinks, self._groups, strict=True):
                name = f"uplink of {devices[0].who.name}"
                farewell = functools.partial(self._statuses, devices, online=False)
                group.create_task(link.run(stop, farewell=farewell), name=name)

    async def upload(self, until: int, *, rate: float) -> None:
        """Send what was measured up to `until`, ms, in arrays, at most `rate` fixes a second, and wait for the acks."""
        loop = asyncio.get_running_loop()
        begin, points = loop.time(), 0
        for device in self.devices:
            link = self._uplink_of[device.who.number]
            for message in device.messages(until, join=True):
                link.post(message)
                points += message.points
            await link.room(200)
            await asyncio.sleep(max(0.0, begin + points / rate - loop.time()))
        for link in self.uplinks:
            await link.room(0)

    async def live(self, stop: asyncio.Event, *, tick_s: float = 0.25) -> None:
        """Send each message when it is due, until `stop`."""
        queue = [(device.due, device.who.number, device) for device in self.devices]
        heapq.heapify(queue)
        while not stop.is_set():
            now = self.now()
            while queue[0][0] <= now:
                _, number, device = queue[0]
                for message in device.messages(now):
                    self._uplink_of[number].post(message)
                heapq.heapreplace(queue, (device.due, number, device))
            try:
                await asyncio.wait_for(stop.wait(), tick_s)
            except TimeoutError:
                continue

    def _uplink(
        self, n: int, group: list[post.SimulatedDevice], broker: Broker, on_ack: Callable[[uplink.Message], None]
    ) -> uplink.Uplink:
        alone = len(group) == 1
        return uplink.Uplink(
            broker,
            group[0].who.name if alone else f"device-sim-{n}",
            will=_will(group[0]) if alone else None,
            hooks=uplink.Hooks(
                greeting=functools.partial(self._statuses, group, online=True), on_ack=on_ack, on_lost=self._lost
            ),
            devices=[device.topic(topics.TopicKind.FIX).rpartition("/")[0] for device in group if self._until_stored],
        )

    def _statuses(self, devices: list[post.SimulatedDevice], *, online: bool) -> list[uplink.Message]:
        return [device.status(self.now(), online=online) for device in devices]

    def _lost(self, error: BaseException) -> None:
        """Say it for all connections at once, not for each."""
        now = time.monotonic()
        if now - self._warned_at >= _SAY_EVERY_S:
            self._warned_at = now
            connected = sum(link.connected for link in self.uplinks)
            logger.warning("%d of %d connections stand; the last was lost: %s", connected, len(self.uplinks), error)


def _groups(devices: list[post.SimulatedDevice], connections: int) -> list[list[post.SimulatedDevice]]:
    """Devices of each connection: their own for as many as can be, a few shared ones for the rest."""
    if len(devices) <= connections:
        return [[device] for device in devices]
    shared = min(_SHARED, connections)
    own = connections - shared
    return [[device] for device in devices[:own]] + [devices[own + k :: shared] for k in range(shared)]


def _will(device: post.SimulatedDevice) -> aiomqtt.Will:
    gone = device.gone()
    return aiomqtt.Will(gone.topic, gone.payload, gone.qos, gone.retain)
