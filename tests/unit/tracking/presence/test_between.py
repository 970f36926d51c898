"""Between two cells: who walks along a boundary is in neither surely, and may have visited either."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tracking.geometry import lookup
from tracking.presence import stays
from tracking.presence.engine import Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import StayKind
from tracking.presence.visit_rules import VisitRules

BOUNDARY = 300.0
"""x of the boundary between cells 1 and 2 of the row of cells, m."""
TURNS = 5
"""So often along 250 m of it, at 1.25 m/s: 1,000 s."""


def along(
    *,
    begin: float = 0.0,
    turns: int = TURNS,
    x: float = BOUNDARY,
    every: float = 10.0,
    noise: float = 3.0,
    seed: int = 1,
) -> list[tl.At]:
    """(s, x, y) of a walk to and fro along the boundary, with a noise that drifts slowly about it."""
    rng = np.random.default_rng(seed)
    ends = [(x, 25.0), (x, 275.0)]
    found: list[tl.At] = []
    for turn in range(turns):
        there, back = ends[turn % 2], ends[1 - turn % 2]
        found += tl.walk(there, back, begin=begin + turn * 200.0, every=every)[:-1]
    drift = rng.normal(0, noise, (len(found) // 6 + 2, 2))
    at = np.arange(len(found)) / 6
    off = [np.interp(at, np.arange(len(drift)), drift[:, axis]) for axis in (0, 1)]
    return [(s, px + float(off[0][n]), py + float(off[1][n])) for n, (s, px, py) in enumerate(found)]


def maybes(known: tl.Stays) -> dict[int, stays.Stay]:
    """Times between cells by the cell they are about; of several of one cell the longest."""
    found = [stay for stay in known.values() if stay.kind is StayKind.BETWEEN]
    return {stay.cell: stay for stay in sorted(found, key=lambda stay: stay.dwell_ms)}


def visited(known: tl.Stays) -> set[int]:
    """Cells with a valid visit."""
    return {stay.cell for stay in known.values() if stay.kind is StayKind.VISIT}


def told_of(known: tl.Stays) -> set[int]:
    """Cells of which nobody may say that they were not visited."""
    return visited(known) | set(maybes(known))


def test_who_walks_along_a_boundary_may_have_visited_either_cell() -> None:
    """Neither got a visit that is sure; both may have, and each names the other."""
    known = tl.run(tl.engine(), tl.track((s, BOUNDARY + (-1) ** n * 1.0, y) for n, (s, _, y) in enumerate(along())))
    assert not visited(known)
    assert {cell: stay.other for cell, stay in maybes(known).items()} == {1: 2, 2: 1}
    for stay in maybes(known).values():
        assert stay.dwell_ms > 900_000
        assert not stay.open


@pytest.mark.parametrize("seed", range(6))
def test_neither_side_is_neglected_whatever_the_noise(seed: int) -> None:
    """Whether a slow error puts the officer here or there: each cell got a visit, or may have."""
    assert {1, 2} <= told_of(tl.run(tl.engine(), tl.track(along(seed=seed))))


def test_who_comes_out_of_a_cell_to_its_boundary_may_have_gone_over() -> None:
    """Held in the cell that he came from, he may be in the other one: no visit of that is sure."""
    come = tl.walk((200.0, 25.0), (BOUNDARY, 25.0), begin=0.0)
    known = tl.run(tl.engine(), tl.track([*come, *along(begin=90.0)]))
    assert {1, 2} <= told_of(known)


def test_who_stands_on_a_boundary_makes_no_visit_in_either() -> None:
    """Nobody walks, so neither cell would have a valid visit, wherever he is."""
    known = tl.run(tl.engine(), tl.track((s, BOUNDARY + (-1) ** int(s) * 0.5, 150.0) for s in range(0, 1200, 5)))
    assert not told_of(known)


def test_an_event_on_a_boundary_may_belong_to_either_cell() -> None:
    """Who deals with something does not walk."""
    store = tl.Store(tl.engine())
    points = [(s, BOUNDARY + (-1) ** (s // 5) * 0.5, 150.0) for s in range(0, 1200, 5)]
    store.receive(tl.track(points), [tl.logged(600.0, BOUNDARY - 0.5, 150.0)])
    store.settle()
    assert set(maybes(store.known)) == {1, 2}


def test_a_cell_entered_surely_afterwards_has_its_stay_from_there_on() -> None:
    """The time that the stay covers is undecided no more."""
    inside = tl.walk((BOUNDARY + 2, 150.0), (BOUNDARY + 150, 150.0), begin=1000.0)
    known = tl.run(
        tl.engine(), tl.track([*along(noise=1.0), *inside, *tl.stand((450.0, 150.0), begin=1130, seconds=400)])
    )
    assert {1, 2} == set(maybes(known))
    stay = next(each for each in known.values() if each.kind is not StayKind.BETWEEN)
    assert stay.cell == 2
    assert all(each.t_out <= stay.t_in for each in maybes(known).values())


def test_a_stay_and_undecided_time_that_make_a_visit_only_together_may_be_one() -> None:
    """Two minutes inside, then two on the boundary: too short each, long enough together."""
    come = tl.walk((225.0, 25.0), (BOUNDARY - 0.5, 25.0), begin=0.0, speed=0.6)
    edge = [(s, BOUNDARY + (-1) ** n * 0.5, y) for n, (s, _, y) in enumerate(along(begin=130.0, turns=1))]
    known = tl.run(tl.engine(), tl.track([*come, *edge]))
    assert not known or {1} <= told_of(known)


def test_who_crosses_a_boundary_is_not_undecided() -> None:
    """A walk from cell to cell tells nothing of the kind."""
    known = tl.run(tl.engine(), tl.track(tl.walk((20.0, 150.0), (1180.0, 150.0), begin=0.0)))
    assert not maybes(known)


def test_three_cells_that_meet_may_all_have_been_visited() -> None:
    """Standing where three cells meet with an event, each may be the one."""
    corner = [(0.0, 0.0, 300.0), (300.0, 0.0, 150.0), (300.0, 150.0, 150.0)]
    grid = lookup.CityGrid([lookup.GridCell(id=n + 1, rings=tl.square(*each)) for n, each in enumerate(corner)])
    store = tl.Store(Engine(grid, VisitRules.always([tl.RULE] * 3)))
    points = [(s, BOUNDARY + (-1) ** (s // 5) * 0.5, 150.0 + (-1) ** (s // 10) * 0.5) for s in range(0, 1200, 5)]
    store.receive(tl.track(points), [tl.logged(600.0, BOUNDARY - 0.5, 150.0)])
    store.settle()
    assert set(maybes(store.known)) == {1, 2, 3}


def test_beyond_the_edge_of_the_city_is_no_cell() -> None:
    """Who walks along the city's edge may have visited the cell inside it, or none."""
    known = tl.run(tl.engine(), tl.track((s, (-1) ** n * 1.0, y) for n, (s, _, y) in enumerate(along(x=0.0))))
    assert {cell: stay.other for cell, stay in maybes(known).items()} == {1: None}


