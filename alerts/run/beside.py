"""Work that goes on beside the watcher: one piece at a time, never waited for, ended with it."""

import asyncio
from collections.abc import Coroutine

import structlog

_log = structlog.get_logger(__name__)


class Beside:
    """The piece of work that is going on, if any.

    Args:
        name: of its task.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether something is going on."""
        return self._task is not None and not self._task.done()

    async def begin(self, work: Coroutine[None, None, None]) -> None:
        """Go on with this in place of what is going on."""
        await self.stop()
        self._task = asyncio.create_task(work, name=self._name)
        self._task.add_done_callback(_say_failed)

    async def stop(self) -> None:
        """End what is going on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


def _say_failed(task: "asyncio.Task[None]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("work beside the watcher failed", work=task.get_name(), exc_info=error)
