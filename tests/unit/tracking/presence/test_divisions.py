"""The division of the city changes: each moment is judged by the cells that held then (docs/coverage.md, Divisions)."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tests.unit.tracking.presence.test_order import wander
from tracking.geometry.lookup import EVER, FOR_EVER, CityGrid, GridCell
from tracking.presence import stays
from tracking.presence.engine import Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.visit_rules import VisitRules

D = tl.T0 + 600_000
"""When the division changes."""
CENTRE = tl.degrees(600.0, 150.0)
HALF = tl.SIDE_M / 2
KEPT, ENDED, SPLIT = 1, 2, 3
"""Of the row of four: the first goes on, the second ends, the third is split: half becomes cell 5, half none."""
NEW = 5


def rectangle(x: float, y: float, width: float, height: float) -> list[list[list[float]]]:
    """Rings of a rectangle whose south-west corner is at (x, y) m."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return [[[tl.degrees(*corner)[1], tl.degrees(*corner)[0]] for corner in corners]]


def cells(change: int = D) -> list[GridCell]:
    """The row of four squares, of which the division changes at `change`."""
    ends = {1: FOR_EVER, 2: change, 3: change, 4: FOR_EVER}
    row = [GridCell(id=n, rings=tl.square((n - 1) * tl.SIDE_M, 0), ends=ends[n]) for n in range(1, 5)]
    return [*row, GridCell(id=NEW, rings=rectangle(600, 0, tl.SIDE_M, HALF), begins=change)]


def grid(change: int = D) -> CityGrid:
    """All cells that ever held."""
    return CityGrid(cells(change), CENTRE)


def engine(change: int = D, *, steps: bool = False) -> Engine:
    """An engine over `grid`."""
    return Engine(grid(change), VisitRules.always([tl.RULE] * 5), steps=steps)


