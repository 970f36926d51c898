"""How many fixes a second are stored for good, with the full engine, and what each costs; beside the naive loop.

Broker, database, worker and load run on this machine. Load is closed loop: it stops when too much is not stored yet.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import numpy as np
import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import stack
from bench.load import Plan
from device_sim import grid_file
from patrol.services import children

LEAST_SINGLE = 15_000
LEAST_ARRAYS = 50_000
LEAST_TO_NAIVE = 6.0
MOST_TO_GMQTT = 2.5
MOST_COMMIT_P99_S = 0.25
SHARES = (0.25, 0.5, 0.75)
TOGETHER = {"single": 1, "arrays of 10": 10}
"""Fixes in a message, by name of the stretch."""
SETTINGS = {"track_commit_timestamp": "on", "max_wal_size": "4GB"}

STORED = "patrol_fixes_stored_total"
PARTS = ("broker", "worker", "database", "load")

console = Console(width=120)


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


def main(
    seconds: Annotated[float, typer.Option(min=2, help="Length of each stretch; the promise is for 300")] = 20,
    devices: Annotated[int, typer.Option(min=10, help="Devices of the load")] = 20_000,
    connections: Annotated[int, typer.Option(min=1, help="Connections of the load")] = 100,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    latency: Annotated[bool, typer.Option(help="Measure latencies at parts of the most")] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if a target is missed")] = False,
) -> None:
    """Measure the intake."""
    figures = asyncio.run(_measure(seconds, devices, connections, latency=latency))
    _show(figures)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
    missed = list(_missed(figures))
    for line in missed:
        print(f"missed: {line}")
    if strict and missed:
        raise typer.Exit(1)


async def _measure(seconds: float, devices: int, connections: int, *, latency: bool) -> dict[str, Any]:
    figures: dict[str, Any] = {"machine": stack.machine(), "seconds": seconds, "devices": devices}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        steps = progress.add_task("intake", total=5 + len(SHARES) * latency)

        def step(what: str) -> None:
            progress.advance(steps)
            progress.update(steps, description=what)

        async with stack.services(settings=SETTINGS) as services:
            plan = partial(_plan, services, devices, connections, _places())
            found = {name: await _full(name, services, plan, each, seconds, step) for name, each in TOGETHER.items()}
            if latency:
                figures["latency"] = {
                    f"{share:.0%}": await _latency(services, plan, share * found["single"].rate, min(seconds, 20), step)
                    for share in SHARES
                }
            for name, command in (("gmqtt alone", ["count"]), ("naive loop", ["insert", services.database_url])):
                step(name)
                with _other(command[0], services.mqtt_url, *command[1:]) as other, stack.load(plan(1, name[0])) as load:
                    found[name] = _stretch(name, services, other[0], load, other[1], min(seconds, 20))
            step("COPY alone")
            found["COPY alone"] = await _copy(services, min(seconds, 10))
    figures["stretches"] = {name: asdict(each) | {"rate": each.rate} for name, each in found.items()}
    figures["single_to_naive"] = found["single"].rate / max(found["naive loop"].rate, 1)
    figures["worker_to_gmqtt_cpu"] = found["single"].cpu_us["worker"] / found["gmqtt alone"].cpu_us["worker"]
    return figures


async def _full(
    name: str,
    services: stack.Services,
    plan: Callable[[int, str], Plan],
    together: int,
    seconds: float,
    step: Callable[[str], None],
) -> Measured:
    """The whole worker with its engine; what was acknowledged is counted in the database in the end."""
    step(name)
    with _worker(services) as (worker, stored):
        with stack.load(plan(together, f"w{together}-")) as load:
            made = _stretch(name, services, worker, load, stored, seconds)
        _drained(load, stored)
    await _check(services, f"w{together}-", load.acknowledged)
    return made


def _plan(
    services: stack.Services,
    devices: int,
    connections: int,
    places: list[tuple[float, float]],
    together: int,
    prefix: str,
) -> Plan:
    return Plan(
        port=services.mqtt_port,
        devices=devices,
        connections=connections,
        places=places,
        together=together,
        prefix=prefix,
        ahead=30_000 * together,
    )


def _stretch(
    name: str,
    services: stack.Services,
    worker: psutil.Process,
    load: stack.Load,
    stored: Callable[[], int],
    seconds: float,
) -> Measured:
    """Let the load run, the first second unmeasured, and read what was stored and spent."""
    parts = {"broker": services.broker, "worker": worker, "database": services.database,
             "load": psutil.Process(load.process.pid)}  # fmt: skip
    warm = stored()
    _follow(load, stored, lambda: stored() > warm + 2_000, 30)
    made = Measured(name=name, rss_mib=[worker.memory_info().rss / 2**20])
    first, began = stored(), time.perf_counter()
    spent = {part: stack.cpu(process) for part, process in parts.items()}
    _follow(load, stored, lambda: time.perf_counter() - began > seconds, seconds + 60)
    made.fixes, made.seconds = stored() - first, time.perf_counter() - began
    made.cpu_us = {
        part: (stack.cpu(process) - spent[part]) / max(made.fixes, 1) * 1e6 for part, process in parts.items()
    }
    made.rss_mib.append(worker.memory_info().rss / 2**20)
    return made


def _follow(load: stack.Load, stored: Callable[[], int], until: Callable[[], bool], within: float) -> None:
    """Tell the load how much is stored, until `until`."""
    deadline = time.perf_counter() + within
    while not until():
        if time.perf_counter() > deadline:
            raise SystemExit(f"The load does not come through: {load.sent} sent, {stored()} stored.")
        load.tell(f"stored {stored()}")
        load.hear()
        time.sleep(0.3)


def _drained(load: stack.Load, stored: Callable[[], int]) -> None:
    """Wait until everything acknowledged to the load is stored."""
    deadline, last = time.perf_counter() + 60, -1
    while last != (last := stored()) or last < load.acknowledged:
        if time.perf_counter() > deadline:
            raise SystemExit(f"Not everything is stored: {load.acknowledged} acknowledged, {last} stored.")
        time.sleep(1)  # a batch takes far less


async def _check(services: stack.Services, prefix: str, acknowledged: int) -> None:
    """Count in the database: what the broker acknowledged to the load is there, once."""
    connection = await asyncpg.connect(services.database_url)
    found = await connection.fetchval(
        "SELECT count(*) FROM fixes f JOIN devices d ON d.id = f.device WHERE starts_with(d.name, $1)", prefix
    )
    await connection.close()
    if found < acknowledged:
        raise SystemExit(f"Lost: {acknowledged} acknowledged, {found} stored.")


@contextmanager
def _worker(services: stack.Services) -> Iterator[tuple[psutil.Process, Callable[[], int]]]:
    port, log = children.free_port(), services.folder / "worker.log"
    env = services.env | {"PATROL_METRICS_PORT": str(port), "PATROL_LOG_FORMAT": "json"}
    address = f"http://127.0.0.1:{port}/metrics"

    def stored() -> int:
        text = urllib.request.urlopen(address, timeout=20).read().decode()
        return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith(STORED))))

    with stack.running(["patrol", "worker"], env, log) as process:
        deadline = time.perf_counter() + 60
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
def _other(*arguments: str) -> Iterator[tuple[psutil.Process, Callable[[], int]]]:
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


async def _latency(
    services: stack.Services,
    plan: Callable[[int, str], Plan],
    rate: float,
    seconds: float,
    step: Callable[[str], None],
) -> dict[str, float]:
    """Lags from the fix, which is made when it is sent, to the commit of its row."""
    step(f"latency at {rate:,.0f} a second")
    made = plan(1, f"l{rate:.0f}-")
    with _worker(services) as (_, stored), stack.load(made) as load:
        load.tell(f"rate {rate:.0f}")
        began = time.perf_counter()
        _follow(load, stored, lambda: time.perf_counter() - began > seconds, seconds + 60)
        load.tell("stop")
    connection = await asyncpg.connect(services.database_url)
    rows = await connection.fetch(
        """
        SELECT extract(epoch FROM pg_xact_commit_timestamp(f.xmin) - f.t)::float8 AS lag
        FROM fixes f JOIN devices d ON d.id = f.device WHERE starts_with(d.name, $1) ORDER BY f.t
        """,
        made.prefix,
    )  # fmt: skip
    await connection.close()
    # The first devices are enrolled while they wait, as at no other time.
    lags = np.array([row["lag"] for row in rows[len(rows) // 5 :]])
    return {"fixes": len(lags), **{f"p{each:g}": float(np.percentile(lags, each)) for each in (50, 99, 99.9)}}


async def _copy(services: stack.Services, seconds: float) -> Measured:
    """Rows like those of fixes by COPY from memory: the limit of the database."""
    connection = await asyncpg.connect(services.database_url)
    await connection.execute("CREATE TABLE copied (LIKE fixes INCLUDING INDEXES INCLUDING DEFAULTS)")
    columns = ["device", "t", "received", "lat", "lon", "src", "duty", "flags"]
    row = await connection.fetchrow("SELECT now() AS t")
    assert row is not None
    made, began, spent = 0, time.perf_counter(), stack.cpu(services.database)
    while time.perf_counter() - began < seconds:
        at = row["t"] + timedelta(milliseconds=made)
        batch = [(n, at, at, 23.0, 114.0, 0, 0, 0) for n in range(5_000)]
        await connection.copy_records_to_table("copied", records=batch, columns=columns)
        made += len(batch)
    took = time.perf_counter() - began
    cost = (stack.cpu(services.database) - spent) / made * 1e6
    await connection.execute("DROP TABLE copied")
    await connection.close()
    return Measured(name="COPY alone", fixes=made, seconds=took, cpu_us={"database": cost})


def _places() -> list[tuple[float, float]]:
    """Middles of cells of the town, (lat, lon)."""
    rings = [
        each["geometry"]["coordinates"][0]
        for each in grid_file.city_geojson(1)["features"]
        if each["properties"]["kind"] == "cell"
    ]
    return [(float(np.mean([p[1] for p in ring])), float(np.mean([p[0] for p in ring]))) for ring in rings]


def _missed(figures: dict[str, Any]) -> Iterator[str]:
    stretches = figures["stretches"]
    for name, least in (("single", LEAST_SINGLE), ("arrays of 10", LEAST_ARRAYS)):
        if stretches[name]["rate"] < least:
            yield f"{name}: {stretches[name]['rate']:,.0f} fixes/s < {least:,}"
    if figures["single_to_naive"] < LEAST_TO_NAIVE:
        yield f"single to the naive loop: {figures['single_to_naive']:.1f} < {LEAST_TO_NAIVE:g}"
    if figures["worker_to_gmqtt_cpu"] > MOST_TO_GMQTT:
        yield f"worker to gmqtt alone, CPU a fix: {figures['worker_to_gmqtt_cpu']:.2f} > {MOST_TO_GMQTT:g}"
    lag = figures.get("latency", {}).get("50%")
    if lag and lag["p99"] > MOST_COMMIT_P99_S:
        yield f"p99 committed at 50 %: {lag['p99'] * 1000:.0f} ms > {MOST_COMMIT_P99_S * 1000:.0f} ms"


def _show(figures: dict[str, Any]) -> None:
    console.print(" · ".join(f"{name} {value}" for name, value in figures["machine"].items()))
    table = Table(
        "", "fixes/s", "to naive", *(f"{part}, µs" for part in ("broker", "worker", "database", "load")), "MiB"
    )
    naive = figures["stretches"]["naive loop"]["rate"]
    for name, each in figures["stretches"].items():
        costs = [
            f"{each['cpu_us'][part]:.1f}" if part in each["cpu_us"] else ""
            for part in ("broker", "worker", "database", "load")
        ]
        memory = " → ".join(f"{rss:.0f}" for rss in each["rss_mib"])
        table.add_row(name, f"{each['rate']:,.0f}", f"{each['rate'] / max(naive, 1):.1f}", *costs, memory)
    console.print(table)
    console.print(f"worker to gmqtt alone, CPU a fix: {figures['worker_to_gmqtt_cpu']:.2f}")
    for share, lags in figures.get("latency", {}).items():
        spelt = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in lags.items() if name.startswith("p"))
        console.print(f"fix to commit at {share} of the most: {spelt}")


if __name__ == "__main__":
    typer.run(main)
