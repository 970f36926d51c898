"""Fixes a second that are durably stored with the full engine, and the cost of each; compared with a naive loop.

Broker, database, worker and load run on this machine. Load is closed loop: it stops when too much is not stored yet.
"""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from bench import figures, stack, stretches
from bench.figures import Figure
from bench.stretches import Measured

LEAST_SINGLE = 15_000
LEAST_ARRAYS = 50_000
LEAST_TO_NAIVE = 6.0
MOST_TO_GMQTT = 2.5
TOGETHER = {"single fixes": 1, "arrays of 10": 10}
"""Fixes in a message, by name of the stretch."""
MOST_BASELINE_S = 20.0


def main(
    seconds: Annotated[float, typer.Option(min=2, help="Length of each period; the guarantee is for 300")] = 20,
    devices: Annotated[int, typer.Option(min=10, help="Devices of the load")] = 20_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure the intake."""
    before = figures.machine()
    figures.report(asyncio.run(measure(seconds, devices)), before, json_file, strict=strict)


async def measure(seconds: float = 20, devices: int = 20_000) -> list[Figure]:
    """Measure all stretches.

    Those of the worker each on services of their own: it would compute the runs of the devices of the stretch before
    anew while it is measured, which is a cost of a start and has a figure of its own in the bench of growth.
    """
    found = {}
    for name, each in TOGETHER.items():
        async with stack.services(settings=stretches.SETTINGS) as services:
            found[name] = await full(name, services, each, seconds, devices)
    short = min(seconds, MOST_BASELINE_S)
    async with stack.services(settings=stretches.SETTINGS) as services:
        for name, command in (("gmqtt alone", ["count"]), ("naive loop", ["insert", services.database_url])):
            plan = stretches.plan(services, name[0], devices=min(devices, 1_000))
            with stretches.baseline(command[0], services.mqtt_url, *command[1:]) as other, stack.load(plan) as load:
                found[name] = stretches.measured(name, services, other[0], load, other[1], seconds=short, after=500)
        found["COPY alone"] = await copy(services, short)
    return list(_figures(found))


async def full(name: str, services: stack.Services, together: int, seconds: float, devices: int) -> Measured:
    """The whole worker with its engine; what was acknowledged is counted in the database in the end."""
    prefix = f"w{together}-"
    with stretches.worker(services) as (worker, stored):
        with stack.load(stretches.plan(services, prefix, devices=devices, together=together)) as load:
            # Every device is enrolled and has begun its run before.
            made = stretches.measured(
                name, services, worker, load, stored, seconds=seconds, after=(devices + 5_000) * together
            )
        stretches.drained(load, stored)
    await stretches.check(services, prefix, load.acknowledged)
    return made


async def copy(services: stack.Services, seconds: float) -> Measured:
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


def _figures(found: dict[str, Measured]) -> list[Figure]:
    """Figures of the stretches."""
    naive, bare = found["naive loop"], found["gmqtt alone"]
    least = {"single fixes": LEAST_SINGLE, "arrays of 10": LEAST_ARRAYS}
    rows = []
    for name, each in found.items():
        rows.append(
            Figure(bench="ingest", name=name, value=each.rate, unit="fixes/s", least=least.get(name),
                   baseline="naive loop", ratio=each.rate / max(naive.rate, 1e-9))
        )  # fmt: skip
        rows += [
            Figure(bench="ingest", name=f"{name}: CPU, {part}", value=cost, unit="µs a fix")
            for part, cost in each.cpu_us.items()
        ]
    single = found["single fixes"]
    by_worker = single.cpu_us["worker"]
    return [
        *rows,
        Figure(bench="ingest", name="single fixes to the naive loop", value=single.rate, unit="fixes/s",
               baseline="naive loop", ratio=single.rate / max(naive.rate, 1e-9), least=LEAST_TO_NAIVE, of_ratio=True),
        Figure(bench="ingest", name="worker to gmqtt alone", value=by_worker, unit="µs a fix", baseline="gmqtt alone",
               ratio=by_worker / bare.cpu_us["worker"], most=MOST_TO_GMQTT, of_ratio=True),
        Figure(bench="ingest", name="memory of the worker", value=single.rss_mib[-1], unit="MiB",
               baseline="when the stretch began", ratio=single.rss_mib[-1] / single.rss_mib[0]),
    ]  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
