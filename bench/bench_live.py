"""Latency and cost of the live map with 1,000 viewers of 20,000 devices, and the effect of viewers that do not read.

make bench-live ARGS="--strict --json live.json". Broker, database, web process, fleet and viewers run on this machine.
The fleet speaks on the feed as workers do; what a worker adds before is measured by bench_ingest.
"""

import asyncio
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.progress import Progress

from bench import figures, stack, stretches
from bench.figures import Figure
from bench.live import load, stage, viewers

MOST_P99_MS = 500.0
MOST_MIB = 1024.0
STUCK_SHARE = 0.05
MOST_TO_ALONE = 1.25
"""p99 with stuck viewers to that without, in the same run."""
SETTLE_S = 5.0
VIEWERS = 1_000
DEVICES = 20_000


@dataclass(kw_only=True)
class Stretch:
    """What was seen and spent in one stretch."""

    seen: dict[str, Any]
    """As `bench.live.viewers` says it."""
    cores: dict[str, float] = field(default_factory=dict)
    """Processors that each part kept busy."""
    most_mib: float = 0.0
    """Most resident memory of the web process."""


def main(
    count: Annotated[int, typer.Option("--viewers", min=20, help="Viewers; the guarantee is for 1,000")] = VIEWERS,
    devices: Annotated[int, typer.Option(min=100, help="Devices at 1 Hz; the guarantee is for 20,000")] = DEVICES,
    seconds: Annotated[float, typer.Option(min=5, help="Length of each period")] = 30,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    profile: Annotated[Path | None, typer.Option(help="py-spy record of the web process, an SVG")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure the live websocket."""
    before = figures.machine()
    found = asyncio.run(measure(count, devices, seconds, profile))
    figures.report(found, before, json_file, strict=strict)


async def measure(
    count: int = VIEWERS, devices: int = DEVICES, seconds: float = 30, profile: Path | None = None
) -> list[Figure]:
    """Let viewers watch a fleet: first all read, then some do not."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        steps = progress.add_task("starting", total=4)

        def step(what: str) -> None:
            progress.update(steps, description=what, advance=1)

        async with stack.services() as services:
            slots = await stage.enrol(services.database_url, devices)
            began = float(int(time.time()) - 3_600)
            fleet = load.Plan(port=services.mqtt_port, slots=slots, places=stretches.town_places(), began=began)
            env = services.env
            with stack.web(services) as (port, web), stage.talking("bench.live.load", fleet) as fleet_process:
                step(f"{count} viewers connect")
                watching = viewers.Plan(
                    port=port, token=env["PATROL_API_TOKEN"], viewers=count, keeps=max(20, count // 20),
                    slots=slots, places=stretches.town_places(), began=began,
                )  # fmt: skip
                with stage.talking("bench.live.viewers", watching) as crowd:
                    stage.hear(crowd)
                    parts = {
                        "web": web, "viewers": psutil.Process(crowd.pid), "fleet": psutil.Process(fleet_process.pid),
                        "broker": services.broker, "database": services.database,
                    }  # fmt: skip
                    await asyncio.sleep(SETTLE_S)
                    step("all read")
                    alone = await _stretch(crowd, parts, seconds, profile)
                    stuck = round(STUCK_SHARE * count)
                    step(f"{stuck} do not read")
                    stage.tell(crowd, f"stick {stuck}")
                    await asyncio.sleep(SETTLE_S)
                    beside = await _stretch(crowd, parts, seconds, None)
                    step("done")
                    stage.tell(crowd, "stop", answer=False)
    p99 = alone.seen["fix_ms"]["p99"]
    return [
        *_figures(f"{count:,} read", alone, count, None),
        *_figures(f"{stuck:,} of {count:,} stuck", beside, count - stuck, p99),
    ]


async def _stretch(
    crowd: "subprocess.Popen[str]", parts: dict[str, psutil.Process], seconds: float, profile: Path | None
) -> Stretch:
    stage.tell(crowd, "begin")
    began, spent = time.perf_counter(), {name: stack.cpu(process) for name, process in parts.items()}
    most = 0.0
    watcher = None if profile is None else _spy(parts["web"].pid, seconds, profile)
    while time.perf_counter() - began < seconds:
        most = max(most, parts["web"].memory_info().rss / 2**20)
        await asyncio.sleep(0.25)
    took = time.perf_counter() - began
    cores = {name: (stack.cpu(process) - spent[name]) / took for name, process in parts.items()}
    if watcher is not None:
        watcher.join()
    return Stretch(seen=stage.tell(crowd, "end"), cores=cores, most_mib=most)


def _spy(pid: int, seconds: float, file: Path) -> threading.Thread:
    command = ["py-spy", "record", "--pid", str(pid), "--duration", str(int(seconds)), "--output", str(file)]
    watcher = threading.Thread(target=subprocess.run, args=(command,), kwargs={"check": True})
    watcher.start()
    return watcher


def _figures(name: str, stretch: Stretch, reading: int, alone_p99: float | None) -> list[Figure]:
    """Figures of a stretch; `alone_p99` is that of the stretch in which all read, ms."""
    seen, fix = stretch.seen, stretch.seen["fix_ms"]
    found = [
        _figure(f"{name}: fix to viewer, p50", fix["p50"], "ms"),
        _figure(f"{name}: fix to viewer, p99", fix["p99"], "ms", most=MOST_P99_MS),
        _figure(f"{name}: tick to viewer, p99", seen["tick_ms"]["p99"], "ms"),
        _figure(f"{name}: viewers that read and were kept", 100 * (1 - seen["lost"] / reading), "%", least=100),
        _figure(f"{name}: frames", seen["frames_per_s"], "frames/s"),
        _figure(f"{name}: sent", seen["mib_per_s"], "MiB/s"),
        _figure(f"{name}: memory of the web process", stretch.most_mib, "MiB", most=MOST_MIB),
        *(_figure(f"{name}: busy, {part}", busy, "cores") for part, busy in stretch.cores.items()),
        *(
            _figure(f"{name}: fix to viewer of a {kind}, p99", each["p99"], "ms")
            for kind, each in seen["fix_ms_by_view"].items()
            if each["n"]
        ),
    ]
    if alone_p99 is not None:
        to_alone = Figure(
            bench="live", name=f"{name}: p99 to that of none stuck", value=fix["p99"], unit="ms",
            baseline="none stuck", ratio=fix["p99"] / alone_p99, most=MOST_TO_ALONE, of_ratio=True,
        )  # fmt: skip
        found.append(to_alone)
    return found


def _figure(name: str, value: float, unit: str, *, least: float | None = None, most: float | None = None) -> Figure:
    return Figure(bench="live", name=name, value=value, unit=unit, least=least, most=most)


if __name__ == "__main__":
    typer.run(main)
