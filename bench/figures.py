"""Results of every bench: figures, each with its baseline and bound."""

import json
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import stack

console = Console(width=140)
Task = TypeVar("Task")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure."""

    bench: str
    name: str
    value: float
    unit: str
    baseline: str = ""
    """What was measured beside it in the same run."""
    ratio: float | None = None
    """Value by that of the baseline."""
    least: float | None = None
    most: float | None = None
    of_ratio: bool = False
    """The bound is one of the ratio."""

    @property
    def held(self) -> bool | None:
        """Whether the bound is kept; None without one."""
        judged = self.ratio if self.of_ratio else self.value
        if judged is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or judged >= self.least) and (self.most is None or judged <= self.most)

    @property
    def margin(self) -> float:
        """How many times better than its bound a figure is: 1 at the bound, more is better."""
        judged = self.ratio if self.of_ratio else self.value
        if self.least is not None:
            return (judged or 0.0) / self.least
        return (self.most or 0.0) / max(judged or 0.0, 1e-9)

    @property
    def bound(self) -> str:
        """The bound in words."""
        what = " × baseline" if self.of_ratio else ""
        bounds = [f"≥ {self.least:,g}{what}"] if self.least is not None else []
        return ", ".join(bounds + ([f"≤ {self.most:,g}{what}"] if self.most is not None else []))


Measure = Callable[[], Coroutine[Any, Any, list[Figure]]]


def progress(tasks: Sequence[Task], what: str) -> Iterator[Task]:
    """Go through tasks and show how far it is."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(tasks, description=what)


def table(figures: Sequence[Figure]) -> Table:
    """Lay figures out, one table for all benches."""
    made = Table("", "", "value", "unit", "to the baseline", "must hold", "")
    for each in figures:
        ratio = "" if each.ratio is None else f"{each.ratio:,.2f} × {each.baseline}"
        mark = {True: "yes", False: "[red]no[/red]", None: ""}[each.held]
        value = f"{each.value:,.3g}" if each.value < 100 else f"{each.value:,.0f}"
        made.add_row(each.bench, each.name, value, each.unit, ratio or each.baseline, each.bound, mark)
    return made


def report(figures: Sequence[Figure], before: dict[str, object], file: Path | None, *, strict: bool) -> None:
    """Show figures, write them as JSON, and end with 1 under `strict` when a bound is missed."""
    machine = before | {"busy_after": round(os.getloadavg()[0], 1)}
    console.print(" · ".join(f"{name} {value}" for name, value in machine.items()))
    console.print(table(figures))
    rows = [asdict(each) | {"held": each.held} for each in figures]
    missed = [
        f"{each.bench}, {each.name}: {each.value:,.4g} {each.unit}, {each.bound}"
        for each in figures
        if each.held is False
    ]
    finish({"machine": machine, "figures": rows}, missed, file, strict=strict)


def finish(figures: Mapping[str, object], missed: Sequence[str], file: Path | None, *, strict: bool) -> None:
    """Write figures as JSON, say what is missed, and end with 1 under `strict` when something is."""
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n")
    for line in missed:
        print(f"missed: {line}")
    if strict and missed:
        raise typer.Exit(1)


def machine() -> dict[str, object]:
    """The machine before the bench, in short."""
    return {name: round(each, 1) if isinstance(each, float) else each for name, each in stack.machine().items()}
