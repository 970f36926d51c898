"""A process of which a part died ends, whatever the others do: then it is started again."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from runtime.parts import PartEndedError, Parts

_PROCESS = """
import asyncio
from runtime import parts

parts.END_S = 0.2

async def fails() -> None:
    raise RuntimeError("nobody thought of this")

async def hangs() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

async def main() -> None:
    async with asyncio.TaskGroup() as group:
        made = parts.Parts(group, lambda: False)
        made.start("hangs", hangs())
        await asyncio.sleep(0)
        made.start("fails", fails())

asyncio.run(main())
"""


def test_a_process_ends_though_a_part_of_it_does_not() -> None:
    """The exit code says that it failed, and the log which part and why."""
    done = subprocess.run([sys.executable, "-c", _PROCESS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a part failed" in done.stdout
    assert "nobody thought of this" in done.stdout


async def _goes_on() -> None:
    await asyncio.Event().wait()


async def _returns() -> None:
    """End as if all were done."""


async def _cancelled_from_within() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def _raises() -> None:
    raise ValueError("torn")


@pytest.mark.parametrize("dies", [_returns, _cancelled_from_within, _raises])
async def test_every_way_to_die_ends_the_others(dies: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Also those of which a group of tasks takes no notice: an end, and a cancellation nobody asked for."""
    told: list[bool] = []
    others: list[asyncio.Task[None]] = []

    async def process() -> None:
        async with asyncio.TaskGroup() as group:
            parts = Parts(group, lambda: False, lambda: told.append(True))
            others.append(parts.start("goes on", _goes_on()))
            parts.start("dies", dies())

    with pytest.raises(ExceptionGroup) as found:
        await process()
    assert isinstance(found.value.exceptions[0], (PartEndedError, ValueError))
    assert others[0].cancelled()
    assert told == [True]


async def test_what_has_an_end_or_is_told_to_end_may_end() -> None:
    """A part that is done once, and all of them when the process stops."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        parts = Parts(group, stopping.is_set)
        await parts.start("once", _returns(), ends=True)
        stopping.set()
        parts.start("goes on", _returns())