def judged(points: Sequence[tuple[float, float, float]]) -> list[tuple[int, int, int]]:
    """(cell, t_in, t_out) of the stays of a track, s since T0."""
    known = tl.run(engine(), tl.track(points))
    return [(each.cell, (each.t_in - tl.T0) // 1000, (each.t_out - tl.T0) // 1000) for each in known.values()]


def test_a_place_is_looked_up_in_the_cells_of_its_time() -> None:
    """Before, at and after the change, in one call."""
    lat, lon = np.array([tl.degrees(*at) for at in [(450, 150), (700, 50), (700, 250)] * 2]).T
    t = np.array([D - 1] * 3 + [D] * 3)
    assert grid().locate(lat, lon, t).tolist() == [ENDED, SPLIT, SPLIT, -1, NEW, -1]


def test_who_stands_still_changes_the_cell_at_that_moment() -> None:
    """The stay in the old cell ends, and that in the new one begins, at D to the millisecond."""
    assert judged(tl.stand((700, 60), begin=5, seconds=1200)) == [(SPLIT, 5, 600), (NEW, 600, 1195)]


def test_who_stands_where_no_cell_is_left_is_in_none() -> None:
    """The stay ends at D."""
    assert judged(tl.stand((450, 150), begin=5, seconds=1200)) == [(ENDED, 5, 600)]


def test_a_cell_that_goes_on_keeps_its_stay() -> None:
    """Over D as if nothing had happened."""
    assert judged(tl.stand((150, 150), begin=5, seconds=1200)) == [(KEPT, 5, 1195)]


def test_a_step_out_before_the_change_ends_at_the_boundary() -> None:
    """Who crossed the boundary before D left then; who would have crossed it after D left at D."""
    soon = [*tl.stand((580, 150), begin=0, seconds=591), *tl.stand((620, 250), begin=630, seconds=121)]
    assert judged(soon)[0] == (ENDED, 0, 600)
    early = [*tl.stand((310, 150), begin=0, seconds=571), (575, 310, 150), (605, 250, 150), (620, 150, 150)]
    assert judged(early)[0][:2] == (ENDED, 0)
    assert judged(early)[0][2] == 580


def test_a_cell_crossed_between_two_fixes_counts_while_it_held() -> None:
    """A ride over the second and third cell, between two fixes: what lay before D in them is told."""
    ride = [*tl.stand((150, 60), begin=560, seconds=31), (590, 150, 60), (620, 1050, 60), (650, 1050, 60)]
    said = judged(ride)
    # 30 m a second from 590: in the second cell at 595-605, of which it held until 600; in the new one at 605-615.
    assert (ENDED, 595, 600) in said
    assert (NEW, 605, 615) in said
    assert SPLIT not in {cell for cell, _, _ in said}


def test_the_issues_own_case() -> None:
    """One late fix in an old run, after the division changed: what was is what it was."""
    ride = [*tl.walk((450, 60), (1000, 60), begin=0, speed=1.3), *tl.stand((1000, 60), begin=440, seconds=150)]
    before = Engine(grid(FOR_EVER - 1), VisitRules.always([tl.RULE] * 5))
    whole, late = tl.track(ride[:20] + ride[21:]), tl.track([ride[20]])
    store = tl.Store(before)
    store.receive(whole)
    store.settle()
    store.restart(engine())
    store.receive(late)
    store.settle()
    assert store.known == tl.run(engine(), tl.track(ride))
    assert [each.cell for each in store.known.values()] == [ENDED, SPLIT, 4]


def known(fixes: FixColumns, change: int, *, steps: bool = False) -> tuple[tl.Stays, tl.Runs]:
    """Stays and runs when all comes at once."""
    store = tl.Store(engine(change, steps=steps))
    store.receive(fixes)
    store.settle()
    return store.known, store.runs


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(2, 120), st.floats(0, 1), st.integers(0, 2**32))
def test_any_arrival_and_restart_gives_the_same(seed: int, count: int, part: float, mess: int) -> None:
    """Live, late, step by step and after a restart; nobody is in a cell while it does not hold."""
    fixes = wander(seed, count, 1)
    change = int(fixes.t[0] + part * np.ptp(fixes.t))
    once = known(fixes, change)
    assert known(fixes, change, steps=True) == once
    rng = np.random.default_rng(mess)
    store = tl.Store(engine(change))
    arrival = np.argsort(np.arange(count) + rng.normal(0, rng.choice([0, 2, 1e6]), count), kind="stable")
    for part_of in np.array_split(arrival, rng.integers(1, 9)):
        if rng.random() < 0.3:
            store.restart(engine(change))
        store.receive(fixes.take(part_of))
    store.settle()
    assert (store.known, store.runs) == once
    held = {cell.id: (cell.begins, cell.ends) for cell in cells(change)}
    for stay in store.known.values():
        begins, ends = held[stay.cell]
        assert begins <= stay.t_in <= stay.t_out <= ends


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(2, 120), st.floats(0, 1))
def test_what_lies_a_gap_away_is_as_without_the_change(seed: int, count: int, part: float) -> None:
    """Runs that end before the change are those of the old division alone, runs that begin after it of the new."""
    fixes = wander(seed, count, 1)
    change = int(fixes.t[0] + part * np.ptp(fixes.t))
    stayed, runs = known(fixes, change)
    for other, old in ((FOR_EVER - 1, True), (EVER + 1, False)):
        alone, _ = known(fixes, other)
        ours = [run for run in runs.values() if (run.t_last < change if old else run.t_first >= change)]
        assert _within(stayed, ours) == _within(alone, ours)


def _within(found: tl.Stays, runs: list[stays.Run]) -> list[stays.Stay]:
    return [each for each in found.values() if any(run.t_first <= each.t_in <= run.t_last for run in runs)]


@pytest.mark.parametrize("later", [0, 1])
def test_the_plane_does_not_move(later: int) -> None:
    """A place is the same to the last bit whatever is imported later."""
    lat, lon = np.array([tl.degrees(10, 20)]).T
    more = [GridCell(id=9, rings=tl.square(5000, 5000), begins=D)][:later]
    assert CityGrid([*cells(), *more], CENTRE).xy(lat, lon) == grid().xy(lat, lon)
