"""A job that is done again and again: survives errors that pass, rests, and ends when it is told to."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from runtime import loops, retry, stopping

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


def nothing(error: Exception) -> None:
    """Survive no error.

    Raises:
        Exception: the error.
    """
    raise error


async def every(
    seconds: float,
    job: Callable[[], Awaitable[object]],
    *,
    survive: Survive = unless_passing,
    rest: Rest | None = None,
    first_s: float = 0.0,
    after_error_s: float | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Do a job until cancelled, or until `stop` is set: then what is begun is done to its end.

    Args:
        seconds: between the end of one and the begin of the next.
        job: what is done.
        survive: is told of errors; what it raises ends the loop.
        rest: longer pauses after long jobs; None: `seconds` always.
        first_s: before the first one.
        after_error_s: after an error, instead of `seconds`.
        stop: ends the loop between two jobs, and its pauses; None: only cancelling does.
    """
    await _pause(first_s, stop)
    while stop is None or not stop.is_set():
        wait_s = seconds
        started = time.monotonic()
        try:
            await job()
        except Exception as error:  # noqa: BLE001 - `survive` says which it survives
            loops.unless_ending()
            survive(error)
            wait_s = seconds if after_error_s is None else after_error_s
        took_s = time.monotonic() - started
        await _pause(max(wait_s, loops.rest_s(took_s, rest.most_s, rest.times) if rest else 0.0), stop)


async def _pause(seconds: float, stop: asyncio.Event | None) -> None:
    await (asyncio.sleep(seconds) if stop is None else stopping.pause(stop, seconds))
