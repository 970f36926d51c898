"""Whom to send where, and from when on."""

import numpy as np

from alerts.coverage import assignment
from alerts.coverage.arrival import ArrivalRule, PlanePoints

MINUTE = 60_000
METRES_A_MINUTE = 60 * 1.3 / 1.35


def _needs(*, x: list[float], left_min: list[int], limit_min: int = 240) -> assignment.Needs:
    n = len(x)
    return assignment.Needs(
        places=PlanePoints.of(np.array(x), np.zeros(n)), left_ms=np.array(left_min) * MINUTE,
        limit_ms=np.full(n, limit_min * MINUTE), dwell_ms=np.full(n, 3 * MINUTE), cost=np.ones(n),
    )  # fmt: skip


def _free(*x: float) -> assignment.Free:
    return assignment.Free(places=PlanePoints.of(np.array(x), np.zeros(len(x))), behind_ms=np.zeros(len(x), np.int64))


def _sent(needs: assignment.Needs, free: assignment.Free, *, ordered: int = 9) -> dict[int, int]:
    made = assignment.propose(needs, free, assignment.AssignmentRule(), ArrivalRule(), ordered=ordered)
    return {one.need: one.officer for one in made}


def test_each_officer_is_sent_to_one_cell_so_that_all_ways_together_are_least() -> None:
    """The officer between two cells goes to the one that the other cannot reach as soon."""
    assert _sent(_needs(x=[0, 300], left_min=[10, 10]), _free(200, -100)) == {0: 1, 1: 0}


def test_while_many_are_under_orders_only_who_is_near_is_sent_early() -> None:
    """Of four hours nobody then walks for a quarter of an hour before 48 minutes are left; past the limit at once."""
    far = [14 * METRES_A_MINUTE] * 3
    needs = _needs(x=[0, 0, 0], left_min=[49, 48, -5])
    assert set(_sent(needs, _free(*far))) == {1, 2}
    assert set(_sent(needs, _free(*far), ordered=0)) == {0, 1, 2}
    assert _sent(needs, _free(4 * METRES_A_MINUTE))
    assert set(_sent(needs, _free(0, 50, 100))) == {0, 1, 2}


def test_who_must_leave_now_is_sent_all_the_same() -> None:
    """Of a limit of an hour, 12 minutes are too late where the nearest officer walks for 15."""
    far = _free(14 * METRES_A_MINUTE)
    assert _sent(_needs(x=[0], left_min=[17], limit_min=60), far) == {}
    assert _sent(_needs(x=[0], left_min=[16], limit_min=60), far) == {0: 0}
