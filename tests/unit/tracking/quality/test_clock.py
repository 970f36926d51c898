"""The estimate of a device's clock: late buffers do not fool it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tracking.quality.made import MINUTE, SLOT
from tracking.quality import clock


def _messages(skew_s: float, *, n: int = 200, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Times of fixes by a clock that is off, and their receipts: mostly at once, one in ten half a minute later."""
    rng = np.random.default_rng(seed)
    true = SLOT + 10_000 * np.arange(n)
    delay = rng.exponential(800, n) + np.where(rng.random(n) < 0.1, rng.uniform(5_000, 40_000, n), 0)
    return true + round(skew_s * 1000), true + delay.astype(np.int64)


@pytest.mark.parametrize("skew_s", [-300.0, -45.0, 0.0, 31.0, 55.0])
def test_estimate_finds_the_error_to_a_few_seconds(skew_s: float) -> None:
    """Ahead and behind, whatever some messages were delayed by."""
    found = clock.estimate(*_messages(skew_s))
    assert found is not None
    assert abs(found.ms / 1000 - skew_s) < 3


def test_estimate_is_not_fooled_by_a_buffer_that_is_emptied() -> None:
    """An hour held back and sent at once says nothing, beside live messages nothing changes."""
    true = SLOT + 10_000 * np.arange(360)
    flush = SLOT + 3_600_000 + 40 * np.arange(360)
    assert clock.estimate(true, flush) is None
    t, received = _messages(0)
    both = clock.estimate(np.concatenate([t, true]), np.concatenate([received, flush]))
    assert both is not None
    assert abs(both.ms) < 3_000


def test_estimate_is_not_fooled_by_a_slow_upload() -> None:
    """A buffer that empties over a quarter of an hour has delays that fall all the time."""
    true = SLOT + 10_000 * np.arange(720)
    assert clock.estimate(true, SLOT + 7_200_000 + 1_250 * np.arange(720)) is None


def test_estimate_ignores_a_few_fixes_with_a_wrong_time() -> None:
    """Some times far ahead are the receiver's, not the clock's."""
    t, received = _messages(0)
    t[:8] += 50_000
    found = clock.estimate(t, received)
    assert found is not None
    assert abs(found.ms) < 3_000


def test_estimate_takes_the_newest_fix_of_each_message() -> None:
    """A camera that sends ten fixes at a time is not ten seconds behind."""
    true = SLOT + 1_000 * np.arange(1_200)
    received = (true - SLOT) // 10_000 * 10_000 + SLOT + 9_300
    found = clock.estimate(true, received)
    assert found is not None
    assert abs(found.ms) < 1_000


def test_estimate_refused_reads_how_far_ahead_refused_fixes_were() -> None:
    """A clock four minutes ahead lets nothing through; the refusals tell."""
    details = [f"t is {180_000 + k} ms too far ahead" for k in range(30)]
    found = clock.estimate_refused(details, SLOT + MINUTE * np.arange(30))
    assert found is not None
    assert found.ms == pytest.approx(240_000, abs=100)
    assert clock.estimate_refused(details, SLOT + np.arange(30)) is None


@given(st.permutations(range(60)))
def test_estimate_does_not_depend_on_the_order(order: list[int]) -> None:
    """Any order of the same messages gives the same."""
    t, received = _messages(-45, n=60)
    spread = SLOT + (t - t[0]) * 3
    assert clock.estimate(spread[order], (received - t[0] + 3 * (t - t[0]))[order]) == clock.estimate(
        spread, received - t[0] + 3 * (t - t[0])
    )
