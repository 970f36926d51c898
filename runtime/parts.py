"""The parts of a process that go on in the background; of all processes alike.

A part that fails, or ends though it should go on, ends the whole: the others are cancelled and the error goes up. A
process that does not get out of that in time is ended. Whoever keeps the process starts it again.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

END_S = 20.0
"""A process of which a part failed ends within this, or is ended."""

log = structlog.get_logger(__name__)


class PartEndedError(Exception):
    """A part ended by itself that should have gone on."""


def _end_in_time() -> None:
    asyncio.get_running_loop().call_later(END_S, os._exit, 1)


@dataclass(frozen=True, slots=True)
class Parts:
    """Starts the parts of a process in a group.

    Args:
        group: is cancelled when one of them dies.
        ending: whether the process is being stopped, so that parts may end.
        failed: called when a part died.
    """

    group: asyncio.TaskGroup
    ending: Callable[[], bool]
    failed: Callable[[], None] = field(default=_end_in_time)

    def start(self, name: str, job: Coroutine[Any, Any, None], *, ends: bool = False) -> "asyncio.Task[None]":
        """Start a part; `ends`: it has an end of its own."""
        task = self.group.create_task(self._watched(name, job, ends=ends), name=name)
        task.add_done_callback(lambda _: job.close())  # stopped before it began, it was never awaited
        return task

    async def _watched(self, name: str, job: Coroutine[Any, Any, None], *, ends: bool) -> None:
        try:
            await lasting(name, job, lambda: ends or self.ending())
        except Exception:
            log.exception("a part failed: the process ends, to be started again", part=name)
            self.failed()
            raise


async def lasting(name: str, job: Coroutine[Any, Any, None], ending: Callable[[], bool] = lambda: False) -> None:
    """Run a job that goes on until it is cancelled or everything is `ending`.

    Raises:
        PartEndedError: it ended, or took a cancellation of something else for its own: groups take no notice of that.
    """
    try:
        await job
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise PartEndedError(f"{name} was cancelled from within") from None
    if not ending():
        raise PartEndedError(f"{name} ended by itself")
