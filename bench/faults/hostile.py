"""A device that is enrolled and means harm: all through a run it tries what an account of its own lets it try.

It comes with the client ids of others, listens to everything, speaks for others, floods its own topics, leaves retained
messages that poison, and keeps connections half open. What it brings about must stay its own.
"""

import asyncio
import contextlib
import itertools
import json
import random
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import aiomqtt

from bench.faults.devices import POISON

NAME, UNIT = "f-hostile", "team-1"
TOPIC = f"patrol/v1/{UNIT}/{NAME}"
EVERY_S = 0.7
FORGED_LAT, FORGED_LON = 22.2222222, 113.3333333
"""Where the fixes are that it sends in the name of others: none may be stored under their names."""
SERVERS = ("patrol-worker-1", "patrol.buffer-worker-1", "patrol-feed", "")
HALF_OPEN = 24
"""Connections that it keeps half open, at most."""
FLOOD = 400
LARGE = 1_200_000
"""Bytes; more than a message may have."""
_CONNECT = b"\x10\x80\x02\x00\x04MQTT\x05\xc2"
"""The beginning of a CONNECT that announces 256 bytes."""


@dataclass(eq=False)
class Hostile:
    """The device; `acts` counts what it did, `heard` what it got of others, of which there must be nothing.

    Args:
        port: where devices connect.
        password: its own.
        others: names and units of the honest devices.
    """

    port: int
    password: str
    others: Sequence[tuple[str, str]]
    seed: int = 1
    acts: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)
    _open: list[asyncio.StreamWriter] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311 - a simulation

    async def run(self) -> None:
        """Do one after the other until cancelled; what the broker or the network refuses is what is wanted."""
        try:
            for act in itertools.cycle(self._acts()):
                with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
                    async with asyncio.timeout(5):
                        await act()
                        self.acts[act.__name__] += 1
                await asyncio.sleep(EVERY_S)
        finally:
            for writer in self._open:
                writer.close()

    def _acts(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        return (
            self.foreign_id, self.listens_to_all, self.speaks_for_others, self.floods, self.retains, self.half_opens,
        )  # fmt: skip

    async def foreign_id(self) -> None:
        """Come as the worker or as another device, to take its session over."""
        chosen = self._rng.choice((*SERVERS, *(name for name, _ in self.others)))
        async with self._client(chosen) as client:
            await client.publish(f"{TOPIC}/fix", self._fix(), qos=1)

    async def listens_to_all(self) -> None:
        """Subscribe to what is others'."""
        for wanted in ("#", "patrol/v1/+/+/ack", "patrol/v1/+/+/fix", "patrol-feed/#", "$CONTROL/#"):
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with self._client(NAME) as client:
                    await client.subscribe(wanted, qos=1)
                    async with asyncio.timeout(0.5):
                        async for message in client.messages:
                            if not str(message.topic).startswith(TOPIC):
                                self.heard[str(message.topic)] += 1

    async def speaks_for_others(self) -> None:
        """Send fixes, acknowledgements and farewells in the name of another."""
        name, unit = self._rng.choice(self.others)
        theirs = f"patrol/v1/{unit}/{name}"
        ack = json.dumps({"boot": "b", "seq": 1 << 40}).encode()
        for topic, payload in (
            (f"{theirs}/fix", self._fix(FORGED_LAT, FORGED_LON)),
            (f"patrol/v1-buffer/{unit}/{name}/fix", self._fix(FORGED_LAT, FORGED_LON)),
            (f"{theirs}/ack", ack),
            (f"{theirs}/status", b'{"online": false}'),
            ("$CONTROL/dynamic-security/v1", b'{"commands": [{"command": "listClients"}]}'),
        ):
            # Each on a connection of its own: a broker may hang up after a refusal.
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                will = aiomqtt.Will(f"{theirs}/status", b'{"online": false}', qos=1, retain=True)
                async with self._client(NAME, will=will if topic.endswith("status") else None) as client:
                    await client.publish(topic, payload, qos=1)

    async def floods(self) -> None:
        """Fill its own topics with rubbish, small and large, and with numbers of ever new boots."""
        async with self._client(NAME) as client:
            for _ in range(FLOOD):
                await client.publish(f"{TOPIC}/fix", self._rng.choice(POISON), qos=0)
            boots = [json.loads(self._fix()) | {"boot": secrets.token_hex(8), "seq": 7} for _ in range(200)]
            await client.publish(f"{TOPIC}/fix", json.dumps(boots), qos=1)
            await client.publish(f"patrol/v1-buffer/{UNIT}/{NAME}/fix", b"[" * LARGE, qos=1)

    async def retains(self) -> None:
        """Leave retained messages that every new subscriber gets."""
        async with self._client(NAME) as client:
            for kind, payload in (
                ("fix", self._fix()), ("fix", b'{"t": 1e999}'), ("event", b"\xdc\xff\xff"), ("status", b"[1"),
                ("reply", b"x" * 5_000),
            ):  # fmt: skip
                await client.publish(f"{TOPIC}/{kind}", payload, qos=1, retain=True)

    async def half_opens(self) -> None:
        """Begin connections and never say the rest."""
        for _ in range(6):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(_CONNECT[: self._rng.randint(0, len(_CONNECT))])
            self._open.append(writer)
        while len(self._open) > HALF_OPEN:
            self._open.pop(0).close()

    @contextlib.asynccontextmanager
    async def _client(self, identifier: str, will: aiomqtt.Will | None = None) -> AsyncIterator[aiomqtt.Client]:
        client = aiomqtt.Client(
            "127.0.0.1", self.port, username=NAME, password=self.password, identifier=identifier, will=will,
            protocol=aiomqtt.ProtocolVersion.V5, timeout=3,
        )  # fmt: skip
        async with client:
            yield client

    def _fix(self, lat: float = 23.0, lon: float = 114.0) -> bytes:
        number = next(self._numbers)
        t = time.time_ns() // 1_000_000
        return json.dumps({"t": t, "lat": lat, "lon": lon, "boot": "h", "seq": number, "first": number}).encode()
