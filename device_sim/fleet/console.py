"""Progress of the simulator and of replays on the terminal."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from device_sim.fleet import run
from device_sim.replay import replay


def bars(console: Console) -> Progress:
    """A progress display that vanishes when done; plain and silent where the console is no terminal."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True,
    )  # fmt: skip


@contextlib.contextmanager
def sim_progress(console: Console) -> Iterator[run.Progress]:
    """Draw the preparation and the history upload of a simulation: pass what this yields as `on_progress`.

    Leave the context in `on_live`, so that the live part scrolls freely.
    """
    titles = {"prepare": "officers take up their beats", "history": "uploading the shift so far"}
    with bars(console) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(titles.get(stage, stage), total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield show


@contextlib.contextmanager
def replay_progress(console: Console) -> Iterator[replay.Progress]:
    """Draw how many points of a replay are acknowledged: pass what this yields as `on_progress`."""
    with bars(console) as progress:
        task = progress.add_task("points acknowledged", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def replay_summary(report: replay.ReplayReport, console: Console) -> None:
    """Print what became of the points of each device, what was skipped and what went wrong."""
    table = Table("device", title=None)
    for title in ("points read", "published", "acknowledged"):
        table.add_column(title, justify="right")
    for row in report.devices:
        table.add_row(row.device, *(f"{n:,}" for n in (row.read, row.published, row.acknowledged)))
    published = sum(row.published for row in report.devices)
    table.add_section()
    table.add_row("total", *(f"{n:,}" for n in (report.read, published, report.acknowledged)))
    console.print(table)
    for path, reason, count, first in report.skipped:
        console.print(f"{path}: skipped {count:,}: {reason} (first: {first})", markup=False)
    if report.unheard:
        console.print(f"nobody subscribes to {report.unheard:,} of the messages: is a worker running?", markup=False)
    for error in report.errors:
        console.print(f"error: {error}", markup=False)
    rate = report.acknowledged / max(report.seconds, 1e-3)
    console.print(f"{report.acknowledged:,} points in {report.seconds:.1f} s, {rate:,.0f} a second", markup=False)
