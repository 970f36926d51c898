"""A part: a command of ours that runs as a process of its own, asked how it is, and stopped."""

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
_SILENT_TIMES = 3  # a part that did not answer so often in a row is ended, to be started again


@dataclass(frozen=True, slots=True)
class Health:
    """How a part says it is."""

    lives: bool
    missing: str = ""
    """What it lacks to do its work; empty: nothing."""


@dataclass(slots=True, kw_only=True)
class Part:
    """A command of ours that runs as a process of its own."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    ready_within: float = 60.0
    """Seconds."""
    ask: Callable[[], Awaitable[Health]] | None = None
    """Asks a part that runs how it is; None: only its end is seen."""
    ask_every: float = 10.0
    """Seconds."""
    process: subprocess.Popen[bytes] | None = None


async def until_ended(part: Part) -> int:
    """Wait until a part has ended; one that does not answer any more is ended."""
    assert part.process is not None  # noqa: S101 - launched before
    if part.ask is None:
        return await children.ended(part.process)
    watching = asyncio.create_task(_ask(part, part.ask), name=f"ask-{part.name}")
    try:
        return await children.ended(part.process)
    finally:
        await cancel(watching)


async def _ask(part: Part, ask: Callable[[], Awaitable[Health]]) -> None:
    """Ask a part how it is, again and again; say when that changes, and end it when it is silent."""
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
    """End the process of a part; one that does not end in time is killed."""
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
    """A queue of a process that ended holds nothing: its counters stay, its gauges go."""
    folder = part.env.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is not None and part.process is not None:
        with contextlib.suppress(OSError):  # figures must not keep a part from being started again
            multiprocess.mark_process_dead(part.process.pid, folder)  # type: ignore[no-untyped-call]
