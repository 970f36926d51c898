"""Latency from a fix to its commit and to a viewer's map, at shares of the maximum rate."""

import asyncio
from pathlib import Path
from typing import Annotated

import asyncpg
import numpy as np
import typer

from bench import figures, probes, stack, stretches
from bench.figures import Figure
from bench.stretches import Stored

SHARES = (0.25, 0.5, 0.75)
JUDGED = 0.5
MOST_COMMITTED_MS = 250.0
MOST_SEEN_MS = 500.0
PERCENTILES = (50, 99, 99.9)

# The commit's own time, by the database's clock, which is this machine's.
_LAGS = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(f.xmin) - f.t)::float8 * 1000
FROM fixes f JOIN devices d ON d.id = f.device WHERE starts_with(d.name, $1) ORDER BY f.t
"""


def main(
    seconds: Annotated[float, typer.Option(min=5, help="Length of each period")] = 20,
    devices: Annotated[int, typer.Option(min=100, help="Devices of the load")] = 5_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure how late fixes are."""
    before = figures.machine()
    figures.report(asyncio.run(measure(seconds, devices)), before, json_file, strict=strict)


async def measure(seconds: float = 20, devices: int = 5_000) -> list[Figure]:
    """Find the most, then measure at parts of it, and without any load as the baseline."""
    async with stack.services(settings=stretches.SETTINGS) as services:
        with stretches.worker(services) as (worker, stored), stack.web(services) as (port, _):
            with stack.load(stretches.plan(services, "most-", devices=devices)) as load:
                most = await asyncio.to_thread(
                    stretches.measured, "most", services, worker, load, stored, seconds=seconds / 2, after=devices
                )
                await asyncio.to_thread(stretches.drained, load, stored)
            idle = await _stretch(services, port, stored, 0, seconds, devices)
            found = [
                Figure(bench="latency", name="the most, closed loop", value=most.rate, unit="fixes/s"),
                *_figures("no load", idle, {}, judged=False),
            ]
            for share in SHARES:
                lags = await _stretch(services, port, stored, share * most.rate, seconds, devices)
                found += _figures(f"{share:.0%} of the most", lags, idle, judged=share == JUDGED)
    return found


async def _stretch(
    services: stack.Services, port: int, stored: Stored, rate: float, seconds: float, devices: int
) -> dict[str, list[float]]:
    """Lags in ms under a load of `rate` fixes a second, of what was committed and of what was seen."""
    prefix = f"p{rate:.0f}-"
    walking = probes.Probes(services, port, prefix)
    if not rate:
        await walking.run(seconds)
        return {"seen": [1000 * each for each in walking.delays], "committed": await _lags(services, prefix)}
    with stack.load(stretches.plan(services, f"l{rate:.0f}-", devices=devices)) as load:
        load.tell(f"rate {rate:.0f}")
        first = stored()
        # Unmeasured until the devices of the load are enrolled.
        await asyncio.to_thread(stretches.follow, load, stored, lambda: stored() >= first + devices, 180)
        ended = asyncio.Event()
        following = asyncio.create_task(
            asyncio.to_thread(stretches.follow, load, stored, ended.is_set, 10 * seconds + 60)
        )
        await walking.run(seconds)
        ended.set()
        await following
    return {"seen": [1000 * each for each in walking.delays], "committed": await _lags(services, prefix)}


async def _lags(services: stack.Services, prefix: str) -> list[float]:
    connection = await asyncpg.connect(services.database_url)
    try:
        rows = await connection.fetch(_LAGS, prefix)
    finally:
        await connection.close()
    # The probes are enrolled while their first fixes wait, as at no other time.
    return [row[0] for row in rows[3 * probes.PROBES :]]


def _figures(at: str, lags: dict[str, list[float]], idle: dict[str, list[float]], *, judged: bool) -> list[Figure]:
    """Figures of a stretch."""
    bounds = {"committed": MOST_COMMITTED_MS, "seen": MOST_SEEN_MS}
    return [
        Figure(
            bench="latency", name=f"{at}: fix {kind}, p{each:g} of {len(lags[kind])}", unit="ms",
            value=float(np.percentile(lags[kind], each)), baseline="no load" if idle else "",
            ratio=float(np.percentile(lags[kind], each) / np.percentile(idle[kind], each)) if idle else None,
            most=bounds[kind] if judged and each == 99 else None,
        )
        for kind in ("committed", "seen")
        for each in PERCENTILES
    ]  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
