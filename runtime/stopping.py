"""Ends a job or a pause on request."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def cancelled_by(stop: asyncio.Event) -> AsyncIterator[None]:
    """Cancel the body when `stop` is set, and end without an error."""
    body = asyncio.current_task()
    assert body is not None  # noqa: S101 - a coroutine always runs in a task

    async def waiting() -> None:
        await stop.wait()
        body.cancel()

    watcher = asyncio.create_task(waiting(), name="stop")
    try:
        yield
    except asyncio.CancelledError:
        if not stop.is_set() or body.uncancel() > 0:
            raise
    finally:
        watcher.cancel()


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most for the given time."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
