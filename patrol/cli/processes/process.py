"""Shared by long-running processes: an event loop that ends cleanly on SIGTERM and SIGINT."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable

import uvloop

from patrol.cli import errors, faults
from runtime import build, logs

_COLLECTED_AFTER = 50_000
"""Threshold of the young generation of the garbage collector; Python's 700 is reached by a single batch."""


def until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `work`, setting the event it is given on the first SIGTERM or SIGINT."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await work(stop)

    _collect_rarely()
    build.expose()
    try:
        uvloop.run(main())
    except errors.SetupError:
        raise
    except Exception as error:
        if (reason := faults.explain(error)) is not None:
            raise errors.SetupError(reason) from error
        logs.log_fault(error)
        sys.exit(1)


def _collect_rarely() -> None:
    """Run the garbage collector less often: batches have no cycles, and each run examines all surviving objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, 20, 20)
