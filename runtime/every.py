"""A repeated job: it survives temporary errors, rests between runs, and ends on request."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from runtime import loops, retry, stopping

Survive = Callable[[Exception], None]
"""Gets an error; raises it if the loop must end."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Rest after a job, in proportion to its duration, so that other work gets most of the time."""

    times: float = loops.REST
    most_s: float = 60.0


def unless_passing(error: Exception) -> None:
    """Survive errors that waiting may resolve (`runtime.retry`).

    Raises:
        Exception: anything else.
    """
    if not retry.is_transient(error):
        raise error


def no_error(error: Exception) -> None:
    """Survive no errors.

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
    """Repeat a job until cancelled, or until `stop` is set; a job that has started then runs to its end.

    Args:
        seconds: pause between the end of one run and the start of the next.
        job: the job.
        survive: gets errors; an error that it raises ends the loop.
        rest: longer pauses after long runs; None: always `seconds`.
        first_s: pause before the first run.
        after_error_s: pause after an error, instead of `seconds`.
        stop: ends the loop between two runs, and its pauses; None: only cancellation ends it.
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
