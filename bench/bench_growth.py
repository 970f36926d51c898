"""Cost of a fix with more devices, more cells or more stored days, and memory of a device.

Cost is what worker and database spend on a fix under a closed loop of single fixes, and the least of each pair is the
baseline of the other. What a device costs once, when it is first heard and when its run is taken up after a restart of
the worker, is a figure of its own: a stretch begins when all devices are enrolled and the watcher knows them.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import asyncpg
import psutil
import typer

from bench import figures, stack, stretches, towns
from bench.figures import Figure
from bench.stretches import Measured

MOST = {"devices": 1.5, "cells": 1.3, "days stored": 1.3}
"""Cost at the greatest by that at the least; of days no bound is promised, so the stricter one is taken."""
FEW_DEVICES, FEW_CELLS, FEW_DAYS = 1_000, 150, 1
DEVICES = 2_000
"""Of the stretches that do not vary them."""
KEPT = 600
"""Devices whose days are stored."""

_HEARD = "SELECT count(*) FROM devices WHERE starts_with(name, $1)"
_STORE = """
INSERT INTO fixes (device, t, received, lat, lon, acc, src, duty, flags)
SELECT d.id, now() - ($1::float8 - n * $1 / $2) * interval '1 day', now(), 23.1, 114.4, 8, 0, 0, 0
FROM (SELECT id FROM devices WHERE starts_with(name, 'kept-')) d, generate_series(0, $2::int - 1) AS n
ON CONFLICT DO NOTHING
"""


def main(
    seconds: Annotated[float, typer.Option(min=2, help="Length of each period")] = 40,
    devices: Annotated[int, typer.Option(min=2_000, help="Most devices; the guarantee is for 100,000")] = 100_000,
    cells: Annotated[int, typer.Option(min=300, help="Most cells; the guarantee is for 15,000")] = 15_000,
    days: Annotated[int, typer.Option(min=2, help="Most days stored")] = 90,
    fixes_a_day: Annotated[int, typer.Option(min=1_000, help="Fixes of each of these days")] = 30_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure growth."""
    before = figures.machine()
    found = asyncio.run(measure(seconds, devices=devices, cells=cells, days=days, fixes_a_day=fixes_a_day))
    figures.report(found, before, json_file, strict=strict)


async def measure(
    seconds: float = 40, *, devices: int = 100_000, cells: int = 15_000, days: int = 90, fixes_a_day: int = 30_000
) -> list[Figure]:
    """Measure all of it."""
    few, many = [await by_devices(n, seconds) for n in (FEW_DEVICES, devices)]
    each_kib = (many.rss_mib[-1] - few.rss_mib[-1]) / (devices - FEW_DEVICES) * 1024
    small, large = [await by_cells(n, seconds) for n in (FEW_CELLS, cells)]
    young, old = [await by_days(n, fixes_a_day, seconds) for n in (FEW_DAYS, days)]
    return [
        _cost("devices", f"{FEW_DEVICES:,} devices", few, f"{devices:,} devices", many),
        Figure(bench="growth", name="memory of the worker for a device", value=each_kib, unit="KiB"),
        _cost("cells", f"{FEW_CELLS:,} cells", small, f"{cells:,} cells", large),
        _cost("days stored", f"1 day stored, {fixes_a_day:,} fixes", young,
              f"{days} days stored, {days * fixes_a_day:,} fixes", old),
        *await once(DEVICES),
    ]  # fmt: skip


async def by_devices(devices: int, seconds: float) -> Measured:
    """A stretch with so many devices."""
    async with stack.services(settings=stretches.SETTINGS) as services:
        return await _stretch(services, "g", devices, seconds)


