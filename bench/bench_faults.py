"""The fault suite: faults of broker, database, worker, web and network under load, and a check of the guarantees.

make bench-faults ARGS="--faults 200 --seed 1 --strict --json faults.json"
"""

import asyncio
import json
import signal
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import stack
from bench.faults import kinds, run, verdict
from bench.faults.kinds import Fault
from bench.faults.stage import Stage

console = Console(width=120)


def main(
    faults: Annotated[int, typer.Option(min=1, help="Number of faults; the guarantee is for 200")] = 20,
    seed: Annotated[int, typer.Option(help="Each seed gives another run")] = 1,
    only: Annotated[str | None, typer.Option(help="Only faults whose name contains this")] = None,
    minutes: Annotated[float, typer.Option(min=1, help="No fault begins later; those so far are judged")] = 600,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Strike faults and compare."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # mounts and rules are taken away, however it ends
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=faults)

        def tell(fault: Fault, outcome: run.Outcome | None) -> None:
            if outcome is None:
                progress.update(task, description=fault.name)
                return
            progress.advance(task)
            if outcome.recovered_s is None or outcome.recovered_s > verdict.WITHIN_S:
                progress.console.print(
                    f"fault {fault.number}, {fault.name}: recovered after {outcome.recovered_s} s {outcome.lacking}"
                )

        def plan(stage: Stage) -> list[Fault]:
            return kinds.plan(faults, seed, stage, only)

        result = asyncio.run(run.run(plan, seed, tell, most_s=60 * minutes))
    figures = {"machine": stack.machine(), **asdict(result), "recovery": recovery(result)}
    show(result)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2, default=str) + "\n")
    missed = list(misses(result))
    for line in missed:
        print(f"missed: {line}")
    if strict and missed:
        raise typer.Exit(1)


def recovery(result: run.Result) -> dict[str, dict[str, Any]]:
    """By kind: how often alone and in a pair, and the longest recovery of each, s."""
    table: dict[str, dict[str, Any]] = {}
    for outcome in result.outcomes:
        for name in outcome.kinds:
            row = table.setdefault(name, {"alone": 0, "pairs": 0, "longest_alone": 0.0, "longest_pair": 0.0})
            took = float("inf") if outcome.recovered_s is None else outcome.recovered_s
            how = ("alone", "longest_alone") if len(outcome.kinds) == 1 else ("pairs", "longest_pair")
            row[how[0]] += 1
            row[how[1]] = max(row[how[1]], took)
    return dict(sorted(table.items()))


def show(result: run.Result) -> None:
    """Print the tables."""
    table = Table("fault", "alone", "in pairs", "longest recovery alone, s", "in a pair, s")
    for name, row in recovery(result).items():
        times = [f"{row[key]:.1f}" if row[key] else "" for key in ("longest_alone", "longest_pair")]
        table.add_row(name, str(row["alone"]), str(row["pairs"]), *times)
    console.print(table)
    found = result.verdict
    console.print(
        f"{len(result.outcomes)} faults; {result.sent:,} fixes taken, {found.promised:,} promised, "
        f"{len(found.lost)} lost, {sum(found.doubled.values())} doubled; {found.lost_by_broker} lost by killed brokers "
        f"though they had acknowledged them, "
        f"none of them by devices that wait for `ack`."
    )
    console.print(
        f"{found.calls} calls for help, {len(found.calls_lost)} lost ({found.calls_lost_by_broker} by killed brokers); "
        f"{found.steps} steps of alerts, {len(found.steps_lost)} lost, {len(found.unsent)} not sent, "
        f"{len(found.sent_twice)} sent under two ids."
    )
    acts = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in sorted(result.hostile.items()))
    console.print(f"Hostile device: {acts}; {found.forged} fixes forged, {len(result.overheard)} topics overheard.")
    console.print(found.stays, markup=False)


def misses(result: run.Result) -> Iterator[str]:
    """What was promised and not kept."""
    found = result.verdict
    for what, lost in (
        ("fixes lost", found.lost),
        ("calls for help lost", found.calls_lost),
        ("steps of alerts lost", found.steps_lost),
        ("steps not sent", found.unsent),
        ("steps sent under two ids", found.sent_twice),
    ):
        if lost:
            yield f"{len(lost)} {what}, such as {lost[0]}"
    counts = {f"{what} doubled": n for what, n in found.doubled.items()}
    counts |= {"fixes forged by the hostile device": found.forged, "topics overheard by it": len(result.overheard)}
    for what, n in counts.items():
        if n:
            yield f"{n} {what}"
    if result.shown_twice:
        yield f"{len(result.shown_twice)} items of the event log shown twice, such as {result.shown_twice[0]}"
    if found.stays_differ:
        yield f"stays are not what the fixes say: {found.stays}"
    yield from map(slow, (outcome for outcome in result.outcomes if not in_time(outcome)))


def in_time(outcome: run.Outcome) -> bool:
    """Whether it recovered soon enough."""
    return outcome.recovered_s is not None and outcome.recovered_s <= verdict.WITHIN_S


def slow(outcome: run.Outcome) -> str:
    """Say how long it took."""
    if outcome.recovered_s is None:
        return f"fault {outcome.number}, {outcome.name}: no recovery, {outcome.lacking}"
    took = f"{outcome.recovered_s:.0f} s > {verdict.WITHIN_S:.0f} s"
    return f"fault {outcome.number}, {outcome.name}: {took}"


if __name__ == "__main__":
    typer.run(main)
