"""Accuracy of visits: what the engine finds in a simulated shift, compared with the truth.

docs/accuracy.md explains the words and the mixes.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import fleet, score, server
from device_sim.fleet import mix

LEAST_PRECISION = 0.99
LEAST_RECALL = 0.99
LARGEST_DWELL_ERROR_S = 15.0
"""Of the median."""


_HEADS = (
    "fixes", "visits\ntrue", "\nknowable", "\nfound", "\nprecision", "\nrecall", "exact\nprecision", "\nrecall",
    "dwell error\nmedian s", "\n90 % s", "cells\nfound", "wrongly\ncovered", "unknowable\nfound",
    "gaps\ntrue", "\nmissed", "\nfalse", "\nblind", "shown\nunknown", "\nblamed",
)  # fmt: skip


class Faults(StrEnum):
    """Which mixes are measured."""

    MIX = "mix"
    EACH = "each"


def main(
    officers: Annotated[int, typer.Option(min=1, help="Officers on patrol")] = 600,
    hours: Annotated[float, typer.Option(min=0.1, max=8, help="Length of the shift")] = 8,
    seeds: Annotated[str, typer.Option(help="Towns and fleets to add up: how many, or which, as 11-20")] = "10",
    faults: Annotated[Faults, typer.Option(help="The standard mix, or every fault by itself")] = Faults.MIX,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the figures into this PNG file (needs --group bench)")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time")] = 1,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure how right the visits are that the engine finds in a simulated shift."""
    plans = {"standard mix": mix.STANDARD} if faults is Faults.MIX else mix.SINGLE
    by_seed = measure(plans, officers, hours, _seeds(seeds), jobs=jobs)
    scores = {name: score.total(each) for name, each in by_seed.items()}
    title = f"{officers} officers, {hours:g} h, seeds {seeds}"
    Console(width=220).print(table(title, scores))
    if json_file is not None:
        run = {"officers": officers, "hours": hours, "seeds": seeds}
        rows = {name: figures(each) for name, each in scores.items()}
        seeded = {name: [figures(one) for one in each] for name, each in by_seed.items()}
        json_file.write_text(json.dumps({"run": run, "rows": rows, "by_seed": seeded}, indent=2) + "\n")
    if plot is not None:
        # Only who plots needs the library.
        from bench import plots  # noqa: PLC0415 - see above

        plots.draw(plot, title, by_seed)
    missed = [f"{name}: {what}" for name, each in scores.items() for what in misses(each)]
    for line in missed:
        print("missed:", line)
    if strict and missed:
        raise typer.Exit(1)


def measure(
    plans: dict[str, mix.Mix], officers: int, hours: float, seeds: Sequence[int], *, jobs: int = 0
) -> dict[str, list[score.Score]]:
    """Let a fleet work under each mix; for each a score by seed. `jobs` processes at a time, 0 for this one."""
    tasks = [(seed, officers, hours, name, plan) for seed in seeds for name, plan in plans.items()]
    if not jobs:
        done = map(_shift, tasks)
        return _collected(plans, tasks, done)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    # A process for each shift: what it took is given back when it ends.
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        return _collected(plans, tasks, bar.track(pool.map(_shift, tasks), len(tasks), description="shifts"))


def _seeds(said: str) -> range:
    """Seeds of "10" (the first ten) or "11-20"."""
    first, _, last = said.rpartition("-")
    return range(int(first or 1), int(last) + 1)


def _shift(task: tuple[int, int, float, str, mix.Mix]) -> score.Score:
    seed, officers, hours, _, plan = task
    town, mustered = fleet.town(seed), fleet.muster(seed, officers, hours, plan)
    return score.score(town, mustered, server.Server(town, mustered).run())


def _collected(
    plans: dict[str, mix.Mix], tasks: list[tuple[int, int, float, str, mix.Mix]], done: Iterable[score.Score]
) -> dict[str, list[score.Score]]:
    scores: dict[str, list[score.Score]] = {name: [] for name in plans}
    for (_, _, _, name, _), each in zip(tasks, done, strict=True):
        scores[name].append(each)
    return scores


def misses(each: score.Score) -> Iterator[str]:
    """Say which targets a score misses, with the figure."""
    if each.precision < LEAST_PRECISION:
        yield f"precision {each.precision:.4f} < {LEAST_PRECISION}"
    if each.recall < LEAST_RECALL:
        yield f"recall {each.recall:.4f} < {LEAST_RECALL}"
    if each.dwell_error_s(50) > LARGEST_DWELL_ERROR_S:
        yield f"median dwell error {each.dwell_error_s(50):.1f} s > {LARGEST_DWELL_ERROR_S:g} s"
    if each.cells_unknowable_found:
        yield f"{each.cells_unknowable_found} of {each.cells_unknowable} unknowable cells found visited"
    if each.shown_unknown < each.must_be_unknown:
        missed = each.must_be_unknown - each.shown_unknown
        yield f"{missed} of {each.must_be_unknown} cells that silence hides not shown as unknown"


def table(title: str, scores: dict[str, score.Score]) -> Table:
    """Lay the scores out, a row for each."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    made.add_column("fault", no_wrap=True)
    for head in _HEADS:
        made.add_column(head, justify="right", no_wrap=True)
    for name, each in scores.items():
        made.add_row(
            name,
            *(f"{count:,}" for count in (each.fixes, each.true, each.knowable, each.found)),
            f"{each.precision:.4f}" if each.found else "–",
            f"{each.recall:.4f}" if each.knowable else "–",
            f"{each.letter_precision:.4f}" if each.found else "–",
            f"{each.letter_recall:.4f}" if each.letter_knowable else "–",
            *(f"{each.dwell_error_s(per_cent):.1f}" if each.dwell_errors_s else "–" for per_cent in (50, 90)),
            *(str(count) for count in (each.cells_found, each.cells_wrong)),
            f"{each.cells_unknowable_found} of {each.cells_unknowable}",
            *(str(count) for count in (each.gaps, each.gaps_missed, each.gaps_false, each.gaps_blind)),
            f"{each.shown_unknown} of {each.must_be_unknown}",
            str(each.blamed),
        )
    return made


def figures(each: score.Score) -> dict[str, float]:
    """All counts of a score and the rates that come from them, for the JSON file."""
    counts = {name: getattr(each, name) for name in each.__slots__ if name != "dwell_errors_s"}
    rates = {
        "precision": each.precision, "recall": each.recall,
        "letter_precision": each.letter_precision, "letter_recall": each.letter_recall,
    }  # fmt: skip
    dwell = {f"dwell_error_s_p{per_cent}": each.dwell_error_s(per_cent) for per_cent in (50, 90)}
    return counts | rates | dwell


if __name__ == "__main__":
    typer.run(main)
