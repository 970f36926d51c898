"""Whether memory of worker and web process stays constant under load: an hour for the guarantee, minutes by default."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer

from bench import figures, probes, stack, stretches
from bench.figures import Figure

RATE = 5_000
"""Fixes a second: a third of what is promised, so that nothing waits."""
MOST_GROWTH = 1.05
"""Median of the last quarter by that of the second; the first one fills caches."""


def main(
    minutes: Annotated[float, typer.Option(min=0.5, help="Length; the guarantee is for 60")] = 4,
    devices: Annotated[int, typer.Option(min=100, help="Devices of the load")] = 5_000,
    rate: Annotated[int, typer.Option(min=100, help="Fixes a second")] = RATE,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure resident memory."""
    before = figures.machine()
    figures.report(asyncio.run(measure(minutes, devices, rate)), before, json_file, strict=strict)


async def measure(minutes: float = 4, devices: int = 5_000, rate: int = RATE) -> list[Figure]:
    """Let a load and a viewer go on, and look at resident memory every second."""
    async with stack.services(settings=stretches.SETTINGS) as services:
        with (
            stretches.worker(services) as (worker, stored),
            stack.web(services) as (port, web),
            stack.load(stretches.plan(services, "m", devices=devices)) as load,
        ):
            load.tell(f"rate {rate}")
            await asyncio.to_thread(stretches.follow, load, stored, lambda: stored() >= devices, 180)
            held: dict[str, list[float]] = {"worker": [], "web process": []}
            until, first = time.perf_counter() + 60 * minutes, stored()

            def looked() -> bool:
                for name, process in (("worker", worker), ("web process", web)):
                    held[name].append(_mib(process))
                return time.perf_counter() > until

            walking = asyncio.create_task(probes.Probes(services, port, "mp").run(60 * minutes))
            await asyncio.to_thread(stretches.follow, load, stored, looked, 60 * minutes + 60)
            await walking
            fixes = stored() - first
    return [
        Figure(bench="memory", name="load meanwhile", value=fixes / (60 * minutes), unit="fixes/s"),
        *(_told(name, series, minutes) for name, series in held.items()),
    ]


def _mib(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _told(name: str, series: list[float], minutes: float) -> Figure:
    quarters = np.array_split(series, 4)
    return Figure(
        bench="memory", name=f"{name} after {minutes:g} min", value=float(np.median(quarters[3])), unit="MiB",
        baseline="in the second quarter", ratio=float(np.median(quarters[3]) / np.median(quarters[1])),
        most=MOST_GROWTH, of_ratio=True,
    )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
