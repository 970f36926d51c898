"""A job that is done again and again: survives errors that pass, rests, and ends when it is told to."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from runtime import loops, retry

Survive = Callable[[Exception], None]
"""Is told of an error; raises it when the loop must end."""


@dataclass(frozen=True, slots=True)
class Rest:
    """How long to rest after a job, by how long it took: what is taken in is worth more than another look."""

    times: float = loops.REST
    most_s: float = 60.0


def unless_passing(error: Exception) -> None:
    """Survive what waiting may help against (`runtime.retry`).

    Raises:
        Exception: anything else.
    """
    if not retry.is_transient(error):
        raise error


async def every(
    seconds: float,
    job: Callable[[], Awaitable[object]],
    *,
    survive: Survive = unless_passing,
    rest: Rest | None = None,
    first_s: float = 0.0,
) -> None:
    """Do a job until cancelled.

    Args:
        seconds: between the end of one and the begin of the next.
        job: what is done.
        survive: is told of errors; what it raises ends the loop.
        rest: longer pauses after long jobs; None: `seconds` always.
        first_s: before the first one.
    """
    await asyncio.sleep(first_s)
    while True:
        started = time.monotonic()
        try:
            await job()
        except Exception as error:  # noqa: BLE001 - `survive` says which it survives
            loops.unless_ending()
            survive(error)
        took_s = time.monotonic() - started
        await asyncio.sleep(max(seconds, loops.rest_s(took_s, rest.most_s, rest.times) if rest else 0.0))
