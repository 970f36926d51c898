"""Devices whose every fix can be known again on the map, and a viewer that notes when it came: fix → viewer.

Both are in one process, so one clock tells both times. A probe goes one step east a second; where it is seen says which
fix it was.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field

import aiomqtt
import websockets
from websockets.asyncio.client import connect

from bench import stack
from bench.live import probe

PROBES = 100
EVERY_S = 1.0
LAT, LON = 24.6, 113.2
"""Far from the town, so that its devices do not crowd the view."""
STEP_DEG = 2e-5
APART_DEG = 2e-4
VIEW = {"type": "subscribe", "bbox": [LON - 0.01, LAT - 0.01, LON + 0.1, LAT + 0.03], "zoom": 15}


@dataclass(eq=False)
class Probes:
    """The probes of a stretch; `prefix` begins their names."""

    services: stack.Services
    http_port: int
    prefix: str
    sent: dict[tuple[str, int], float] = field(default_factory=dict)
    """When each step of each probe was sent, s since 1970."""
    delays: list[float] = field(default_factory=list)
    """From the fix to the viewer, s."""
    _names: dict[int, str] = field(default_factory=dict)

    async def run(self, seconds: float) -> None:
        """Walk and watch for so long; the first steps, while the probes are enrolled, do not count."""
        watching = asyncio.create_task(self._watch())
        try:
            async with aiomqtt.Client("127.0.0.1", self.services.mqtt_port, identifier=self.prefix) as client:
                until, step = time.monotonic() + seconds, 0
                while time.monotonic() < until:
                    for n in range(PROBES):
                        await self._step(client, n, step)
                        await asyncio.sleep(EVERY_S / PROBES)
                    step += 1
            await asyncio.sleep(2)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        if not watching.cancelled() and (fault := watching.exception()) is not None:
            raise fault

    def share_seen(self) -> float:
        """Part of the fixes that the viewer saw: of two between two ticks it sees the newer one."""
        return len(self.delays) / max(1, len([key for key in self.sent if key[1] >= 3]))

    async def _step(self, client: aiomqtt.Client, n: int, step: int) -> None:
        now = time.time()
        name = f"{self.prefix}{n}"
        fix = {"t": int(now * 1000), "lat": LAT + n * APART_DEG, "lon": round(LON + step * STEP_DEG, 7), "acc": 8}
        self.sent[name, step] = now
        await client.publish(f"patrol/v1/bench/{name}/fix", json.dumps(fix), qos=1)

    async def _watch(self) -> None:
        head = {"Authorization": f"Bearer {self.services.token}"}
        address = f"ws://127.0.0.1:{self.http_port}/api/v1/live"
        async with connect(address, additional_headers=head, max_size=None, compression=None) as socket:
            await socket.send(json.dumps(VIEW))
            seen: set[tuple[str, int]] = set()
            async for message in socket:
                now = time.time()
                if isinstance(message, bytes):
                    self._take(message, now, seen)
                elif (received := json.loads(message))["type"] == "devices":
                    self._names |= {each["slot"]: each["id"] for each in received["items"]}
        raise websockets.WebSocketException("the web process ended the connection of the viewer")

    def _take(self, frame: bytes, now: float, seen: set[tuple[str, int]]) -> None:
        slots, lon = probe.positions(frame)
        for slot, east in zip(slots.tolist(), lon.tolist(), strict=True):
            key = self._names.get(slot, ""), round((east - LON) / STEP_DEG)
            if key in self.sent and key not in seen:
                seen.add(key)
                if key[1] >= 3:
                    self.delays.append(now - self.sent[key])
