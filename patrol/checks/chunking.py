"""Chunk interval, from the rate of fixes. Pure."""

from datetime import timedelta

ROWS = 20_000_000
"""Fixes in a chunk: with their index some 4 GB, so that the chunk that is written stays in memory, and an hour's late
data of a device meets one chunk."""
STEPS = (timedelta(hours=1), timedelta(hours=3), timedelta(hours=6), timedelta(hours=12), timedelta(days=1),
         timedelta(days=2), timedelta(days=7))  # fmt: skip
MOST_CHUNKS = 2_500
"""Most chunks, as planning gets slow beyond."""


def interval(rate: float, days: int | None) -> timedelta:
    """The longest step whose chunk holds at most `ROWS` fixes at `rate` a second.

    Args:
        rate: fixes a second, on average over a day.
        days: for how long fixes are kept; there must not be too many chunks.
    """
    fitting = [step for step in STEPS if rate * step.total_seconds() <= ROWS]
    best = fitting[-1] if fitting else STEPS[0]
    kept = timedelta(days=days or 3_650)
    return next((step for step in STEPS if step >= best and kept / step <= MOST_CHUNKS), STEPS[-1])


def is_far(now: timedelta, wanted: timedelta) -> bool:
    """Whether a change is worthwhile."""
    return not wanted / 4 < now < wanted * 4
