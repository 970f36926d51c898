"""The product against the written rules, small; and that the bench notices when they part."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.truth import judge, product, referee, worlds
from bench.truth.referee import Stay
from bench.truth.score import Score
from bench.truth.worlds import World
from tests.support import tracks

Stays = dict[int, list[Stay]]


@pytest.fixture(scope="module")
def world() -> World:
    """Twenty minutes of sixteen devices."""
    return worlds.simulated(1, 1_800, said=True)


@pytest.fixture(scope="module")
def by_rules(world: World) -> Stays:
    """Stays by the written rules."""
    city = world.ground.city
    return {device: referee.stays(city, track, world.ground.asked) for device, track in world.tracks.items()}


@pytest.fixture(scope="module")
def by_product(world: World) -> Stays:
    """Stays by the engine."""
    return product.judged(world.ground, world.tracks)


def missed(by_rules: Stays, found: Stays) -> set[str]:
    """Figures that miss their bound."""
    score = Score()
    score.add("a world", by_rules, found)
    return {figure.name for figure in judge.figures("truth", score, bound=True) if figure.held is False}


def test_the_product_does_what_is_written(by_rules: Stays, by_product: Stays) -> None:
    """Dwell agrees in every cell of every device, and each visit is one by the rules."""
    assert sum(len(stays) for stays in by_rules.values()) > 200
    assert sum(stay.kind == "visit" for stays in by_rules.values() for stay in stays) >= 10
    assert missed(by_rules, by_product) == set()


def without_exits(stay: Stay) -> Stay:
    """The time of exits is dwell."""
    return replace(stay, dwell_s=stay.end - stay.begin + 20)


def in_the_next_cell(stay: Stay) -> Stay:
    """The number of the cell is off by one."""
    return replace(stay, cell=stay.cell + 1)


def all_visits(stay: Stay) -> Stay:
    """Every stay is called a visit."""
    return replace(stay, kind="visit")


def no_visits(stay: Stay) -> Stay:
    """None is."""
    return replace(stay, kind="short")


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (without_exits, {"dwell error, median", "dwell error, 99 %"}),
        (in_the_next_cell, {"dwell error, median", "dwell error, 99 %", "visits, precision", "visits, recall"}),
        (all_visits, {"visits, precision"}),
        (no_visits, {"visits, recall"}),
    ],
)
def test_the_bench_notices(spoil: Callable[[Stay], Stay], names: set[str], by_rules: Stays, by_product: Stays) -> None:
    """What is spoiled misses its bound, and nothing else does."""
    spoiled = {device: [spoil(stay) for stay in stays] for device, stays in by_product.items()}
    assert missed(by_rules, spoiled) == names


def test_one_lost_stay_in_fifty_is_noticed(by_rules: Stays, by_product: Stays) -> None:
    """The 99th part in a hundred is held, so that a rare fault shows."""
    kept = {device: [stay for n, stay in enumerate(stays) if n % 25] for device, stays in by_product.items()}
    assert "dwell error, 99 %" in missed(by_rules, kept)


@tracks.needs_geolife
def test_real_tracks_are_judged_as_is_written() -> None:
    """Three of the real tracks over an irregular grid with holes and enclaves."""
    whole = worlds.real(1, 8.0)
    few = replace(whole, tracks={device: whole.tracks[device] for device in (2, 4, 7)})
    score = Score()
    judge.judged(few, score)
    assert score.stays > 30
    assert max(score.dwell_errors_s) < 1
