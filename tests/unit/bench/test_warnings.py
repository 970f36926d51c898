"""The product's warnings on simulated shifts, small: the bench in a minute, on towns that nothing was fitted on."""

from dataclasses import replace

import pytest

from alerts.life.facts import Ending
from alerts.life.ledger import AlertLedger
from alerts.life.model import GAP, Change, Level, Step
from bench import bench_warnings, scenarios, shift, warned
from bench.bench_warnings import Passed
from bench.gaps import Gap
from bench.patrols import HOUR, MINUTE
from bench.shift import Length, Shift
from bench.warned import Way

SEEDS = (4, 5)
LENGTH = Length(history=8, end=15 * HOUR, look_ms=2 * MINUTE)
SCENARIOS = tuple(scenario for scenario in scenarios.SCENARIOS if scenario.name in ("busy", "understaffed"))


@pytest.fixture(scope="module")
def passed() -> dict[str, Passed]:
    """Two towns, three hours each."""
    by_seed = bench_warnings.measure(SEEDS, SCENARIOS, LENGTH)
    return {name: bench_warnings.total(each) for name, each in by_seed.items()}


@pytest.mark.parametrize("name", ["busy", "understaffed"])
def test_warnings_are_early_right_few_and_help(passed: dict[str, Passed], name: str) -> None:
    """All targets of the bench hold, and those of the rule "warn at 80 %" would not."""
    assert passed[name].watched[Way.RULES].preventable > 250
    assert list(bench_warnings.misses(name, passed[name])) == []
    other = replace(passed[name], watched=dict.fromkeys((Way.RULES, Way.SHARE), passed[name].watched[Way.SHARE]))
    assert list(bench_warnings.misses(name, other))


@pytest.fixture(scope="module")
def going() -> Shift:
    """A shift that nobody walks: what is told of it is made up."""
    world = shift.world(SEEDS[-1])
    learned = shift.learn(world, replace(LENGTH, history=0))
    return Shift(world=world, scenario=scenarios.SCENARIOS[0], day=1, learned=learned, length=LENGTH)


def _gap(going: Shift, *, due_h: float, visited_h: float) -> Gap:
    return Gap(
        cell=7,
        start=going.start + 11 * HOUR,
        due=going.start + round(due_h * HOUR),
        visited=going.start + visited_h * HOUR,
    )


def _told(going: Shift, hour: float, level: Level = Level.ORANGE) -> AlertLedger:
    made = AlertLedger()
    at = going.start + round(hour * HOUR)
    made.apply([Change(key="a", kind=GAP, step=Step.OPENED, level=level, cell=8, at=at, facts=Ending())])
    return made


def test_score_counts_a_warning_only_while_somebody_could_still_come(going: Shift) -> None:
    """Of a breach at 13:00 that could be prevented until 12:50, a warning at 12:40 counts, one at 12:55 does not."""
    gap = _gap(going, due_h=13, visited_h=14)
    going.reach = {(7, gap.due): gap.due - 10 * MINUTE}
    going.reach_proven = {(7, gap.due): gap.due - 15 * MINUTE}
    early = warned.score(going, [gap], _told(going, 12 + 2 / 3))
    assert (early.recall, early.proven_recall, early.lead_min, early.needless) == (1, 1, 20, 0)
    between = warned.score(going, [gap], _told(going, 12.8))
    assert (between.recall, between.proven_recall) == (1, 0)
    late = warned.score(going, [gap], _told(going, 12 + 11 / 12))
    assert (late.preventable, late.warned, late.orange, late.needless) == (1, 0, 1, 0)
    assert late.overdue_hours == pytest.approx(1)
    assert warned.score(going, [gap], _told(going, 12.5, Level.RED)).warned == 0


def test_score_counts_what_was_needless(going: Shift) -> None:
    """A warning of a cell that is visited before its limit was needless."""
    made = warned.score(going, [_gap(going, due_h=13, visited_h=12.9)], _told(going, 12.5))
    assert (made.orange, made.needless, made.breaches, made.overdue_hours) == (1, 1, 0, 0)
    assert made.alerts == 1
    assert made.supervisor_hours == 3 * len(going.world.cells.streets)
