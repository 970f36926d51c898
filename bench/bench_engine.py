"""Speed of the engine without I/O: fixes of a shift through `Engine.advance`, and the lookup of their cells alone.

The fixes are in order of time, so none is late. The figures use the CPU time of this process, since the unit is one
core; elapsed time, which depends on other work of the machine, is reported as well.
"""

import gc
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import fleet
from device_sim.fleet import mix
from tracking.presence.engine import Engine
from tracking.presence.fixes import FixColumns

LEAST_FIXES_PER_S = 100_000
"""Through the engine, a CPU second."""
LIVE_ROWS = (600, 60)
"""Batches as a live worker meets them: ten seconds and one second of 600 officers."""
LIVE_FIXES = 200_000
"""So many of the first fixes go in again in such batches: a fixed cost of each batch shows."""
MIB = 1 << 20


@dataclass(slots=True)
class Spent:
    """Time of one of the two, s."""

    cpu: float = 0.0
    wall: float = 0.0

    def time(self, work: Callable[[], object]) -> None:
        """Add what `work` takes."""
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


@dataclass(slots=True)
class Result:
    """What the shift took."""

    fixes: int = 0
    batches: int = 0
    late: int = 0
    """Fixes that the engine set aside as late: none, or the figure flatters."""
    stays: int = 0
    """Changes of stays that came out."""
    engine: Spent = field(default_factory=Spent)
    lookup: Spent = field(default_factory=Spent)
    rss_before: int = 0
    """Bytes with the whole shift in memory, before the first batch."""
    rss_peak: list[int] = field(default_factory=lambda: [0] * 4)
    """Most bytes after any batch, by quarter of the shift."""


def main(
    officers: Annotated[int, typer.Option(min=1, help="Officers on patrol")] = 600,
    hours: Annotated[float, typer.Option(min=0.1, max=8, help="Length of the shift")] = 8,
    batch_minutes: Annotated[float, typer.Option(min=0.02, help="Length of a batch, minutes")] = 10,
    seed: Annotated[int, typer.Option(help="Each seed gives another town and fleet")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if the target is missed")] = False,
) -> None:
    """Measure how many fixes a second of CPU takes through the engine."""
    town = fleet.town(seed)
    shift = list(batches(fleet.muster(seed, officers, hours, mix.STANDARD), hours, int(batch_minutes * 60_000)))
    # What the simulation leaves in memory is not the engine's to collect.
    gc.collect()
    gc.freeze()
    result = measure(town, shift)
    live = {rows: measure(town, list(cut(shift, rows))) for rows in LIVE_ROWS}
    rates = {
        "engine_fixes_per_cpu_s": result.fixes / result.engine.cpu,
        "engine_fixes_per_wall_s": result.fixes / result.engine.wall,
        "lookup_fixes_per_cpu_s": result.fixes / result.lookup.cpu,
        "lookup_fixes_per_wall_s": result.fixes / result.lookup.wall,
        "engine_to_lookup": result.engine.cpu / result.lookup.cpu,
    }
    rates |= {f"live_{rows}_fixes_per_cpu_s": each.fixes / each.engine.cpu for rows, each in live.items()}
    console = Console(width=120)
    console.print(table(f"{officers} officers, {hours:g} h, standard mix, seed {seed}", result, rates))
    quarters = ", ".join(f"{rss / MIB:.0f}" for rss in result.rss_peak)
    console.print(
        f"{result.fixes:,} fixes in {result.batches} batches, {result.late} late, {result.stays:,} stays reported"
    )
    for rows, each in live.items():
        rate, batch_ms = rates[f"live_{rows}_fixes_per_cpu_s"], 1000 * each.engine.cpu / each.batches
        console.print(f"in batches of {rows}: {rate:,.0f} fixes per CPU s, {batch_ms:.1f} ms a batch")
    console.print(f"RSS, MiB: {result.rss_before / MIB:.0f} with the shift loaded; peak by quarter {quarters}")
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(result) | rates, indent=2) + "\n")
    if rates["engine_fixes_per_cpu_s"] < LEAST_FIXES_PER_S:
        print(f"missed: {rates['engine_fixes_per_cpu_s']:,.0f} fixes per CPU second < {LEAST_FIXES_PER_S:,}")
        if strict:
            raise typer.Exit(1)


def batches(mustered: fleet.Fleet, hours: float, batch_ms: int) -> Iterator[FixColumns]:
    """The fixes of the first `hours`, so many ms at a time, in the order in which they were taken."""
    begin = mustered.officers[0].shift_start(fleet.SHIFT)
    t = mustered.fixes.t
    order = np.argsort(t, kind="stable")
    order = order[t[order] < begin + int(hours * 3_600_000)]
    edges = np.arange(begin + batch_ms, begin + int(hours * 3_600_000), batch_ms)
    for rows in np.split(order, np.searchsorted(t[order], edges)):
        yield mustered.fixes.take(rows)


def cut(shift: list[FixColumns], rows: int) -> Iterator[FixColumns]:
    """The first LIVE_FIXES fixes, so many rows at a time."""
    left = LIVE_FIXES
    for batch in shift:
        for start in range(0, min(len(batch), left), rows):
            yield batch.take(slice(start, start + rows))
        left -= len(batch)
        if left <= 0:
            return


def measure(town: fleet.Town, shift: list[FixColumns]) -> Result:
    """Time the engine and the bare lookup on each batch in turn, so that both meet the same machine."""
    process, engine = psutil.Process(), Engine(town.grid, town.visit_rules())
    result = Result(batches=len(shift), rss_before=process.memory_info().rss)

    def advance(batch: FixColumns) -> None:
        answer = engine.advance(batch)
        result.late += int(answer.late.sum())
        result.stays += len(answer.changes.stays)

    for number, batch in enumerate(track(shift, "engine", console=Console(stderr=True), transient=True)):
        result.fixes += len(batch)
        result.lookup.time(partial(town.grid.places, batch.lat, batch.lon, batch.acc))
        result.engine.time(partial(advance, batch))
        quarter = 4 * number // len(shift)
        result.rss_peak[quarter] = max(result.rss_peak[quarter], process.memory_info().rss)
    return result


def table(title: str, result: Result, rates: dict[str, float]) -> Table:
    """Lay out the engine beside the lookup."""
    made = Table(title=title, title_justify="left")
    made.add_column("")
    for head in ("fixes per CPU s", "fixes per wall s", "CPU s", "wall s"):
        made.add_column(head, justify="right")
    for name, spent in (("engine", result.engine), ("lookup", result.lookup)):
        per_s = (f"{rates[f'{name}_fixes_per_{clock}_s']:,.0f}" for clock in ("cpu", "wall"))
        made.add_row(name, *per_s, f"{spent.cpu:.2f}", f"{spent.wall:.2f}")
    made.add_row("engine ÷ lookup", "", "", f"{rates['engine_to_lookup']:.1f}", "")
    return made


if __name__ == "__main__":
    typer.run(main)
