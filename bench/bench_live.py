"""How soon a thousand viewers see where twenty thousand devices are, what it costs, and whether the stuck harm others.

make bench-live ARGS="--strict --json live.json". Broker, database, web process, fleet and viewers run on this machine.
The fleet speaks on the feed as workers do; what a worker adds before is measured by bench_ingest.
"""

import asyncio
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import stack, stretches
from bench.figures import finish
from bench.live import load, stage, viewers

MOST_P99_MS = 500.0
MOST_MIB = 1024.0
STUCK_SHARE = 0.05
MOST_TO_ALONE = 1.25
"""p99 with stuck viewers to that without, in the same run."""
SETTLE_S = 5.0

console = Console(width=120)


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
    count: Annotated[int, typer.Option("--viewers", min=20, help="Viewers; the promise is for 1,000")] = 1_000,
    devices: Annotated[int, typer.Option(min=100, help="Devices at 1 Hz; the promise is for 20,000")] = 20_000,
    seconds: Annotated[float, typer.Option(min=5, help="Length of each stretch")] = 30,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    profile: Annotated[Path | None, typer.Option(help="py-spy record of the web process, an SVG")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if a target is missed")] = False,
) -> None:
    """Measure the live websocket."""
    figures = asyncio.run(_measure(count, devices, seconds, profile))
    _show(figures)
    finish(figures, list(_missed(figures)), json_file, strict=strict)


async def _measure(count: int, devices: int, seconds: float, profile: Path | None) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "machine": stack.machine(), "viewers": count, "devices": devices, "seconds": seconds
    }  # fmt: skip
    with Progress(console=Console(stderr=True), transient=True) as progress:
        steps = progress.add_task("starting", total=5)

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
                    said = stage.hear(crowd)
                    parts = {
                        "web": web, "viewers": psutil.Process(crowd.pid), "fleet": psutil.Process(fleet_process.pid),
                        "broker": services.broker, "database": services.database,
                    }  # fmt: skip
                    figures["connected"] = said["connected"]
                    figures["idle_mib"] = web.memory_info().rss / 2**20
                    await asyncio.sleep(SETTLE_S)
                    step("all read")
                    figures["all read"] = asdict(await _stretch(crowd, parts, seconds, profile))
                    stuck = round(STUCK_SHARE * count)
                    step(f"{stuck} do not read")
                    stage.tell(crowd, f"stick {stuck}")
                    await asyncio.sleep(SETTLE_S)
                    figures["some stuck"] = asdict(await _stretch(crowd, parts, seconds, None))
                    step("done")
                    stage.tell(crowd, "stop", answer=False)
    figures["stuck_to_alone"] = (
        figures["some stuck"]["seen"]["fix_ms"]["p99"] / figures["all read"]["seen"]["fix_ms"]["p99"]
    )
    return figures


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


def _missed(figures: dict[str, Any]) -> Iterator[str]:
    for name in ("all read", "some stuck"):
        stretch = figures[name]
        p99 = stretch["seen"]["fix_ms"]["p99"]
        if p99 > MOST_P99_MS:
            yield f"{name}: p99 fix to viewer {p99:.0f} ms > {MOST_P99_MS:.0f} ms"
        if stretch["most_mib"] > MOST_MIB:
            yield f"{name}: {stretch['most_mib']:.0f} MiB > {MOST_MIB:.0f} MiB"
        if stretch["seen"]["lost"]:
            yield f"{name}: {stretch['seen']['lost']} viewers that read were let go"
    if figures["stuck_to_alone"] > MOST_TO_ALONE:
        yield f"p99 with stuck viewers to that without: {figures['stuck_to_alone']:.2f} > {MOST_TO_ALONE:g}"


def _show(figures: dict[str, Any]) -> None:
    console.print(" · ".join(f"{name} {value}" for name, value in figures["machine"].items()))
    console.print(f"{figures['viewers']:,} viewers, {figures['devices']:,} devices at 1 Hz")
    table = Table("", "fix to viewer, ms: p50", "p95", "p99", "most", "tick to viewer p99", "frames/s", "places/s",
                  "MiB/s", "web MiB")  # fmt: skip
    for name in ("all read", "some stuck"):
        seen = figures[name]["seen"]
        table.add_row(
            name, *(f"{seen['fix_ms'][key]:.0f}" for key in ("p50", "p95", "p99", "most")),
            f"{seen['tick_ms']['p99']:.0f}", f"{seen['frames_per_s']:,.0f}", f"{seen['places_per_s']:,.0f}",
            f"{seen['mib_per_s']:.1f}", f"{figures[name]['most_mib']:.0f}",
        )  # fmt: skip
    console.print(table)
    for name in ("all read", "some stuck"):
        cores = ", ".join(f"{part} {cores:.2f}" for part, cores in figures[name]["cores"].items())
        views = ", ".join(
            f"{kind} {each['p99']:.0f} ms"
            for kind, each in figures[name]["seen"]["fix_ms_by_view"].items()
            if each["n"]
        )
        console.print(
            f"{name}: processors busy: {cores}; p99 by view: {views}; let go {figures[name]['seen']['let_go']}"
        )
    console.print(f"p99 with stuck viewers to that without: {figures['stuck_to_alone']:.2f}")


if __name__ == "__main__":
    typer.run(main)
