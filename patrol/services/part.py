"""A part: a command that runs as a separate process, with health checks."""

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import multiprocess

from patrol.services import children

log = structlog.get_logger(__name__)


_STOP_SECONDS = 6.0
_SILENT_TIMES = 3  # consecutive failed health checks after which a part is ended and restarted


@dataclass(frozen=True, slots=True)
class Health:
    """State reported by a part."""

    lives: bool
    missing: str = ""
    """Missing requirements; empty: none."""


@dataclass(slots=True, kw_only=True)
class Part:
    """A command that runs as a separate process."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    ready_within: float = 60.0
    """Seconds."""
    ask: Callable[[], Awaitable[Health]] | None = None
    """Health check of a running part; None: only its exit is noticed."""
    ask_every: float = 10.0
    """Seconds."""
    process: subprocess.Popen[bytes] | None = None


async def until_ended(part: Part) -> int:
    """Wait until a part has ended; one that stops answering is ended."""
    assert part.process is not None  # noqa: S101 - launched before
    if part.ask is None:
        return await children.ended(part.process)
    watching = asyncio.create_task(_ask(part, part.ask), name=f"ask-{part.name}")
    try:
        return await children.ended(part.process)
    finally:
        await cancel(watching)


async def _ask(part: Part, ask: Callable[[], Awaitable[Health]]) -> None:
    """Check the health of a part periodically; log changes, and end it if it does not answer."""
    assert part.process is not None  # noqa: S101 - launched before
    silent, missing = 0, ""
    while silent < _SILENT_TIMES:
        await asyncio.sleep(part.ask_every)
        answer = await ask()
        silent = 0 if answer.lives else silent + 1
        if answer.lives and answer.missing != missing:
            missing = answer.missing
            log.warning("part_not_ready" if missing else "part_ready_again", part=part.name, reason=missing or None)
    log.error("part_silent", part=part.name, after_s=_SILENT_TIMES * part.ask_every)
    part.process.kill()


async def terminate(part: Part) -> None:
    """End the process of a part; after a time limit it is killed."""
    process = part.process
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await children.ended(process)
    except TimeoutError:
        log.warning("part_killed", part=part.name, after_s=_STOP_SECONDS)
        process.kill()
        process.wait()


async def cancel(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.wait({task})


def forget_gauges(part: Part) -> None:
    """Remove the gauges of a process that ended; its counters stay."""
    folder = part.env.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is not None and part.process is not None:
        with contextlib.suppress(OSError):  # metrics must not prevent the restart of a part
            multiprocess.mark_process_dead(part.process.pid, folder)  # type: ignore[no-untyped-call]
