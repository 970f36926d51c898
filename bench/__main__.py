"""`make bench`: runs the benches of speed in turn, with their own services; gives a table, JSON and a plot.

The others measure accuracy, warnings, faults and more: `make bench-NAME` runs each, and each has longer runs.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from bench import (
    bench_backfill,
    bench_growth,
    bench_ingest,
    bench_latency,
    bench_live,
    bench_memory,
    bench_queries,
    figures,
    speed_plot,
)
from bench.figures import Figure, Measure

BENCHES: dict[str, Measure] = {
    "ingest": bench_ingest.measure,
    "latency": bench_latency.measure,
    "growth": bench_growth.measure,
    "back-fill": bench_backfill.measure,
    "queries": bench_queries.measure_figures,
    "live fan-out": bench_live.measure,
    "memory": bench_memory.measure,
}


def main(
    only: Annotated[list[str] | None, typer.Option(help="Only these: " + ", ".join(BENCHES))] = None,
    folder: Annotated[Path, typer.Option(help="Folder for bench.json and bench.png")] = Path("build"),
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure."""
    unknown = set(only or ()) - BENCHES.keys()
    if unknown:
        raise typer.BadParameter(f"no bench is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    before, found = figures.machine(), list[Figure]()
    for name, measure in BENCHES.items():
        if only and name not in only:
            continue
        began = time.perf_counter()
        figures.console.print(f"{name} …")
        found += asyncio.run(measure())
        figures.console.print(f"{name}: {time.perf_counter() - began:.0f} s")
    folder.mkdir(parents=True, exist_ok=True)
    speed_plot.draw(folder / "bench.png", json.dumps(before, ensure_ascii=False)[1:-1], found)
    figures.report(found, before, folder / "bench.json", strict=strict)
    figures.console.print(f"written: {folder / 'bench.json'}, {folder / 'bench.png'}")


if __name__ == "__main__":
    typer.run(main)
