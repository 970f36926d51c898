"""Who stays at a checkpoint long enough has passed it."""

import numpy as np
import pytest

from tests.unit.tracking import timelines as tl
from tracking.routes.checkpoints import LEAST_MS, Checkpoints
from tracking.routes.track import BelievedTrack, believed_track


def track(*points: tuple[float, float], acc: float = 5.0, gap_at: int | None = None) -> BelievedTrack:
    """Fixes as (s, m east); one of them may not be joined to the one before."""
    t, x = np.array(points).T
    joined = np.arange(len(t)) > 0
    if gap_at is not None:
        joined[gap_at] = False
    return BelievedTrack(t=(t * 1000).astype(np.int64), x=x, y=0 * x, acc=np.full(len(t), acc), joined=joined)


POINTS = Checkpoints(np.array([0.0, 500.0]), np.array([0.0, 0.0]))


def test_the_checkpoints_are_counted() -> None:
    """Two of them."""
    assert len(POINTS) == 2


@pytest.mark.parametrize(
    ("way", "passes"),
    [
        (track((0, 0), (10, 5), (30, 10)), [(0, 0, 30_000)]),
        (track((0, 0), (29, 10)), []),
        (track((0, 29), (30, 29)), [(0, 0, 30_000)]),
        (track((0, 31), (30, 31)), []),
        (track((0, 31), (30, 31), acc=40.0), [(0, 0, 30_000)]),
        (track((0, 0), (10, 100), (40, 0)), []),
        (track((0, 0), (40, 0), gap_at=1), []),
        (track((0, 0), (30, 0), (100, 500), (130, 500)), [(0, 0, 30_000), (1, 100_000, 130_000)]),
    ],
)
def test_a_pass_is_half_a_minute_of_fixes_running(way: BelievedTrack, passes: list[tuple[int, int, int]]) -> None:
    """Within 30 m or the fix's own accuracy; leaving it, or silence, begins anew."""
    found = POINTS.passed(way)
    assert list(zip(found.checkpoint.tolist(), found.t_in.tolist(), found.t_out.tolist(), strict=True)) == passes
    assert LEAST_MS == 30_000


def test_the_way_of_a_device_is_that_of_its_believed_fixes_in_any_order() -> None:
    """A jump is left out, doubles count once, and after a silence nothing is joined."""
    fixes = tl.track([(0, 10, 150), (10, 20, 150), (20, 900_000, 150), (30, 40, 150), (400, 60, 150)])
    way = believed_track(fixes.take(np.array([3, 0, 4, 1, 2, 0])), tl.row_of_cells())
    assert ((way.t - way.t[0]) // 1000).tolist() == [0, 10, 30, 400]
    assert way.joined.tolist() == [False, True, True, False]
    assert len(way) == 4
    assert way.acc == pytest.approx([5.0] * 4, rel=0.01)
