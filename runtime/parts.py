"""Background parts of a process, the same for all processes.

A part that fails, or ends although it should keep running, ends the process: the others are cancelled and the error is
raised. A process that does not end in time is killed. Its supervisor restarts it.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

END_S = 20.0
"""A process with a failed part ends within this time, or is killed."""

log = structlog.get_logger(__name__)


class PartEndedError(Exception):
    """A part ended although it should keep running."""


def _end_in_time() -> None:
    asyncio.get_running_loop().call_later(END_S, os._exit, 1)


@dataclass(frozen=True, slots=True)
class Parts:
    """Starts the parts of a process in a group.

    Args:
        group: is cancelled when a part fails.
        ending: whether the process is being stopped, so that parts may end.
        failed: called when a part has failed.
    """

    group: asyncio.TaskGroup
    ending: Callable[[], bool]
    failed: Callable[[], None] = field(default=_end_in_time)

    def start(self, name: str, job: Coroutine[Any, Any, None], *, ends: bool = False) -> "asyncio.Task[None]":
        """Start a part; `ends`: it may end by itself."""
        task = self.group.create_task(self._watched(name, job, ends=ends), name=name)
        task.add_done_callback(lambda _: job.close())  # never awaited if stopped before it began
        return task

    async def _watched(self, name: str, job: Coroutine[Any, Any, None], *, ends: bool) -> None:
        try:
            await lasting(name, job, lambda: ends or self.ending())
        except Exception:
            log.exception("a part failed: the process ends, to be started again", part=name)
            self.failed()
            raise


async def lasting(name: str, job: Coroutine[Any, Any, None], ending: Callable[[], bool] = lambda: False) -> None:
    """Run a job that must run until it is cancelled or the process is `ending`.

    Raises:
        PartEndedError: it ended, or took another cancellation for its own, which task groups ignore.
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
