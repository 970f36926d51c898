"""Whether the engine follows docs/coverage.md: its stays compared with a slow computation by the written rules.

docs/accuracy.md explains the worlds and the figures.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from bench import figures
from bench.figures import Figure
from bench.truth import geolife, judge, replay, worlds
from bench.truth.score import Score
from bench.truth.worlds import World

REAL_ACCURACIES = 3.0, 8.0, 25.0
UNSAID = "accuracy never said"


def main(
    seeds: Annotated[int, typer.Option(min=1, help="Simulated worlds of each kind")] = 6,
    grids: Annotated[int, typer.Option(min=0, help="Grids under the real tracks")] = 2,
    minutes: Annotated[int, typer.Option(min=10, help="Length of a simulated shift")] = 60,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    pipeline: Annotated[bool, typer.Option(help="Also through the pipeline, in shuffled histories")] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a bound is missed")] = False,
) -> None:
    """Hold the product against the written rules."""
    before = figures.machine()
    if not geolife.TRACKS.is_dir():
        figures.console.print(f"no real tracks: {geolife.MISSING}")
    found = measure(seeds, grids if geolife.TRACKS.is_dir() else 0, minutes)
    if pipeline:
        found += asyncio.run(replay.measure())
    figures.report(found, before, json_file, strict=strict)


def measure(seeds: int, grids: int, minutes: int) -> list[Figure]:
    """Figures of simulated worlds, and of real tracks over so many grids."""
    scores: dict[str, Score] = {}
    for kind, make in figures.progress(list(_worlds(seeds, grids, minutes)), "worlds"):
        judge.judged(make(), scores.setdefault(kind, Score()))
    return [figure for kind, score in scores.items() for figure in judge.figures(kind, score, bound=UNSAID not in kind)]


def _worlds(seeds: int, grids: int, minutes: int) -> Iterator[tuple[str, Callable[[], World]]]:
    """Kinds of worlds, and what makes each."""
    for said, kind in ((True, "simulated"), (False, f"simulated, {UNSAID}")):
        for seed in range(1, seeds + 1):
            yield kind, lambda seed=seed, said=said: worlds.simulated(seed, 60 * minutes, said=said)  # type: ignore[misc]
    for accuracy in (*REAL_ACCURACIES, None):
        for seed in range(1, grids + 1):
            kind = "real tracks" if accuracy else f"real tracks, {UNSAID}"
            yield kind, lambda seed=seed, accuracy=accuracy: worlds.real(seed, accuracy)  # type: ignore[misc]


if __name__ == "__main__":
    typer.run(main)
