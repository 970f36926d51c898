"""`patrol sim replay`: recorded tracks as devices."""

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from device_sim.fleet import console
from device_sim.replay import replay
from patrol.checks import connectivity
from patrol.cli import errors
from patrol.cli.processes import process
from patrol.settings.settings import Settings


def run(
    settings: Settings,
    *,
    files: list[Path],
    unit: str,
    speed: float | None,
    batch: int,
    from_now: bool,
    to_now: bool,
) -> None:
    """Replay the files and print the result of each point; exit code 1 unless all were acknowledged."""
    config = replay.ReplayConfig(
        mqtt_url=settings.broker_url, files=tuple(files), unit=unit, speed=speed, batch=batch, from_now=from_now,
        to_now=to_now,
    )  # fmt: skip
    reports: list[replay.ReplayReport] = []

    async def work(stop: asyncio.Event) -> None:
        await connectivity.check_broker(config.mqtt_url)
        with console.replay_progress(Console(stderr=True)) as progress:
            reports.append(await _replay(config, stop, progress))

    process.until_stopped(work)
    console.replay_summary(reports[0], Console())
    sys.exit(reports[0].exit_code)


async def _replay(config: replay.ReplayConfig, stop: asyncio.Event, progress: replay.Progress) -> replay.ReplayReport:
    try:
        return await replay.replay(config, stop, on_progress=progress)
    except ValueError as fault:
        raise errors.SetupError(f"{fault}.") from fault