def test_it_is_told_while_it_goes_on() -> None:
    """A cell whose officer walks along its boundary now is not called neglected until he has left."""
    engine = tl.engine()
    known: tl.Stays = {}
    points = [(s, BOUNDARY + (-1) ** n * 1.0, y) for n, (s, _, y) in enumerate(along())]
    for each in points[:40]:
        tl.keep(known, engine.advance(tl.track([each])).changes)
    assert {stay.cell for stay in known.values() if stay.open} == {1, 2}


def test_what_turns_out_to_be_a_stay_was_never_between() -> None:
    """All fixes in one cell, but never surely until the last ones: the stay began at the first, all else is gone."""
    engine = tl.engine()
    known: tl.Stays = {}
    points = [(s, BOUNDARY + 1.5, y) for s, _, y in along(noise=0.0)]
    for each in points:
        tl.keep(known, engine.advance(tl.track([each])).changes)
    assert set(maybes(known)) == {1, 2}
    for each in tl.walk((BOUNDARY + 2, 25.0), (BOUNDARY + 60, 25.0), begin=1000.0):
        tl.keep(known, engine.advance(tl.track([each])).changes)
    tl.keep(known, engine.settle(tl.T0 + 10**9))
    assert not maybes(known)
    assert visited(known) == {2}


