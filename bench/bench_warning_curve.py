"""Share warned against share needless at other thresholds, of the product and of the plain rule.

The product is moved by its thresholds of probability, all by the same odds; the rule by the part of the limit after
which it warns. Nobody is sent, and every cell is reported by itself: no alerts of streets. Words: docs/alerts.md.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import matplotlib as mpl
import numpy as np
import typer
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

from alerts.coverage import rules, situation
from alerts.coverage.thresholds import Thresholds, WarningRule
from alerts.life.facts import Ending
from alerts.life.ledger import AlertLedger
from alerts.life.model import GAP, Change, Level, Step
from bench import bench_warnings, gaps, scenarios, shift, warned
from bench.bench_warnings import LEAST_RECALL, MOST_NEEDLESS
from bench.shift import WHOLE, Shift
from bench.warned import How, Score, share

ODDS = (0.125, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0)
"""What the odds of every threshold of probability are multiplied by: below 1 is bolder."""
PASSED = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Parts of the limit after which the rule warns."""
PRODUCT, RULE = "product", "rule"
BUILT_IN = {PRODUCT: 1.0, RULE: 0.8}
"""What bench_warnings measures."""
Way = tuple[str, float]


def main(
    seeds: Annotated[str, typer.Option(help="Towns and shifts to add up: how many, or which, as 11-13")] = "3",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the curves to this PNG")] = None,
) -> None:
    """Measure the curves."""
    curves = measure(bench_warnings.seeds_of(seeds))
    for name, curve in curves.items():
        for (how, moved), score in curve.items():
            shown = f"{100 * score.recall:5.1f} % warned, {100 * score.needless_share:4.1f} % needless"
            print(f"{name:13} {how:8}{moved:6g}: {shown}, {score.lead_min:4.1f} min, {score.rate:4.1f} an hour")
    if json_file is not None:
        rows = [
            {"shift": name, "way": how, "moved": moved, "warned": score.recall, "needless": score.needless_share,
             "lead_min": score.lead_min, "rate": score.rate}
            for name, curve in curves.items()
            for (how, moved), score in curve.items()
        ]  # fmt: skip
        json_file.write_text(json.dumps({"seeds": seeds, "rows": rows}, indent=2) + "\n")
    if plot is not None:
        draw(plot, curves)


def ways() -> dict[Way, How]:
    """All points of both curves."""
    return {(PRODUCT, odds): How(rule=moved(WarningRule(), odds)) for odds in ODDS} | {
        (RULE, passed): share(passed) for passed in PASSED
    }


def moved(rule: WarningRule, odds: float) -> WarningRule:
    """Thresholds of probability whose odds are multiplied."""
    chances = {name: getattr(rule, name) for name in ("early_chance", "near_chance", "last_chance")}
    return replace(rule, **{name: chance * odds / (chance * odds + 1 - chance) for name, chance in chances.items()})


def measure(seeds: range) -> dict[str, dict[Way, Score]]:
    """Let a shift of each kind pass in the town of each seed; both curves, by kind."""
    made: dict[str, dict[Way, Score]] = {}
    for seed in seeds:
        world = shift.world(seed)
        learned = shift.learn(world)
        for scenario in scenarios.SCENARIOS:
            going = Shift(world=world, scenario=scenario, day=WHOLE.history + 1, learned=learned)
            scores = watch(going, ways())
            before = made.get(scenario.name)
            made[scenario.name] = scores if before is None else {way: before[way].add(scores[way]) for way in scores}
    return made


def watch(going: Shift, ways: Mapping[Way, How]) -> dict[Way, Score]:
    """Let a shift pass and score what each way would have reported first of every gap."""
    ledgers = {way: AlertLedger() for way in ways}
    cells = len(going.world.places)
    since = {way: np.full(cells, -1, dtype=np.int64) for way in ways}
    by = {way: Thresholds.same(how.rule, cells) for way, how in ways.items()}
    for now in warned.looks(going):
        going.walk(now)
        seen = going.eyes.look(now)
        going.note_reach(now, seen)
        situation = going.situation(now, seen)
        for way, how in ways.items():
            rows = _first(how.sees(situation), by[way], since[way])
            ledgers[way].apply([_opened(situation, row, level) for row, level in rows])
    waits = gaps.gaps_of(going)
    return {way: warned.score(going, waits, ledger) for way, ledger in ledgers.items()}


def _first(now: situation.Situation, by: Thresholds, since: NDArray[np.int64]) -> list[tuple[int, Level]]:
    """Cells whose gap is reported now for the first time; `since` is the start of the last reported gap, by cell."""
    none = np.full(len(since), -1, dtype=np.int8)
    level = rules.levels(now.coverage, now.cells.dwell_ms, now.chance, none, by)
    reported = rules.can_judge(now, by) & (level >= Level.ORANGE) & (now.gap_start != since)
    since[reported] = now.gap_start[reported]
    return [(row, Level(level[row])) for row in np.flatnonzero(reported).tolist()]


def _opened(now: situation.Situation, row: int, level: Level) -> Change:
    key = rules.gap_key(now.cells.code[row], int(now.gap_start[row]))
    return Change(key=key, kind=GAP, step=Step.OPENED, level=level, cell=row + 1, at=now.now, facts=Ending())


def draw(file: Path, curves: Mapping[str, Mapping[Way, Score]]) -> None:
    """Draw a picture for each kind of shift; up and left is better, filled is what is built in."""
    mpl.use("agg")
    figure, axes = plt.subplots(1, len(curves), figsize=(14, 3.8), sharey=True, layout="constrained")
    for axis, (name, curve) in zip(axes, curves.items(), strict=True):
        for how, colour in ((PRODUCT, "#08519c"), (RULE, "#cb181d")):
            _line(axis, how, colour, {at: score for (each, at), score in curve.items() if each == how})
        axis.axhline(100 * LEAST_RECALL, color="gray", linewidth=0.8, linestyle=":")
        axis.axvline(100 * MOST_NEEDLESS, color="gray", linewidth=0.8, linestyle=":")
        axis.set_title(name)
        axis.set_xlabel("needless, %")
        axis.set_xlim(0, 70)
        axis.set_ylim(92, 100.2)
    axes[0].set_ylabel("warned, %")
    axes[-1].legend(loc="lower right")
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _line(axis: Axes, how: str, colour: str, points: Mapping[float, Score]) -> None:
    x, y = ([100 * value for value in column] for column in zip(*map(_point, points.values()), strict=True))
    label = "product, thresholds moved" if how == PRODUCT else "rule, after 50 to 95 % of the limit"
    axis.plot(x, y, "o-", color=colour, markerfacecolor="white", markersize=4, linewidth=1, label=label)
    built_in = _point(points[BUILT_IN[how]])
    axis.plot([100 * built_in[0]], [100 * built_in[1]], "o", color=colour, markersize=7)


def _point(score: Score) -> tuple[float, float]:
    return score.needless_share, score.recall


if __name__ == "__main__":
    typer.run(main)
