"""A fleet on its connections: one for each device, and shared ones for those beyond what is allowed."""

import asyncio
import heapq
from collections.abc import Callable

import aiomqtt

from device_sim import post, uplink

_SHARED = 8


class Fleet:
    """Devices and the connections that carry them.

    Args:
        devices: Started devices.
        broker: Where to connect.
        connections: Most connections; with more devices the last ones share a few, and a shared connection has no last will.
        on_ack: Called with each acknowledged letter.
    """

    def __init__(
        self,
        devices: list[post.Device],
        broker: uplink.Broker,
        *,
        connections: int,
        on_ack: Callable[[uplink.Letter], None] = lambda _: None,
    ) -> None:
        self.devices = devices
        own = len(devices) if len(devices) <= connections else max(connections - _SHARED, 0)
        shared = min(_SHARED, connections)
        groups = [[device] for device in devices[:own]]
        groups += [devices[own + k :: shared] for k in range(shared if own < len(devices) else 0)]
        self._groups = [group for group in groups if group]
        self.uplinks = [
            uplink.Uplink(
                broker,
                group[0].who.name if len(group) == 1 else f"device-sim-{n}",
                will=_will(group[0]) if len(group) == 1 else None,
                greeting=lambda group=group: [device.status(self.now(), online=True) for device in group],
                on_ack=on_ack,
            )
            for n, group in enumerate(self._groups)
        ]
        self._uplink_of = {
            device.who.number: link for link, group in zip(self.uplinks, self._groups, strict=True) for device in group
        }
        self.now: Callable[[], int] = lambda: 0

    async def connect(self, stop: asyncio.Event) -> None:
        """Keep all connections until `stop`, then say good-bye for each device."""
        async with asyncio.TaskGroup() as group:
            for link, devices in zip(self.uplinks, self._groups, strict=True):
                name = f"uplink of {devices[0].who.name}"
                group.create_task(link.run(stop, farewell=lambda d=devices: self._farewell(d)), name=name)

    async def upload(self, until: int, *, rate: float) -> None:
        """Send what was measured up to `until`, ms, in arrays, at most `rate` fixes a second; wait until it is acknowledged."""
        loop = asyncio.get_running_loop()
        begin, points = loop.time(), 0
        for device in self.devices:
            link = self._uplink_of[device.who.number]
            for letter in device.letters(until, join=True):
                link.post(letter)
                points += letter.points
            await link.room(200)
            await asyncio.sleep(max(0.0, begin + points / rate - loop.time()))
        for link in self.uplinks:
            await link.room(0)

    async def live(self, stop: asyncio.Event, *, tick_s: float = 0.25) -> None:
        """Send each letter when it is due, until `stop`."""
        queue = [(device.due, device.who.number, device) for device in self.devices]
        heapq.heapify(queue)
        while not stop.is_set():
            now = self.now()
            while queue[0][0] <= now:
                _, number, device = queue[0]
                for letter in device.letters(now):
                    self._uplink_of[number].post(letter)
                heapq.heapreplace(queue, (device.due, number, device))
            try:
                await asyncio.wait_for(stop.wait(), tick_s)
            except TimeoutError:
                continue

    def _farewell(self, devices: list[post.Device]) -> list[uplink.Letter]:
        return [device.status(self.now(), online=False) for device in devices]


def _will(device: post.Device) -> aiomqtt.Will:
    gone = device.gone()
    return aiomqtt.Will(gone.topic, gone.payload, gone.qos, gone.retain)
