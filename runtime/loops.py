"""Loops that survive errors, leave others their turn, and still end when they are told to."""

import asyncio

REST = 4
"""A loop that looks at everything rests so many times as long: what is taken in is worth more than another look."""


def rest_s(took_s: float, most_s: float, rest: float = REST) -> float:
    """How long to rest after a look that took so long, at most `most_s`."""
    return min(rest * took_s, most_s)


def unless_ending() -> None:
    """Call it where a loop goes on after an error: it raises CancelledError if the task was told to end.

    A connection that breaks while its task is cancelled raises an error of its own in place of CancelledError; who
    takes it for an ordinary error goes on for ever, and whoever waits for the end of the task with it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
