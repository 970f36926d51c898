"""What the long-running processes share: an event loop that ends well on SIGTERM and SIGINT."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

import uvloop

from patrol import errors, logs


def until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `work`, setting the event it is given on the first SIGTERM or SIGINT."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await work(stop)

    try:
        uvloop.run(main())
    except errors.SetupError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the log must have it
        logs.fault(error)
        sys.exit(1)
