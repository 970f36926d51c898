"""What is put aside changes neither what the engine tells nor when, and is bounded."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tests.unit.tracking.presence.test_order import wander
from tracking.presence.deferred import Deferred
from tracking.presence.engine import Advance, Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.placed import INNER, SIGMA, WIDTH, LocatedFixes, T, X


def fleet(seed: int, devices: int, count: int) -> FixColumns:
    """Noisy tracks of several devices."""
    return FixColumns.concat([wander(seed + device, count, device) for device in range(1, devices + 1)])


def strolls(devices: int, seconds: int, every: int, way_m: float = 120) -> FixColumns:
    """Officers who walk up and down a way each, in step."""
    each = [
        tl.track(
            [
                (s + device / 10, 150 + way_m / 2 * np.sin(2.6 * s / way_m), 150 + 3 * device)
                for s in range(0, seconds, every)
            ],
            device=device,
        )
        for device in range(1, devices + 1)
    ]
    return FixColumns.concat(each)


def answers(of: Engine, fixes: FixColumns, cuts: list[int]) -> list[object]:
    """What the engine says after each batch of the fixes in order of time, and after a long silence."""
    order = np.argsort(fixes.t, kind="stable")
    said = [_said(of.advance(fixes.take(part))) for part in np.split(order, cuts)]
    return [*said, of.settle(tl.T0 + 10**9)]


def _said(answer: Advance) -> object:
    return answer.changes, answer.late.tolist(), answer.cell.tolist()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 60), st.integers(1, 12))
def test_every_batch_is_answered_as_by_single_steps(seed: int, devices: int, count: int, most: int) -> None:
    """After every batch of a fix or a few of each device the engine tells what it does when it takes each by itself."""
    fixes = fleet(seed, devices, count)
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(fixes), len(fixes) // most)).tolist()
    assert answers(tl.engine(), fixes, cuts) == answers(tl.engine(steps=True), fixes, cuts)


@pytest.mark.parametrize("way_m", [120, 900])
@pytest.mark.parametrize("every", [1, 3, 10])
def test_strolls_are_told_after_the_same_fix(every: int, way_m: float) -> None:
    """Of officers who are heard in step, in a cell or through several, each stay and run is told when it follows."""
    fixes = strolls(4, 1200, every, way_m)
    cuts = list(range(4, len(fixes), 4))
    assert answers(tl.engine(), fixes, cuts) == answers(tl.engine(steps=True), fixes, cuts)


def test_most_fixes_of_a_stroll_are_put_aside() -> None:
    """What this is for: hardly any fix is walked by itself, and after a silence nothing is left."""
    engine, fixes = tl.engine(), strolls(4, 20, 1)
    answers_before = [engine.advance(fixes.take(fixes.t == t)) for t in np.unique(fixes.t)]
    assert len(answers_before) == 80
    assert len(engine._deferred) >= 60
    engine.settle(tl.T0 + 10**9)
    assert len(engine._deferred) == 0


def test_what_is_put_aside_is_bounded() -> None:
    """Where there is no more room fixes are walked, and what comes out is the same."""
    fixes = strolls(9, 300, 2)
    cuts = list(range(9, len(fixes), 9))
    expected = answers(tl.engine(steps=True), fixes, cuts)
    engine = tl.engine(deferred=Deferred(most=16, room=4))
    assert answers(engine, fixes, cuts) == expected
    assert len(engine._deferred._values) <= 16


def placed(*rows: tuple[float, float, int], device: int = 1) -> LocatedFixes:
    """Fixes of a device as (s, x, index of the cell)."""
    values = np.zeros((len(rows), WIDTH))
    values[:, T], values[:, X], values[:, INNER] = np.array(rows).T
    values[:, T] *= 1000
    values[:, SIGMA] = 2.0
    return LocatedFixes(device=np.full(len(rows), device, dtype=np.int32), values=values)


@pytest.mark.parametrize(
    ("fix", "aside"),
    [
        ((10, 13, 3), True),
        ((29.999, 29, 3), True),
        ((30, 13, 3), False),  # something is to be told
        ((10, 13, 4), False),  # another cell
        ((10, 13, -1), False),
        ((10, 31, 3), False),  # so far that the way may lead through another cell
        ((0.1, 29, 3), False),  # too fast: a jump of the receiver
    ],
)
def test_a_fix_is_put_aside_when_nothing_follows(fix: tuple[float, float, int], aside: bool) -> None:
    """Same cell as before, near, at a possible speed, before anything is to be told."""
    of = Deferred()
    of.reserve(8)
    of.expect(placed((0, 0, 3)), np.array([30_000]))
    assert of.put_aside(placed(fix)).tolist() == [aside]
    assert of.put_aside(placed(fix, device=2)).tolist() == [False]
    assert of.take(np.array([1, 2], dtype=np.int32)).t.tolist() == [round(fix[0] * 1000)] * aside
    assert not of.put_aside(placed((11, 13, 3))).any()


def test_several_of_a_device_are_not_put_aside() -> None:
    """As a run they are quick already."""
    of = Deferred()
    of.reserve(2)
    of.expect(placed((0, 0, 3)), np.array([30_000]))
    assert of.put_aside(placed((1, 0, 3), (2, 0, 3))).tolist() == [False, False]
