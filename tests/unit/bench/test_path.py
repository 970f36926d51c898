"""The bench of the path measures what it says, and can fail."""

from dataclasses import replace

import numpy as np

from bench import bench_path, smoother, walks


def test_usual_errors_and_sampling_are_within_the_targets() -> None:
    """A few walks with the noise and drift of a usual receiver, with and without its accuracy."""
    rows = [bench_path.measure(1.0, 4.0, every, reported=said, runs=3) for every in (1, 10) for said in (True, False)]
    assert list(bench_path.judge(rows)) == []


def test_what_is_wrong_is_named() -> None:
    """A lost lane, and way made by standing, miss their targets."""
    row = bench_path.measure(1.0, 0.0, 10, reported=True, runs=1)
    lost = replace(row, shares={**row.shares, "winding lane": 0.85})
    assert list(bench_path.judge([lost])) == ["winding lane, noise 1 m, drift 0 m, every 10 s: 0.85 of its length"]
    assert len(list(bench_path.judge([replace(row, standing_m=50.0)]))) == 1
    real = bench_path.Real(accuracy_m=8.0, stays=10, median=0.94, tenth=0.8, ninetieth=1.0)
    assert len(list(bench_path.judge_real([real]))) == 1


def test_the_smoother_measures_a_walk_through_noise() -> None:
    """What real tracks are held against is right on a walk that is known."""
    t, places, length = walks.along(walks.WALKS["around a block"], speed=1.2, every=5)
    found = smoother.smoothed(t, places + walks.errors(t, 2.0, 0.0, np.random.default_rng(1)))
    assert abs(np.hypot(*np.diff(found, axis=0).T).sum() / length - 1) < 0.06
