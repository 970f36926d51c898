"""Progress of the simulator and of replays on the terminal."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from device_sim import run


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
