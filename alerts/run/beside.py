"""Background work of the watcher: one piece at a time, never awaited, ended with the watcher."""

import asyncio
from collections.abc import Coroutine

import structlog

_log = structlog.get_logger(__name__)


class Beside:
    """The present piece of work, if any.

    Args:
        name: name of its task.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether work is in progress."""
        return self._task is not None and not self._task.done()

    async def begin(self, work: Coroutine[None, None, None]) -> None:
        """Replace the present work."""
        await self.stop()
        self._task = asyncio.create_task(work, name=self._name)
        self._task.add_done_callback(_say_failed)

    async def stop(self) -> None:
        """End the present work."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


def _say_failed(task: "asyncio.Task[None]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("work beside the watcher failed", work=task.get_name(), exc_info=error)
