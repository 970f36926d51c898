"""A worker of which a part failed ends, whatever the others do: then it is started again."""

import subprocess
import sys

_WORKER = """
import asyncio
from ingest import worker

worker._END_S = 0.2

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
        group.create_task(worker._part("hangs", hangs()))
        await asyncio.sleep(0)
        group.create_task(worker._part("fails", fails()))

asyncio.run(main())
"""


def test_a_worker_ends_though_a_part_of_it_does_not() -> None:
    """The exit code says that it failed, and the log which part and why."""
    done = subprocess.run([sys.executable, "-c", _WORKER], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a part of the worker failed" in done.stdout
    assert "nobody thought of this" in done.stdout