async def once(devices: int) -> list[Figure]:
    """What a device costs when it is first heard, and when a worker takes up its run after a restart."""
    async with stack.services(settings=stretches.SETTINGS) as services:
        plan = stretches.plan(services, "n", devices=devices)
        with stretches.worker(services) as (worker, stored), stack.load(plan) as load:
            before = _spent(services, worker)
            await _enrolled(services, "n", devices, load, stored)
            enrolled = _spent(services, worker) - before
        before = stack.cpu(services.database)
        with stretches.worker(services) as (worker, _):
            await stretches.computed(services)
            resumed = _spent(services, worker) - before
    return [
        Figure(bench="growth", name=f"a new device is heard first, {devices:,}", value=enrolled / devices * 1e3,
               unit="ms"),
        Figure(bench="growth", name=f"a worker starts anew, by each of {devices:,} devices",
               value=resumed / devices * 1e3, unit="ms"),
    ]  # fmt: skip


def _spent(services: stack.Services, worker: psutil.Process) -> float:
    """Seconds of processor of worker and database."""
    return stack.cpu(worker) + stack.cpu(services.database)


async def by_cells(cells: int, seconds: float) -> Measured:
    """A stretch with so many cells, devices in all of them."""
    kept = towns.features(cells)
    middles = [stretches.middle(each) for each in kept if each["properties"]["kind"] == "cell"]
    async with stack.services(settings=stretches.SETTINGS, grid=towns.encoded(kept)) as services:
        return await _stretch(services, "c", DEVICES, seconds, middles[:: max(1, len(middles) // DEVICES)])


async def by_days(days: int, fixes_a_day: int, seconds: float) -> Measured:
    """A stretch with so many days in the store."""
    async with stack.services(settings=stretches.SETTINGS) as services:
        await _store(services, days, fixes_a_day)
        return await _stretch(services, "d", DEVICES, seconds)


async def _stretch(
    services: stack.Services,
    prefix: str,
    devices: int,
    seconds: float,
    middles: list[tuple[float, float]] | None = None,
) -> Measured:
    plan = stretches.plan(services, prefix, devices=devices, places=middles)
    with stretches.worker(services) as (worker, stored), stack.load(plan) as load:
        await _enrolled(services, prefix, devices, load, stored)
        _taken_in(load, stored)
        # As many of each before it counts: a process that has just started has cold caches.
        after = max(devices, 20_000)
        return stretches.measured(prefix, services, worker, load, stored, seconds=seconds, after=after)


async def _enrolled(
    services: stack.Services, prefix: str, devices: int, load: stack.Load, stored: stretches.Stored
) -> None:
    """Let the load run until every device was heard."""
    connection = await asyncpg.connect(services.database_url)
    try:
        while await connection.fetchval(_HEARD, prefix) < devices:
            stretches.more(load, stored, 2_000)
    finally:
        await connection.close()


def _taken_in(load: stack.Load, metrics: stretches.WorkerMetrics) -> None:
    """Let the load run until the watcher of alerts has taken in all devices; an evaluation in progress began before."""
    enough = metrics.evaluations() + 2
    stretches.follow(load, metrics, lambda: metrics.evaluations() >= enough, 180)


async def _store(services: stack.Services, days: int, fixes_a_day: int) -> None:
    """Fill the store with so many days of the devices that are kept."""
    connection = await asyncpg.connect(services.database_url, command_timeout=1_800)
    try:
        await connection.execute("INSERT INTO units (code, name) VALUES ('bench', 'bench') ON CONFLICT DO NOTHING")
        await connection.execute(
            "INSERT INTO devices (name, unit) SELECT 'kept-' || n, 'bench' FROM generate_series(1, $1::int) AS n "
            "ON CONFLICT DO NOTHING",
            KEPT,
        )
        await connection.execute(_STORE, float(days), days * fixes_a_day // KEPT)
        await connection.execute("VACUUM ANALYZE fixes")
    finally:
        await connection.close()


def _cost(what: str, few: str, least: Measured, many: str, most: Measured) -> Figure:
    return Figure(
        bench="growth", name=f"cost with {many}", value=most.server_us, unit="µs a fix", baseline=few,
        ratio=most.server_us / least.server_us, most=MOST[what], of_ratio=True,
    )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
