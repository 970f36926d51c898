"""Units among workers: every unit once, evenly, and nothing moves without need."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.units.allotment import UNEVEN, allot

WEIGHTS = st.dictionaries(st.sampled_from([f"team-{n}" for n in range(30)]), st.integers(0, 200))
WORKERS = st.sets(st.sampled_from([f"worker-{n}" for n in range(6)]), min_size=1)
HELD = st.dictionaries(
    st.sampled_from([f"team-{n}" for n in range(30)]), st.sampled_from([f"worker-{n}" for n in range(8)])
)


def loads(weights: dict[str, int], workers: set[str], allotment: dict[str, str]) -> dict[str, int]:
    """What each worker carries."""
    return {
        worker: sum(max(1, weights[unit]) for unit, whose in allotment.items() if whose == worker) for worker in workers
    }


@given(WEIGHTS, WORKERS, HELD)
def test_every_unit_has_one_worker_that_is_at_work(
    weights: dict[str, int], workers: set[str], held: dict[str, str]
) -> None:
    """No unit is left out, none is given to who is gone."""
    allotment = allot(weights, workers, held)
    assert allotment.keys() == weights.keys()
    assert set(allotment.values()) <= workers


@given(WEIGHTS, WORKERS, HELD)
def test_no_single_move_would_make_it_more_even(
    weights: dict[str, int], workers: set[str], held: dict[str, str]
) -> None:
    """Where it is uneven, the units of the busiest are too large to be given to the idlest."""
    allotment = allot(weights, workers, held)
    load = loads(weights, workers, allotment)
    apart = max(load.values()) - min(load.values())
    if apart > UNEVEN * sum(load.values()) / len(load):
        busiest = max(load, key=lambda worker: (load[worker], worker))
        assert all(max(1, weights[unit]) >= apart for unit, whose in allotment.items() if whose == busiest)


@given(WEIGHTS, WORKERS, HELD)
def test_what_was_divided_stays_divided(weights: dict[str, int], workers: set[str], held: dict[str, str]) -> None:
    """Asked again with what it said, it says the same: units do not wander."""
    allotment = allot(weights, workers, held)
    assert allot(weights, workers, allotment) == allotment


@given(WEIGHTS, WORKERS, HELD, st.randoms())
def test_order_does_not_matter(weights: dict[str, int], workers: set[str], held: dict[str, str], rng: "object") -> None:
    """Every worker computes the same, however its rows came."""
    shuffled = dict(sorted(weights.items(), key=lambda _: rng.random()))  # type: ignore[attr-defined]
    assert allot(shuffled, sorted(workers, reverse=True), held) == allot(weights, workers, held)


def test_a_worker_that_comes_takes_its_share_and_nothing_else_moves() -> None:
    """Twelve units on two workers: the third takes two from each; when it goes, they are divided again."""
    weights = {f"team-{n:02d}": 10 for n in range(12)}
    two = allot(weights, ["worker-1", "worker-2"], {})
    three = allot(weights, ["worker-1", "worker-2", "worker-3"], two)
    moved = [unit for unit in weights if three[unit] != two[unit]]
    assert {three[unit] for unit in moved} == {"worker-3"}
    assert loads(weights, {"worker-1", "worker-2", "worker-3"}, three) == dict.fromkeys(three.values(), 40)
    again = allot(weights, ["worker-1", "worker-2"], three)
    assert all(again[unit] == three[unit] for unit in weights if unit not in moved)
    assert set(loads(weights, {"worker-1", "worker-2"}, again).values()) == {60}


def test_nobody_is_at_work() -> None:
    """Nothing is given."""
    assert allot({"team-1": 5}, [], {"team-1": "worker-1"}) == {}