def whole(track: FixColumns, *, steps: bool = False) -> tuple[object, object]:
    """Stays and runs when all arrives at once."""
    store = tl.Store(tl.engine(steps=steps))
    store.receive(track)
    store.settle()
    return store.known, store.runs


def about_boundaries(seed: int) -> FixColumns:
    """Walks along boundaries, the city's edge among them, with stays before, between and after, and gaps."""
    rng = np.random.default_rng(seed)
    begin, points = 0.0, []
    for _ in range(int(rng.integers(1, 5))):
        x, noise = float(rng.choice([0.0, 300.0, 600.0])), float(rng.choice([0.5, 2.0, 5.0]))
        turns, every = int(rng.integers(1, 4)), float(rng.choice([1.0, 5.0, 10.0]))
        points += along(begin=begin, turns=turns, x=x, every=every, noise=noise, seed=int(rng.integers(0, 2**16)))
        begin = points[-1][0] + float(rng.choice([10.0, 40.0, 90.0, 200.0]))
        if rng.random() < 0.5:
            points += tl.walk((x + 3, 150.0), (x + float(rng.choice([10.0, 60.0])), 200.0), begin=begin)
            begin = points[-1][0] + 10.0
    made = tl.track(points)
    made.acc[:] = rng.choice([5.0, 12.0, np.nan])
    return made


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_what_is_told_does_not_depend_on_arrival(seed: int, restarts: bool) -> None:
    """Shuffled, doubled, in batches, one by one, across a restart: the same times between cells."""
    track = about_boundaries(seed)
    rng = np.random.default_rng(seed)
    order = np.argsort(np.arange(len(track)) + rng.normal(0, rng.choice([0.0, 3.0, 1e6]), len(track)), kind="stable")
    parts = np.array_split(order, int(rng.integers(1, 40)))
    store = tl.Store(tl.engine())
    for number, part in enumerate(parts):
        if restarts and number == len(parts) // 2:
            store.restart(tl.engine())
        store.receive(track.take(part))
    store.settle()
    assert (store.known, store.runs) == whole(track)
    assert whole(track) == whole(track, steps=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_no_time_is_both_a_stay_and_between(seed: int) -> None:
    """In one cell a device has a stay, or may have had one: no time counts twice, but in crossings between fixes."""
    known = whole(about_boundaries(seed))[0]
    assert isinstance(known, dict)
    of: dict[int, list[stays.Stay]] = {}
    for stay in known.values():
        of.setdefault(stay.cell, []).append(stay)
    for each in of.values():
        for maybe in [stay for stay in each if stay.kind is StayKind.BETWEEN]:
            assert maybe.t_out > maybe.t_in
            assert 60_000 <= maybe.dwell_ms <= maybe.t_out - maybe.t_in
            assert maybe.other != maybe.cell
            meant = [maybe, *(stay for stay in each if stay is not maybe and stay.fixes and overlap(stay, maybe))]
            span = max(stay.t_out for stay in meant) - min(stay.t_in for stay in meant)
            assert sum(stay.dwell_ms for stay in meant) <= span + 1, meant


def overlap(one: stays.Stay, other: stays.Stay) -> bool:
    """Whether two stays lie in the same time; exits of one may be the time of the other."""
    return one.t_in < other.t_out and other.t_in < one.t_out
