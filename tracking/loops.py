"""Loops that survive errors and still end when they are told to."""

import asyncio


def unless_ending() -> None:
    """Call it where a loop goes on after an error: it raises CancelledError if the task was told to end.

    A connection that breaks while its task is cancelled raises an error of its own in place of CancelledError; who
    takes it for an ordinary error goes on for ever, and whoever waits for the end of the task with it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
