"""Several workers and web processes as plain processes, with one broker and one database: units move, nothing is lost.

Devices send all the time, call for help and send what nobody can read; a worker is added, one is killed, one hangs and
comes back, one is stopped. Two people look at two web processes.
"""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiomqtt
import asyncpg
import httpx2
import pytest

from bench import bench_faults
from bench.faults import devices as fleet
from bench.faults import run, sink, stage, verdict, viewers
from bench.faults.record import Record
from patrol.cli.imports import grid_import
from schemas import feed
from tests.support import waiting
from tests.support.product import Product
from tracking.store.tracks import device_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.long

UNITS = ("team-1", "team-2", "team-3", "team-4", "team-5", "城东中队")
PER_UNIT = 3
GONE_S = 60.0
"""A worker that died is missed after 15 s; the rest is for a machine that has much else to do."""


@dataclass(eq=False)
class Site:
    """The processes, and how to look at them."""

    folder: Path
    env: dict[str, str]
    database_url: str
    webs: list[Product] = field(default_factory=list)
    workers: dict[str, Product] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Address of a web process."""
        return self.webs[0].url

    def add_worker(self, name: str) -> Product:
        """Start a worker that shares the units."""
        env = {**self.env, "PATROL_UNITS": "shared", "PATROL_WORKER_ID": name}
        made = self.workers[name] = Product(self.folder / name, env=env)
        made.start("worker")
        return made

    def add_web(self, name: str) -> Product:
        """Start a web process; all take the same token."""
        made = Product(self.folder / name, env=self.env)
        if self.webs:
            made.token = self.webs[0].token
        made.start("web")
        self.webs.append(made)
        return made

    def end(self) -> None:
        """End all that runs."""
        for each in (*self.workers.values(), *self.webs):
            if each.process is not None and each.process.poll() is None:
                each.process.send_signal(signal.SIGCONT)
                each.stop(signal.SIGTERM)

    async def until_held(self, **counts: int) -> None:
        """Wait until the workers named hold so many units each, all together, and none twice."""

        async def probe() -> bool:
            conn = await asyncpg.connect(self.database_url)
            try:
                rows = await conn.fetch(
                    "SELECT id, units FROM workers WHERE shares AND heartbeat > now() - interval '15 s'"
                )
            finally:
                await conn.close()
            for name in counts:
                process = self.workers[name].process
                assert process is not None
                assert process.poll() is None, self.workers[name].output[-3000:]
            listed = sorted(unit for row in rows for unit in row["units"])
            return {row["id"]: len(row["units"]) for row in rows} == counts and listed == sorted(UNITS)

        await waiting.until(probe, f"units are divided as {counts}", within=GONE_S, every=0.2)


@pytest.fixture
async def site(
    tmp_path: Path, database_url: str, start_mosquitto: "Callable[..., Mosquitto]"
) -> AsyncIterator[tuple[Site, "Mosquitto"]]:
    """A broker that keeps, and a database with a small town whose devices are enrolled; no process yet."""
    broker = start_mosquitto(persistence=True)
    await grid_import.import_data(database_url, await asyncio.to_thread(stage.small_town))
    conn = await asyncpg.connect(database_url)
    names = {f"f{n:03d}": UNITS[n % len(UNITS)] for n in range(len(UNITS) * PER_UNIT)}
    await device_store.enrol(conn, names)
    await conn.close()
    env = {
        "PATROL_DATABASE_URL": database_url, "PATROL_MQTT_URL": broker.url, "PATROL_NOTIFY_ALLOW": "127.0.0.0/8",
        "PATROL_DEVICE_KEY": "k" * 40,
    }  # fmt: skip
    made = Site(tmp_path, env, database_url)
    try:
        yield made, broker
    finally:
        await asyncio.to_thread(made.end)


async def test_units_move_between_processes_and_nothing_is_lost(site: tuple[Site, "Mosquitto"]) -> None:
    """Added, killed, hung, stopped: every fix once, every alert step once, each sent once, every stay as it must be."""
    here, broker = site
    record, feeds = Record(), Counter[str]()
    async with sink.receiving(record) as port:
        first, second = here.add_web("web-1"), here.add_web("web-2")
        here.add_worker("w1")
        await here.until_held(w1=6)
        for web in (first, second):
            await asyncio.to_thread(web.wait_ready)
        await _channel(first, port)
        devices = fleet.make(UNITS, PER_UNIT, record, stage.places())
        looking = [viewers.Viewer(first), viewers.Viewer(second)]
        checker = verdict.Checker(here, record)
        async with _load(devices, broker.port, looking, first, record, feeds) as quiet:
            await _recovered(checker, devices)
            await _come_and_go(here)
            await _recovered(checker, devices)
            quiet.set()
            await waiting.until(_drained(devices), "all outboxes are empty", within=60)
            steps = await verdict.steps(here.database_url)
            await waiting.until(_all_sent(here), "all notifications are sent", within=60)
            await waiting.until(_same(looking), "both viewers have the same", within=20)
        found = await verdict.compare(checker, steps, broker_lost=False)
    await _check_stays(here, found)
    result = run.Result(seed=1, outcomes=[], verdict=found, seconds=0.0, sent=len(record.sent))
    assert list(bench_faults.misses(result)) == []
    assert found.promised > 500
    assert found.steps > 0
    # The live feed: each worker's positions in packed batches, far fewer messages than fixes, seen at both processes.
    assert {"w1", "w2", "w3"} <= feeds.keys()
    assert feeds.total() < found.promised
    assert all(viewer.frames > 0 for viewer in looking)
    assert all(times == 1 for viewer in looking for times in viewer.seen.values())


async def _come_and_go(here: Site) -> None:
    """Two workers are added; one is killed, one hangs and comes back too late, one is stopped."""
    here.add_worker("w2")
    here.add_worker("w3")
    await here.until_held(w1=2, w2=2, w3=2)
    here.workers["w2"].stop(signal.SIGKILL)
    await here.until_held(w1=3, w3=3)
    hung = here.workers["w3"].process
    assert hung is not None
    hung.send_signal(signal.SIGSTOP)
    await here.until_held(w1=6)
    hung.send_signal(signal.SIGCONT)

    async def ended() -> bool:
        return hung.poll() is not None

    await waiting.until(ended, "the worker that hung finds its units taken and ends", within=GONE_S)
    assert hung.returncode != 0
    here.add_worker("w3")
    await here.until_held(w1=3, w3=3)
    await asyncio.to_thread(here.workers["w1"].stop, signal.SIGTERM)
    await here.until_held(w3=6)


@contextlib.asynccontextmanager
async def _load(
    devices: list[fleet.Device],
    port: int,
    looking: list[viewers.Viewer],
    web: Product,
    record: Record,
    feeds: Counter[str],
) -> AsyncIterator[asyncio.Event]:
    quiet, stop = asyncio.Event(), asyncio.Event()
    for device in devices:
        device.connect(port, seed=1)
    jobs = [
        *(device.link.run(stop) for device in devices),
        *(viewer.watch() for viewer in looking),
        fleet.drive(devices, quiet, seed=1),
        viewers.remark(web, record),
        _count_feed(port, feeds),
    ]
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        yield quiet
    finally:
        await run.end(tasks, stop)


async def _count_feed(port: int, feeds: Counter[str]) -> None:
    """Count the messages of the live feed by worker."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(feed.ALL)
        async for message in client.messages:
            told = feed.decode(bytes(message.payload))
            if isinstance(told, feed.Positions):
                feeds[told.worker] += 1


