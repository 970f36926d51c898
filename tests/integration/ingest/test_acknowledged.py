"""No device is told to delete what is not stored, whatever comes in whatever order, over restarts and hand-overs.

The real pipelines on a real database, against a slow model: for each boot the set of numbers of which a fix was
committed, or refused for what it says.
"""

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.decoding.message import DeviceMessage
from ingest.run.config import WorkerConfig
from ingest.run.path.assembly import make_pipeline
from ingest.run.path.intake import Intake
from ingest.run.path.pipeline import BatchLimits, Pipeline
from ingest.store.boot_ledger import BootLedger
from tests.integration.ingest.conftest import T0
from tests.support.database import TestServer
from tracking.records.retention import DataClass
from tracking.store.records import retention_store
from tracking.store.tracks import device_store

DAY = 86_400_000
KINDS = ("plain",) * 6 + ("off", "out of range", "future", "old", "same time")
OPERATIONS = ("send",) * 6 + ("twice", "astray", "wrong unit", "revoked", "restart", "hand over", "tell", "tell")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Sent:
    """A fix, ready to be sent."""

    device: int
    boot: str
    seq: int
    first: int
    body: dict[str, Any]


@st.composite
def sendings(draw: st.DrawFn) -> list[list[Sent]]:
    """Messages of one to three boots of two devices, each message of one device, in any order."""
    fixes: dict[int, list[Sent]] = {0: [], 1: []}
    second = itertools.count(1)
    for boot in range(draw(st.integers(1, 3))):
        device, first = draw(st.integers(0, 1)), draw(st.sampled_from([0, 0, 3]))
        for seq in range(first, first + draw(st.integers(1, 9))):
            at = T0 + 1000 * next(second)
            fixes[device].append(_fix(draw, device, f"b{boot}", seq, first, at))
            if draw(st.integers(0, 9)) == 0:  # the same number once more
                fixes[device].append(_fix(draw, device, f"b{boot}", seq, first, at + 500))
    messages: list[list[Sent]] = []
    for of_device in fixes.values():
        left = list(draw(st.permutations(of_device)))
        while left:
            cut = draw(st.integers(1, 4))
            messages.append(left[:cut])
            left = left[cut:]
    return list(draw(st.permutations(messages)))


def _fix(draw: st.DrawFn, device: int, boot: str, seq: int, first: int, at: int) -> Sent:
    kind = draw(st.sampled_from(KINDS))
    body: dict[str, Any] = {"t": at, "lat": 23.1, "lon": 114.4, "seq": seq, "boot": boot}
    changes: dict[str, dict[str, Any]] = {
        "off": {"duty": "off"},
        "out of range": {"lat": 91},
        "future": {"t": T0 + DAY},
        "old": {"t": at - 9 * DAY},
        "same time": {"t": T0},
    }
    stated = {"first": first} if first else {}
    return Sent(device, boot, seq, first, body | changes.get(kind, {}) | stated)


@dataclass
class Bench:
    """Two workers that share the units, and what the model knows."""

    pool: asyncpg.Pool
    unit: str
    names: list[str]
    now: int = T0 + 3_600_000
    workers: list[Pipeline] = field(default_factory=list)
    serving: int = 0
    settled: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    first: dict[tuple[str, str], int] = field(default_factory=dict)
    told: dict[tuple[str, str], int] = field(default_factory=dict)

    async def start(self, number: int) -> None:
        """Put a new worker in the place of one that is gone without a word."""
        served = (self.unit,) if number == self.serving else ()
        config = WorkerConfig(database_url="", mqtt_url="", units=served, limits=BatchLimits(upkeep_s=0.0))
        made = await make_pipeline(config, self.pool, Intake(), lambda _topic, _payload: None, lambda: self.now)
        await made.step()
        self.workers[number : number + 1] = [made]

    async def hand_over(self) -> None:
        """Let the other worker serve the unit."""
        for number, units in ((self.serving, []), (1 - self.serving, [self.unit])):
            asked = asyncio.create_task(self.workers[number].upkeep.handover.serve(units))
            await asyncio.sleep(0)
            await self.workers[number].step()
            await asked
        self.serving = 1 - self.serving

    async def send(self, fixes: Sequence[Sent], *, astray: bool = False, unit: str | None = None) -> None:
        """Have a message committed; the model takes note of what belongs to the unit."""
        name = self.names[fixes[0].device]
        root = "patrol/v1-buffer" if len(fixes) > 2 else "patrol/v1"
        body = json.dumps([each.body for each in fixes]).encode()
        worker = self.workers[1 - self.serving if astray else self.serving]
        worker.intake.put([DeviceMessage(f"{root}/{unit or self.unit}/{name}/fix", body, False, self.now, 1)])
        await worker.step()
        for each in fixes if unit is None else ():
            key = name, each.boot
            self.settled[key].add(each.seq)
            self.first[key] = max(self.first.get(key, 0), each.first)

    async def revoked(self, fixes: Sequence[Sent]) -> None:
        """Send while the device is shut out."""
        name = self.names[fixes[0].device]
        await self._shut("now()", name)
        await self.send(fixes, unit=self.unit)
        await self._shut("NULL", name)

    async def _shut(self, at: str, name: str) -> None:
        await self.pool.execute(f"UPDATE devices SET revoked_at = {at} WHERE name = $1", name)  # noqa: S608
        for worker in self.workers:
            await worker.step()

    async def tell(self) -> None:
        """Let both workers acknowledge, and look at each acknowledgement."""
        self.now += 6_000
        for worker in self.workers:
            for topic, payload in await worker.acks.due(self.now, BootLedger(self.pool, lambda: self.now)):
                said = json.loads(payload)
                key = topic.split("/")[-2], said["boot"]
                assert topic == f"patrol/v1/{self.unit}/{key[0]}/ack"
                wanted = set(range(self.first[key], said["seq"] + 1))
                assert wanted, (key, said)
                assert wanted <= self.settled[key], (key, said, sorted(self.settled[key]))
                self.told[key] = max(said["seq"], self.told.get(key, -1))


