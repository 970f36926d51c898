"""Quality of pre-warnings: the rules of the product on simulated shifts, compared with "warn at 80 % of the limit".

Every shift passes several times: once without anybody being sent, to see what would have become of every gap, and once
for each way of warning with officers who follow four orders of five. Words and figures: docs/alerts.md.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import scenarios, shift
from bench.shift import WHOLE, Length, Shift
from bench.warned import HOW, Score, Way, act, watch

LEAST_RECALL = 0.95
LEAST_LEAD_MIN = 15.0
MOST_NEEDLESS = 0.2
MOST_ALERTS_PER_HOUR = 6.0
BUSY = "busy"
"""Scenario on which the rate of alerts is judged."""
MOST_OVERDUE = 0.5
"""Of the overdue cell-hours without warnings."""

_HEADS = (
    "breaches", "preventable", "warned", "with dwell", "by street\nonly", "lead, min\nmedian", "orange", "needless",
    "balance", "alerts per\nsupervisor-h", "overdue cell-h\nif followed", "orders",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What became of one shift, or of several."""

    watched: Mapping[Way, Score]
    """Nobody was sent."""
    acted: Mapping[Way, Score]
    """Officers were sent to what was warned of."""

    def add(self, other: "Passed") -> "Passed":
        """Both together."""
        return Passed(
            watched={way: score.add(other.watched[way]) for way, score in self.watched.items()},
            acted={way: score.add(other.acted[way]) for way, score in self.acted.items()},
        )


def main(
    seeds: Annotated[str, typer.Option(help="Towns and shifts to add up: how many, or which, as 11-13")] = "3",
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure how good pre-warnings are, and what comes of following them."""
    by_seed = measure(seeds_of(seeds), scenarios.SCENARIOS, WHOLE, jobs=jobs)
    passed = {name: total(each) for name, each in by_seed.items()}
    Console(width=180).print(table(f"600 officers, 1,528 cells, 12:00 to 20:00, seeds {seeds}", passed))
    if json_file is not None:
        rows = {name: figures(each) for name, each in passed.items()}
        seeded = {name: [figures(one) for one in each] for name, each in by_seed.items()}
        json_file.write_text(json.dumps({"seeds": seeds, "rows": rows, "by_seed": seeded}, indent=2) + "\n")
    missed = [f"{name}: {what}" for name, each in passed.items() for what in misses(name, each)]
    for line in missed:
        print("missed:", line)
    if strict and missed:
        raise typer.Exit(1)


def measure(
    seeds: Sequence[int], scenarios: Sequence[scenarios.Scenario], length: Length, *, jobs: int = 0
) -> dict[str, list[Passed]]:
    """Let shifts of each kind pass in the towns of the seeds; by kind, one for each seed. `jobs` 0: in this process."""
    tasks = [(seed, tuple(scenarios), length) for seed in seeds]
    if not jobs:
        return _by_kind(scenarios, map(_town, tasks))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        done = bar.track(pool.map(_town, tasks), len(tasks), description="towns")
        return _by_kind(scenarios, done)


def seeds_of(said: str) -> range:
    """Seeds of "3" (the first three) or "11-13"."""
    first, _, last = said.rpartition("-")
    return range(int(first or 1), int(last) + 1)


def _town(task: tuple[int, tuple[scenarios.Scenario, ...], Length]) -> list[Passed]:
    """Learn from the days before, then let a shift of each kind pass, again and again."""
    seed, kinds, length = task
    world = shift.world(seed)
    learned = shift.learn(world, length)

    def going(scenario: scenarios.Scenario) -> Shift:
        return Shift(world=world, scenario=scenario, day=length.history + 1, learned=learned, length=length)

    return [
        Passed(watched=watch(going(scenario), HOW), acted={way: act(going(scenario), way) for way in Way})
        for scenario in kinds
    ]


def _by_kind(scenarios: Sequence[scenarios.Scenario], towns: Iterable[list[Passed]]) -> dict[str, list[Passed]]:
    made: dict[str, list[Passed]] = {scenario.name: [] for scenario in scenarios}
    for town in towns:
        for scenario, passed in zip(scenarios, town, strict=True):
            made[scenario.name].append(passed)
    return made


def total(each: Sequence[Passed]) -> Passed:
    """The sum of shifts."""
    made = each[0]
    for other in each[1:]:
        made = made.add(other)
    return made


def misses(name: str, passed: Passed) -> Iterator[str]:
    """Say which targets are missed, with the figure."""
    mine, share = passed.watched[Way.RULES], passed.watched[Way.SHARE]
    if mine.recall < LEAST_RECALL:
        yield f"{mine.recall:.3f} of the preventable breaches were warned of < {LEAST_RECALL}"
    if mine.lead_min < LEAST_LEAD_MIN:
        yield f"median lead {mine.lead_min:.1f} min < {LEAST_LEAD_MIN:g} min"
    if mine.needless_share > MOST_NEEDLESS:
        yield f"{mine.needless_share:.3f} of the orange warnings were needless > {MOST_NEEDLESS}"
    if name == BUSY and mine.rate > MOST_ALERTS_PER_HOUR:
        yield f"{mine.rate:.2f} alerts per supervisor-hour > {MOST_ALERTS_PER_HOUR:g}"
    if mine.needless_share >= share.needless_share or mine.rate >= share.rate:
        yield f"not fewer alerts, or not fewer needless ones, than {Way.SHARE.value}"
    if mine.balance <= share.balance:
        yield f"balance {mine.balance:.3f}, no better than {share.balance:.3f} of {Way.SHARE.value}"
    left, without = passed.acted[Way.RULES].overdue_hours, passed.acted[Way.NONE].overdue_hours
    if left > MOST_OVERDUE * without:
        yield f"{left:.1f} overdue cell-hours > {MOST_OVERDUE:g} x {without:.1f}"


def table(title: str, passed: Mapping[str, Passed]) -> Table:
    """Lay the figures out, a row for each kind of shift and way of warning."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    made.add_column("shift", no_wrap=True)
    made.add_column("warning", no_wrap=True)
    for head in _HEADS:
        made.add_column(head, justify="right", no_wrap=True)
    for name, each in passed.items():
        for way in Way:
            acted = each.acted[way]
            after = (f"{acted.overdue_hours:.1f}", str(acted.orders))
            shown = _shown(each.watched[way]) if way in each.watched else ("",) * (len(_HEADS) - 2)
            made.add_row(name if way is Way.RULES else "", way.value, *shown, *after)
    return made


def _shown(score: Score) -> tuple[str, ...]:
    return (
        str(score.breaches),
        str(score.preventable),
        f"{100 * score.recall:.1f} %",
        f"{100 * score.proven_recall:.1f} %",
        str(score.by_street),
        f"{score.lead_min:.1f}",
        str(score.orange),
        f"{100 * score.needless_share:.1f} %",
        f"{score.balance:.3f}",
        f"{score.rate:.2f}",
    )


def figures(passed: Passed) -> dict[str, dict[str, dict[str, float]]]:
    """All counts and the rates that come from them, for the JSON file."""
    return {
        "watched": {way.value: _figures(score) for way, score in passed.watched.items()},
        "acted": {way.value: _figures(score) for way, score in passed.acted.items()},
    }


def _figures(score: Score) -> dict[str, float]:
    counts = {name: value for name, value in asdict(score).items() if name != "leads_min"}
    rates = ("recall", "proven_recall", "lead_min", "needless_share", "balance", "rate")
    return counts | {name: getattr(score, name) for name in rates}


if __name__ == "__main__":
    typer.run(main)
