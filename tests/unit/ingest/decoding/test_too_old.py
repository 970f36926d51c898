"""What is too old is refused with its likely cause."""

import numpy as np
import pytest

from ingest.decoding import too_old
from schemas.refusals import Refusal
from tracking.records import retention
from tracking.records.retention import DAY_MS

NOW = 1_790_000_000_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (400 * DAY_MS, Refusal.TOO_OLD),
        (too_old.ROLLOVER_MS, Refusal.WEEK_ROLLOVER),
        (2 * too_old.ROLLOVER_MS + 3 * DAY_MS, Refusal.WEEK_ROLLOVER),
        (too_old.ROLLOVER_MS + 30 * DAY_MS, Refusal.WEEK_ROLLOVER),
        (too_old.ROLLOVER_MS - 2 * DAY_MS, Refusal.TOO_OLD),
        (too_old.ROLLOVER_MS + 60 * DAY_MS, Refusal.TOO_OLD),
        (18 * 365 * DAY_MS, Refusal.TOO_OLD),
    ],
)
def test_the_cause_is_told_by_how_far_behind(age: int, reason: Refusal) -> None:
    """A multiple of 1,024 weeks, and as much more as a buffer holds, is a rollover; all else is a clock."""
    (found,) = too_old.refusals(np.array([NOW - age - 1000, NOW - age]), NOW)
    assert (found.reason, found.n, found.payload) == (reason, 2, None)
    assert ("1,024 weeks" in found.detail or "2,048 weeks" in found.detail) == (reason is Refusal.WEEK_ROLLOVER)


def test_one_message_may_have_both_causes() -> None:
    """Each is counted by itself."""
    found = list(too_old.refusals(np.array([NOW - too_old.ROLLOVER_MS, NOW - 400 * DAY_MS, 5]), NOW))
    assert [(each.reason, each.n) for each in found] == [(Refusal.WEEK_ROLLOVER, 1), (Refusal.TOO_OLD, 2)]


def test_the_horizon_counts_from_the_first_day() -> None:
    """Whether or not anything was ever dropped; where all is kept there is a bound, too."""
    assert retention.horizon(183, retention.NEVER).since(NOW) == NOW - 183 * DAY_MS
    assert retention.horizon(None, retention.NEVER).since(NOW) == NOW - 366 * DAY_MS
    assert retention.horizon(183, NOW - DAY_MS).since(NOW) == NOW - DAY_MS
