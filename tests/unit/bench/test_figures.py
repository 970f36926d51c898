"""Figures know whether their bounds are kept; grids have as many cells as asked for; buffers end."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from bench import figures, towns
from bench.figures import Figure
from bench.load import Plan
from tracking.city import grid_file
from tracking.city.grid_faults import Faults


def figure(value: float, **fields: Any) -> Figure:
    """A figure of a bench."""
    return Figure(bench="b", name="n", value=value, unit="ms", **fields)


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (figure(5), None),
        (figure(5, most=5), True),
        (figure(5.1, most=5), False),
        (figure(5, least=5), True),
        (figure(4.9, least=5), False),
        (figure(100, ratio=1.2, most=1.3, of_ratio=True), True),
        (figure(1, ratio=1.4, most=1.3, of_ratio=True), False),
    ],
)
def test_bounds_are_judged(given: Figure, held: bool | None) -> None:
    """By value, or by the ratio to the baseline; none without a bound."""
    assert given.held is held
    if held is not None:
        assert (given.margin >= 1) is held


def test_a_missed_bound_fails_a_strict_run_only(tmp_path: Path) -> None:
    """The figures are written in either case."""
    file = tmp_path / "b.json"
    given = [figure(1), figure(9, most=5)]
    figures.report(given, {"cores": 2}, file, strict=False)
    with pytest.raises(typer.Exit):
        figures.report(given, {"cores": 2}, file, strict=True)
    written = json.loads(file.read_text())
    assert [each["held"] for each in written["figures"]] == [None, False]
    assert written["machine"]["cores"] == 2


@pytest.mark.parametrize("cells", [3, 1_528, 1_600])
def test_grids_have_as_many_cells_as_asked_for(cells: int) -> None:
    """They can be imported: codes differ, areas are there."""
    kept = towns.features(cells)
    assert sum(each["properties"]["kind"] == "cell" for each in kept) == cells
    faults = Faults()
    _, read, _ = grid_file.read(towns.encoded(kept), faults)
    assert (faults.found, len(read)) == ([], cells)


def test_a_buffered_plan_keeps_the_devices() -> None:
    """Only what is sent differs."""
    plan = Plan(port=1, devices=3, connections=1, places=[(1.0, 2.0)], prefix="x")
    made = plan.buffered(4, 30_000, "elsewhere")
    assert (made.messages, made.every_ms, made.devices, made.prefix, made.root) == (4, 30_000, 3, "x", "elsewhere")
