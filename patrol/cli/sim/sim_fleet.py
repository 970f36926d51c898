"""`patrol sim fleet`: simulated officers on patrol in the synthetic town."""

import asyncio
import contextlib
import functools
from pathlib import Path

from rich.console import Console

from device_sim.fleet import console, mix
from device_sim.fleet import run as simulation
from patrol.checks import connectivity
from patrol.cli.processes import process
from patrol.services import notify
from patrol.settings.settings import Settings
from runtime import logs


def run(
    settings: Settings,
    *,
    officers: int,
    seed: int,
    history_minutes: float,
    with_faults: bool,
    packed: bool,
    until_stored: bool,
    truth: Path | None,
) -> None:
    """Simulate until told to stop."""
    logs.configure(settings.log_format)
    config = simulation.SimConfig(
        mqtt_url=settings.broker_url,
        officers=officers,
        seed=seed,
        history_minutes=history_minutes,
        faults=mix.STANDARD if with_faults else mix.NONE,
        packed=packed,
        until_stored=until_stored,
        truth=truth,
    )
    process.until_stopped(functools.partial(_simulate, config))


async def _simulate(config: simulation.SimConfig, stop: asyncio.Event) -> None:
    await connectivity.check_broker(config.mqtt_url)
    screen = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(console.sim_progress(screen))

        def on_live() -> None:
            stack.close()
            notify.notify_ready()

        report = await simulation.simulate(config, stop, on_progress=progress, on_live=on_live)
    screen.print(f"{report.officers} officers, {report.fixes:,} fixes in {report.messages:,} messages acknowledged")