async def scenario(url: str, messages: list[list[Sent]], operations: list[str]) -> None:
    """What may happen happens; then all arrives, and the device sends its last fix again until it is told."""
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        mark = next(_numbers)
        bench = Bench(pool, f"unit-{mark}", [f"cam-{mark}-{n}" for n in range(2)])
        async with pool.acquire() as conn:
            await device_store.enrol(conn, dict.fromkeys(bench.names, bench.unit))
            await retention_store.raise_floor(conn, DataClass.FIXES, T0 - DAY)
        for number in range(2):
            await bench.start(number)
        waiting = list(messages)
        for operation in operations:
            await operate(bench, operation, waiting)
        for message in waiting:
            await bench.send(message)
        last: dict[tuple[int, str], Sent] = {}
        for fix in itertools.chain.from_iterable(messages):
            last[fix.device, fix.boot] = max(fix, last.get((fix.device, fix.boot), fix), key=lambda each: each.seq)
        for later in (0, 31_000, 601_000, 7_201_000):
            bench.now += later
            for fix in last.values():
                await bench.send([fix])
            await bench.tell()
        assert bench.told == {key: max(numbers) for key, numbers in bench.settled.items()}


async def operate(bench: Bench, operation: str, waiting: list[list[Sent]]) -> None:
    """Do one of OPERATIONS."""
    if operation == "restart":
        await bench.start(bench.serving)
    elif operation == "hand over":
        await bench.hand_over()
    elif operation == "tell":
        await bench.tell()
    elif waiting and operation == "wrong unit":
        await bench.send(waiting[0], unit="elsewhere")
    elif waiting and operation == "revoked":
        await bench.revoked(waiting[0])
    elif waiting:
        message = waiting.pop(0)
        await bench.send(message, astray=operation == "astray")
        if operation == "twice":
            await bench.send(message)


@pytest.fixture(scope="module")
def shared_url(postgres: TestServer) -> Iterator[str]:
    """A database for all examples: each has a unit of its own."""
    url = asyncio.run(postgres.create())
    yield url
    asyncio.run(postgres.drop(url))


# Shrinking would take minutes: each example moves two workers and a database.
@settings(
    max_examples=30, phases=(Phase.explicit, Phase.reuse, Phase.generate), suppress_health_check=[HealthCheck.too_slow]
)
@given(sendings(), st.lists(st.sampled_from(OPERATIONS), max_size=20))
def test_what_is_acknowledged_is_settled(shared_url: str, messages: list[list[Sent]], operations: list[str]) -> None:
    """Never a number before all from the first on are settled; in the end, all of them."""
    asyncio.run(scenario(shared_url, messages, operations))


async def test_boot_that_outlasts_what_is_kept_goes_on(database_url: str) -> None:
    """What was told counts after retention dropped its fixes, and whoever comes next goes on from there."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as pool:
        bench = Bench(pool, "unit-1", ["cam-1"])
        async with pool.acquire() as conn:
            await device_store.enrol(conn, {"cam-1": "unit-1"})
        for number in range(2):
            await bench.start(number)
        body = {"t": T0, "lat": 23.1, "lon": 114.4, "boot": "b1"}
        fixes = [Sent(0, "b1", seq, 0, body | {"t": T0 + 1000 * seq, "seq": seq}) for seq in range(9)]
        await bench.send(fixes[:4])
        await bench.tell()
        assert bench.told == {("cam-1", "b1"): 3}
        await pool.execute("DELETE FROM fixes")
        for seq in range(5, 9):
            await bench.start(0)
            await bench.send(fixes[seq - 1 : seq + 1])
            await bench.tell()
            assert bench.told == {("cam-1", "b1"): seq}
