"""Latency of live fixes before, and while a unit that was offline sends hours of buffered fixes."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import asyncpg
import numpy as np
import typer

from bench import figures, stack, stretches
from bench.figures import Figure
from schemas import topics

DEVICES = 600
LIVE_RATE = 600
"""Fixes a second of live devices: one each."""
TOGETHER = 100
"""Fixes of a message from the buffer."""
MOST_LIVE_MS = 250.0
"""p99 of what comes live, committed, while the buffer comes in."""

_LAGS = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(f.xmin) - f.t)::float8 * 1000
FROM fixes f JOIN devices d ON d.id = f.device
WHERE starts_with(d.name, 'live-') AND f.t >= to_timestamp($1) AND f.t < to_timestamp($2)
"""


def main(
    hours: Annotated[float, typer.Option(min=0.1, help="Length of the buffer")] = 8,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two fixes in it")] = 30,
    root: Annotated[
        str, typer.Option(help="Root of the topics for buffers; patrol/v1: the live topic")
    ] = topics.BUFFER_ROOT,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure the back-fill."""
    before = figures.machine()
    figures.report(asyncio.run(measure(hours, every, root=root)), before, json_file, strict=strict)


async def measure(
    hours: float = 8, every_s: float = 30, quiet_s: float = 15, *, root: str = topics.BUFFER_ROOT
) -> list[Figure]:
    """Let live devices send, then those with a buffer come as well, until all of it is stored and computed."""
    async with stack.services(settings=stretches.SETTINGS) as services:
        with stretches.worker(services) as (_, stored):
            with stack.load(stretches.plan(services, "live-", devices=DEVICES)) as live:
                live.tell(f"rate {LIVE_RATE}")
                await asyncio.to_thread(stretches.follow, live, stored, lambda: stored() >= 3 * DEVICES, 180)
                alone = await _alone(live, stored, quiet_s)
                during = time.time()
                n, took = await asyncio.to_thread(
                    _buffer, services, live, stored, int(hours * 3600 / every_s), every_s, root
                )
                until = time.time()
            quiet = await stretches.computed(services)
        lags = [await _lags(services, *span) for span in (alone, (during, until))]
    p99 = [float(np.percentile(each, 99)) for each in lags]
    return [
        Figure(bench="back-fill", name=f"{hours:g} h of {DEVICES} devices, {n:,} fixes", value=n / took, unit="fixes/s",
               baseline="as they were taken", ratio=n / took / (DEVICES / every_s)),
        Figure(bench="back-fill", name="live fix committed, p99, alone", value=p99[0], unit="ms"),
        Figure(bench="back-fill", name=f"live fix committed, p99 of {len(lags[1]):,}, meanwhile", value=p99[1],
               unit="ms", baseline="alone", ratio=p99[1] / p99[0], most=MOST_LIVE_MS),
        Figure(bench="back-fill", name="stays all computed again after", value=quiet, unit="s"),
    ]  # fmt: skip


async def _alone(live: stack.Load, stored: stretches.Stored, seconds: float) -> tuple[float, float]:
    began = time.time()
    await asyncio.to_thread(stretches.follow, live, stored, lambda: time.time() > began + seconds, seconds + 60)
    return began, time.time()


def _buffer(
    services: stack.Services,
    live: stack.Load,
    stored: stretches.Stored,
    each: int,
    every_s: float,
    root: str,
) -> tuple[int, float]:
    """Send the buffer of every device; how many fixes that were, and how long it took until they were acknowledged."""
    messages = max(1, each // TOGETHER)
    plan = stretches.plan(services, "kept-", devices=DEVICES, together=TOGETHER)
    plan = plan.buffered(messages, int(every_s * 1000), root)
    wanted, began = DEVICES * messages * TOGETHER, time.perf_counter()
    with stack.load(plan) as load:
        first = stored()

        def done() -> bool:
            live.hear()
            return load.acknowledged >= wanted and stored() - first >= wanted

        stretches.follow(load, stored, done, 1_200)
    return wanted, time.perf_counter() - began


async def _lags(services: stack.Services, since: float, until: float) -> list[float]:
    connection = await asyncpg.connect(services.database_url)
    try:
        return [row[0] for row in await connection.fetch(_LAGS, since, until)]
    finally:
        await connection.close()


if __name__ == "__main__":
    typer.run(main)
