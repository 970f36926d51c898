"""The load: devices with outboxes on connections of their own, some that trust the broker, some the database only.

They are the simulator's connections (`device_sim.fleet.uplink`), so what is tested is what devices should do.
"""

import asyncio
import json
import math
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.faults.record import Fix, Record
from device_sim.fleet.post import ulid
from device_sim.fleet.uplink import Hooks, Message, Timing, Uplink
from schemas.broker import Broker

POISON = (b"", b"x", b"[1", b'{"t": 1e999}', b"\xdc\xff\xff", b'{"t": 1790000000000, "lat": 91, "lon": 0}')
EVERY_S = 0.5
MOST_TOGETHER = 8
"""Fixes in an array, at most."""
SOS_EVERY_S = 20.0
"""Of all devices together."""
REPLAYED = 200
"""Messages that a replay of an outbox repeats."""


@dataclass(eq=False)
class Device:
    """One device: its outbox and what it has sent."""

    name: str
    unit: str
    record: Record
    place: tuple[float, float]
    until_stored: bool
    seq: int = 0
    t: int = 0
    boot: str = field(default_factory=lambda: secrets.token_hex(4))
    sent: list[Message] = field(default_factory=list)
    link: Uplink = field(init=False)
    rng: random.Random = field(init=False)

    def connect(self, port: int, seed: int, password: str | None = None) -> None:
        """Make its connection; without a password to a broker that asks for none."""
        self.rng = random.Random(f"{seed}-{self.name}")  # noqa: S311 - a simulation
        self.link = Uplink(
            Broker(host="127.0.0.1", port=port, user=None if password is None else self.name, password=password),
            self.name,
            hooks=Hooks(on_ack=self._taken, on_stored=self._stored, on_lost=lambda _: None),
            bound=1_000_000,
            devices=[self._topic] if self.until_stored else (),
            timing=QUICK,
        )

    @property
    def _topic(self) -> str:
        return f"patrol/v1/{self.unit}/{self.name}"

    def tick(self) -> None:
        """Take some fixes and post them: mostly one, now and then an array."""
        together = self.rng.choice((1, 1, 1, MOST_TOGETHER))
        now = time.time_ns() // 1_000_000
        self.t = max(self.t, now - together * 50)
        fixes = [self._fix() for _ in range(together)]
        self.record.sent.update((self.name, fix["t"]) for fix in fixes)
        self._post(json.dumps(fixes[0] if together == 1 else fixes).encode(), together, self.seq - 1)

    def call_for_help(self) -> None:
        """Post a call for help."""
        t = time.time_ns() // 1_000_000
        number = ulid(t, np.random.default_rng())
        lat, lon = self.place
        body = {"id": number, "t": t, "lat": lat, "lon": lon, "type": "sos", "text": "请求支援"}
        self.link.post(Message(topic=f"{self._topic}/event", payload=json.dumps(body).encode()))

    def poison(self) -> None:
        """Post what nobody can read."""
        self.link.post(Message(topic=f"{self._topic}/fix", payload=self.rng.choice(POISON)))

    def replay(self) -> None:
        """Send the last messages once more, twice, as after a restore of the device's memory."""
        for message in self.sent[-REPLAYED:] * 2:
            self.link.post(message)

    def _fix(self) -> dict[str, Any]:
        self.t += self.rng.randint(1, 50)
        turn = self.t / 60_000
        lat, lon = self.place[0] + 0.0004 * math.sin(turn), self.place[1] + 0.0004 * math.cos(turn)
        self.seq += 1
        return {"t": self.t, "lat": round(lat, 7), "lon": round(lon, 7), "acc": 6, "spd": 1.2,
                "seq": self.seq - 1, "boot": self.boot}  # fmt: skip

    def _post(self, payload: bytes, points: int, last: int) -> None:
        message = Message(topic=f"{self._topic}/fix", payload=payload, points=points, boot=self.boot, seq=last)
        self.sent.append(message)
        del self.sent[: -10 * REPLAYED]
        self.link.post(message)

    def _taken(self, message: Message) -> None:
        if message.topic.endswith("/event"):
            self.record.events.setdefault(json.loads(message.payload)["id"], time.monotonic())
        elif message.points and not self.until_stored:
            self.record.note(self.record.broker_has, _fixes(self.name, message))

    def _stored(self, message: Message) -> None:
        self.record.note(self.record.server_has, _fixes(self.name, message))


QUICK = Timing(keep_alive_s=5, ack_s=10.0)
"""Devices notice a dead connection soon, so that the faults of a run need not wait for them."""


def named(units: Sequence[str], per_unit: int) -> dict[str, str]:
    """Names of the devices of some units → the unit of each."""
    return {f"f{n:03d}": units[n % len(units)] for n in range(len(units) * per_unit)}


def make(units: Sequence[str], per_unit: int, record: Record, places: Sequence[tuple[float, float]]) -> list[Device]:
    """Devices of the units; every third keeps its fixes until the database has them."""
    return [
        Device(name=name, unit=unit, record=record, place=places[n % len(places)], until_stored=n % 3 == 2)
        for n, (name, unit) in enumerate(named(units, per_unit).items())
    ]


async def drive(devices: Sequence[Device], stop: asyncio.Event, *, seed: int) -> None:
    """Let all take fixes until `stop`, the connections beside it; then no more is taken, but what waits is sent."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    every = EVERY_S / len(devices)
    devices[0].call_for_help()  # also in a short run there is an alert to write remarks on
    while not stop.is_set():
        began = time.monotonic()
        device = rng.choice(devices)
        device.tick()
        if rng.random() < every / SOS_EVERY_S:
            device.call_for_help()
        if rng.random() < every / 2:
            device.poison()
        await asyncio.sleep(max(0.0, every - (time.monotonic() - began)))


def _fixes(name: str, message: Message) -> list[Fix]:
    said = json.loads(message.payload)
    return [(name, fix["t"]) for fix in (said if isinstance(said, list) else [said])]
