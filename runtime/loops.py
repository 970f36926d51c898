"""Helpers for loops that survive errors, leave time for others, and still end on request."""

import asyncio

REST = 4
"""A loop over all data rests this many times its duration, so that other work gets most of the time."""


def rest_s(took_s: float, most_s: float, rest: float = REST) -> float:
    """Rest after a run of this duration, at most `most_s`."""
    return min(rest * took_s, most_s)


def unless_ending() -> None:
    """Raise CancelledError if the task was cancelled; to be called where a loop continues after an error.

    A connection that breaks while its task is cancelled raises its own error instead of CancelledError. A loop that
    treats it as an ordinary error would run for ever, and so would everything that waits for the end of the task.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