async def _recovered(checker: verdict.Checker, devices: list[fleet.Device]) -> None:
    took = await checker.recover(time.monotonic(), devices, loses_broker=False)
    assert took is not None, "what devices send is not stored"
    assert took < verdict.WITHIN_S * waiting.PATIENCE


async def _channel(web: Product, port: int) -> None:
    hook = {"kind": "webhook", "name": "sink", "url": f"http://127.0.0.1:{port}/", "system": True, "per_hour": 1000}
    async with httpx2.AsyncClient(base_url=web.url, headers={"Authorization": f"Bearer {web.token}"}) as client:
        (await client.post("/api/v1/channels", json=hook, timeout=30)).raise_for_status()


def _drained(devices: list[fleet.Device]) -> "Callable[[], Awaitable[bool]]":
    async def probe() -> bool:
        return not sum(len(device.link) for device in devices)

    return probe


def _all_sent(here: Site) -> "Callable[[], Awaitable[bool]]":
    async def probe() -> bool:
        return await verdict.all_sent(here.database_url)

    return probe


def _same(looking: list[viewers.Viewer]) -> "Callable[[], Awaitable[bool]]":
    async def probe() -> bool:
        last = [max(viewer.seen, default=0) for viewer in looking]
        return last[0] == last[1] > 0

    return probe


async def _check_stays(here: Site, found: verdict.Verdict) -> None:
    """Compute all stays again from the stored fixes: nothing may differ."""
    words = ("rebuild", "--from", "2020-01-01", "--to", time.strftime("%Y-%m-%d", time.gmtime(time.time() + 172_800)))

    async def compared() -> bool:
        done = await asyncio.to_thread(here.workers["w3"].run, *words, "--check")
        found.stays, found.stays_differ = done.stdout + done.stderr, done.returncode != 0
        return "wait for late data" not in done.stdout

    await waiting.until(compared, "no late data waits", within=60, every=1.0)
