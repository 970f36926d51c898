"""Fits the weights of alerts.coverage.outlook on simulated shifts of towns that bench_warnings does not use."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from alerts.coverage import outlook
from alerts.store import weights
from bench import gaps, patrols, scenarios, shift, warned
from tracking.presence.fixes import Float

SEEDS = (103, 104, 105)
LEFT_MIN = np.array([0.0, 6.0, 15.0, 30.0, 75.0])
"""Times left that weights are fitted for."""
_TARGET = Path(outlook.__file__).with_name("outlook.json")
_EVERY = 5
_AHEAD_MS = 75 * patrols.MINUTE


def main(
    ridge: Annotated[float, typer.Option(help="Strength of the ridge penalty")] = 1.0,
) -> None:
    """Fit the weights and write them beside the rules that use them."""
    rows = [sample for seed in SEEDS for sample in samples(seed)]
    x, y = (np.concatenate(column) for column in zip(*rows, strict=True))
    columns = np.round(fit(x, y, ridge).reshape(len(LEFT_MIN), -1), 2).T.tolist()
    towns = ", ".join(map(str, SEEDS))
    made = weights.Fit(
        version=weights.FORMAT,
        fitted=datetime.now(UTC).date(),
        origin=f"bench/fit_outlook.py: simulated shifts in towns {towns}, ridge {ridge}",
        left_min=LEFT_MIN.tolist(),
        weights=dict(zip(outlook.FEATURES, columns, strict=True)),
    )
    _TARGET.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")


def samples(seed: int) -> list[tuple[Float, NDArray[np.bool_]]]:
    """Samples of a shift of each kind in the town of a seed."""
    world = shift.world(seed)
    known = shift.learn(world)
    return [_sample(world, scenario, known) for scenario in scenarios.SCENARIOS]


def _sample(
    world: shift.World, scenario: scenarios.Scenario, known: outlook.Learned
) -> tuple[Float, NDArray[np.bool_]]:
    """Features of cells that fall due soon, each for each time left that has weights, and whether they were missed."""
    going = shift.Shift(world=world, scenario=scenario, day=shift.WHOLE.history + 1, learned=known)
    found = []
    for n, now in enumerate(warned.looks(going)):
        going.walk(now)
        seen = going.eyes.look(now)
        if n % _EVERY:
            continue
        judged = going.situation(now, seen)
        due = judged.coverage.due
        rows = np.flatnonzero((due > now) & (due <= now + _AHEAD_MS) & ~seen.present)
        columns = outlook.features(known, going.signs)[rows]
        near = outlook.steps(going.signs.left_ms[rows], LEFT_MIN)
        found.append((rows, judged.gap_start[rows], (near[:, :, None] * columns[:, None, :]).reshape(len(rows), -1)))
    true = {(gap.cell, round(gap.start, -5)): gap for gap in gaps.gaps_of(going)}
    x, y = [], []
    for rows, since, columns in found:
        waits = [true.get((row, round(start, -5))) for row, start in zip(rows.tolist(), since.tolist(), strict=True)]
        x.append(columns[[gap is not None for gap in waits]])
        y += [gap.breached for gap in waits if gap is not None]
    return np.concatenate(x), np.array(y)


def fit(x: Float, y: NDArray[np.bool_], ridge: float) -> Float:
    """Logistic regression by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ weights))
        bend = x.T @ (x * (p * (1 - p))[:, None]) + ridge * np.eye(len(weights))
        weights += np.linalg.solve(bend, x.T @ (y - p) - ridge * weights)
    return np.asarray(weights)


if __name__ == "__main__":
    typer.run(main)
