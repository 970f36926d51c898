"""The timer that wakes a viewer's writer, on both event loops."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from web.live.run.waking import Timer

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_the_earliest_time_counts_also_where_it_is_due_at_once(run: Run) -> None:
    """A time of less than a millisecond, asked for between later ones, wakes once and does not fail."""

    async def main() -> None:
        woken = asyncio.Event()
        count = 0

        def wake() -> None:
            nonlocal count
            count += 1
            woken.set()

        timer = Timer(wake)
        for seconds in (60.0, 1e-5, 0.0, 60.0):
            timer.within(seconds)
        await woken.wait()
        assert count == 1
        timer.within(60.0)
        timer.cancel()
        timer.within(1e-5)
        woken.clear()
        await woken.wait()
        assert count == 2

    run(main())
