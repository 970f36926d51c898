"""The product's stays of a world beside those of the written rules, and the figures that come of it."""

from collections.abc import Iterator, Sequence

from bench.figures import Figure
from bench.truth import product, referee
from bench.truth.score import Score, per_cent
from bench.truth.worlds import World

MOST_MEDIAN_S, MOST_P99_S = 1.0, 15.0
LEAST_VISITS = 0.99


def judged(world: World, score: Score) -> None:
    """Add a world to a score."""
    city = world.ground.city
    expected = {device: referee.stays(city, track, world.ground.asked) for device, track in world.tracks.items()}
    score.add(world.name, expected, product.judged(world.ground, world.tracks))
    score.fixes += sum(map(len, world.tracks.values()))


def figures(name: str, score: Score, *, bound: bool) -> list[Figure]:
    """What a score says; `bound`: it has to keep the bounds."""
    size = f"{score.fixes:,} fixes, {score.stays:,} stays"
    visits = f"{score.true} visits"
    median, last = (per_cent(score.dwell_errors_s, share) for share in (50, 99))
    return [
        Figure(bench=name, name="dwell error, median", value=median, unit="s", baseline=size,
               most=MOST_MEDIAN_S if bound else None),
        Figure(bench=name, name="dwell error, 99 %", value=last, unit="s", baseline=size,
               most=MOST_P99_S if bound else None),
        Figure(bench=name, name="visits, precision", value=score.precision, unit="", baseline=visits,
               least=LEAST_VISITS if bound else None),
        Figure(bench=name, name="visits, recall", value=score.recall, unit="", baseline=visits,
               least=LEAST_VISITS if bound else None),
        *_paths(name, score.path_ratios),
    ]  # fmt: skip


def _paths(name: str, ratios: Sequence[float]) -> Iterator[Figure]:
    size = f"{len(ratios):,} stays of 30 m and more"
    for share in (1, 10, 50, 90, 99):
        value = per_cent(ratios, share)
        yield Figure(bench=name, name=f"path by the rules' path, {share} %", value=value, unit="", baseline=size)
