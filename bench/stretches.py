"""Periods of load on a worker: what it stored, and the CPU time of each part."""

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import asyncpg
import numpy as np
import psutil

from bench import stack
from bench.load import Plan
from device_sim.city import grid_file
from patrol.services import children

SETTINGS = {"track_commit_timestamp": "on", "max_wal_size": "4GB"}
"""Of the database: when a row was committed can be asked, and checkpoints are as rare as in production."""
PARTS = ("broker", "worker", "database", "load")
STORED = "patrol_fixes_stored_total"
EVALUATIONS = "patrol_alert_evaluation_seconds_count"

Stored = Callable[[], int]
"""Fixes stored so far."""


@dataclass(frozen=True)
class WorkerMetrics:
    """Metrics of a worker; called, the fixes it stored so far."""

    address: str
    """Where it serves them."""

    def __call__(self) -> int:
        """Fixes stored so far."""
        return self._figure(STORED)

    def evaluations(self) -> int:
        """Evaluations of alerts that ended so far."""
        return self._figure(EVALUATIONS)

    def _figure(self, name: str) -> int:
        text = urllib.request.urlopen(self.address, timeout=60).read().decode()  # noqa: S310 - our own address
        return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith(name))))


@dataclass(kw_only=True)
class Measured:
    """One stretch of load."""

    name: str
    fixes: int = 0
    seconds: float = 0.0
    cpu_us: dict[str, float] = field(default_factory=dict)
    """Microseconds of processor a fix, by part."""
    rss_mib: list[float] = field(default_factory=list)
    """Resident memory of the worker, in the beginning and in the end."""

    @property
    def rate(self) -> float:
        """Fixes a second."""
        return self.fixes / self.seconds if self.seconds else 0.0

    @property
    def server_us(self) -> float:
        """Worker and database together, µs of processor a fix."""
        return self.cpu_us["worker"] + self.cpu_us["database"]


def plan(
    services: stack.Services,
    prefix: str,
    *,
    devices: int,
    together: int = 1,
    places: Sequence[tuple[float, float]] | None = None,
) -> Plan:
    """A load of devices whose names begin with `prefix`, each on a round about the middle of a cell."""
    return Plan(
        port=services.mqtt_port, devices=devices, connections=min(100, devices), places=list(places or town_places()),
        together=together, prefix=prefix, ahead=30_000 * together,
    )  # fmt: skip


@cache
def town_places() -> list[tuple[float, float]]:
    """Middles of the cells of the town, (lat, lon)."""
    return [middle(each) for each in grid_file.city_geojson(1)["features"] if each["properties"]["kind"] == "cell"]


def middle(feature: "dict[str, object]") -> tuple[float, float]:
    """Mean of the corners of a cell, (lat, lon)."""
    ring = feature["geometry"]["coordinates"][0]  # type: ignore[index]
    return float(np.mean([p[1] for p in ring])), float(np.mean([p[0] for p in ring]))


def measured(
    name: str, services: stack.Services, worker: psutil.Process, load: stack.Load, stored: Stored, *,
    seconds: float, after: int,
) -> Measured:  # fmt: skip
    """Let the load run, unmeasured until `after` fixes are stored, and read what was stored and spent."""
    parts = {"broker": services.broker, "worker": worker, "database": services.database,
             "load": psutil.Process(load.process.pid)}  # fmt: skip
    more(load, stored, after)
    made = Measured(name=name, rss_mib=[worker.memory_info().rss / 2**20])
    first, began = stored(), time.perf_counter()
    spent = {part: stack.cpu(process) for part, process in parts.items()}
    follow(load, stored, lambda: time.perf_counter() - began > seconds, seconds + 60)
    made.fixes, made.seconds = stored() - first, time.perf_counter() - began
    made.cpu_us = {
        part: (stack.cpu(process) - spent[part]) / max(made.fixes, 1) * 1e6 for part, process in parts.items()
    }
    made.rss_mib.append(worker.memory_info().rss / 2**20)
    return made


def follow(load: stack.Load, stored: Stored, until: Callable[[], bool], within: float) -> None:
    """Tell the load how much is stored, until `until`."""
    deadline = time.perf_counter() + within
    while not until():
        if time.perf_counter() > deadline:
            raise SystemExit(f"The load does not come through: {load.sent} sent, {stored()} stored.")
        load.tell(f"stored {stored()}")
        load.hear()
        time.sleep(0.3)


def more(load: stack.Load, stored: Stored, fixes: int) -> None:
    """Let the load run until so many more are stored."""
    enough = stored() + fixes
    follow(load, stored, lambda: stored() >= enough, 180)


def drained(load: stack.Load, stored: Stored) -> None:
    """Wait until everything acknowledged to the load is stored."""
    deadline, last = time.perf_counter() + 120, -1
    while last != (last := stored()) or last < load.acknowledged:
        if time.perf_counter() > deadline:
            raise SystemExit(f"Not everything is stored: {load.acknowledged} acknowledged, {last} stored.")
        time.sleep(1)  # a batch takes far less


async def computed(services: stack.Services) -> float:
    """Seconds until no window waits any more."""
    connection = await asyncpg.connect(services.database_url)
    began = time.perf_counter()
    try:
        while await connection.fetchval("SELECT EXISTS (SELECT FROM dirty_windows)"):
            if time.perf_counter() - began > 600:
                raise SystemExit("Windows of late fixes still wait after 10 minutes.")
            await asyncio.sleep(0.5)
    finally:
        await connection.close()
    return time.perf_counter() - began


async def check(services: stack.Services, prefix: str, acknowledged: int) -> None:
    """Count in the database: what the broker acknowledged to the load is there, once."""
    connection = await asyncpg.connect(services.database_url)
    found = await connection.fetchval(
        "SELECT count(*) FROM fixes f JOIN devices d ON d.id = f.device WHERE starts_with(d.name, $1)", prefix
    )
    await connection.close()
    if found < acknowledged:
        raise SystemExit(f"Lost: {acknowledged} acknowledged, {found} stored.")


@contextmanager
def worker(services: stack.Services) -> Iterator[tuple[psutil.Process, WorkerMetrics]]:
    """Run a worker with the full engine; its process and its metrics."""
    port, log = children.free_port(), services.folder / "worker.log"
    env = services.env | {"PATROL_METRICS_PORT": str(port), "PATROL_LOG_FORMAT": "json"}
    stored = WorkerMetrics(f"http://127.0.0.1:{port}/metrics")
    with stack.running(["patrol", "worker"], env, log) as process:
        deadline = time.perf_counter() + 90
        while True:
            try:
                stored()
                break
            except (OSError, StopIteration):
                if time.perf_counter() > deadline:
                    raise SystemExit(f"The worker does not start: {log.read_text()[-2000:]}") from None
                time.sleep(0.1)
        try:
            yield psutil.Process(process.pid), stored
        except OSError as fault:
            raise SystemExit(f"The worker does not answer ({fault}): {log.read_text()[-3000:]}") from fault


@contextmanager
def baseline(*arguments: str) -> Iterator[tuple[psutil.Process, Stored]]:
    """Run `bench.naive`: its process, and how much it took."""
    command = [sys.executable, "-m", "bench.naive", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=stack.ROOT)
    assert process.stdout is not None
    lines, newest = process.stdout, 0
    os.set_blocking(lines.fileno(), False)

    def taken() -> int:
        nonlocal newest
        whole = (lines.read() or b"").split(b"\n")[-2:-1]
        newest = int(whole[0]) if whole else newest
        return newest

    try:
        yield psutil.Process(process.pid), taken
    finally:
        process.terminate()
        process.wait(10)
