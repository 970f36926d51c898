"""Supervisor of the processes: starts them in order, restarts those that died, stops them in reverse order.

A child reports through a pipe when it is ready (`patrol.services.notify`). However the supervisor ends, no child
is left running: the kernel signals its death to the children (`patrol.services.children`).
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from patrol.cli import errors
from patrol.services import children, logfiles, notify, pipes
from patrol.services.part import Part, cancel, forget_gauges, terminate, until_ended
from runtime import parts, printable

log = structlog.get_logger(__name__)

_LONGEST_BACKOFF_SECONDS = 30.0
_KILLED_WAITS_S = (0.5, 2.0, 5.0)  # between tries to start a part that is killed at its start
_STEADY_SECONDS = 60.0  # uptime after which the backoff of a child is reset


class _KilledError(errors.SetupError):
    """A signal ended a part before it was ready."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """The running parts. Use as `async with supervise(...)`."""

    logs: Path
    verbose: bool = False
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    fault: errors.SetupError | None = None
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _parts: list[Part] = field(default_factory=list)

    async def start(self, part: Part) -> None:
        """Start a part, wait until it is ready, and keep it running from then on.

        Raises:
            SetupError: it ended, or did not report in time.
        """
        self._parts.append(part)
        self._stack.push_async_callback(terminate, part)
        await self._first(part)
        self._begin(f"keep-{part.name}", self._keep(part))

    def adopt(self, name: str, process: "subprocess.Popen[bytes]", stop: Callable[[], None]) -> None:
        """Add a started embedded service; its death stops everything."""
        self._stack.callback(stop)
        self._begin(f"watch-{name}", self._watch(name, process))

    def end(self) -> None:
        """Stop in order; asked a second time, stop at once."""
        if self.stop.is_set():
            for part in self._parts:
                if part.process is not None:
                    part.process.kill()
        self.stop.set()

    async def wait(self) -> None:
        """Wait for a request to stop.

        Raises:
            SetupError: a service died.
        """
        await self.stop.wait()
        if self.fault is not None:
            raise self.fault

    async def close(self) -> None:
        """Stop all parts and services, the last started first."""
        self.stop.set()
        await self._stack.aclose()

    def _begin(self, name: str, job: Coroutine[Any, Any, None]) -> None:
        """Run a task until everything is stopped; if it fails, everything is stopped."""
        task = asyncio.create_task(parts.lasting(name, job, self.stop.is_set), name=name)
        task.add_done_callback(self._ended)
        task.add_done_callback(lambda _: job.close())  # stopped before it began, it was never awaited
        self._stack.push_async_callback(cancel, task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.stop.is_set():
            log.error("the supervisor failed; all processes are stopped", task=task.get_name(), exc_info=error)
            self.fault = errors.SetupError(f"The supervisor failed ({task.get_name()}: {error}); start patrol again.")
            self.stop.set()

    async def _first(self, part: Part) -> None:
        """Launch a part; if it was killed by a signal, it is launched again."""
        for again_in_s in _KILLED_WAITS_S:
            try:
                return await self._launch(part)
            except _KilledError as fault:
                log.warning("part_killed_at_start", part=part.name, reason=str(fault), restart_in_s=again_in_s)
                forget_gauges(part)
                await asyncio.sleep(again_in_s)
        return await self._launch(part)

    async def _keep(self, part: Part) -> None:
        backoff = 1.0
        while True:
            assert part.process is not None  # noqa: S101 - launched before
            started = time.monotonic()
            code = await until_ended(part)
            forget_gauges(part)
            if time.monotonic() - started > _STEADY_SECONDS:
                backoff = 1.0
            log.warning("part_died", part=part.name, exit_code=code, restart_in_s=backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
            try:
                await self._launch(part)
            except errors.SetupError as fault:
                log.warning("part_not_ready", part=part.name, reason=str(fault))

    async def _watch(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        code = await children.ended(process)
        self.fault = errors.SetupError(
            f"The {name} ended by itself (exit code {code}); see the logs in {self.logs.parent}."
        )
        self.stop.set()

    async def _launch(self, part: Part) -> None:
        path = self.logs / f"{part.name}.log"
        try:
            reading = self._spawn(part, path)
        except OSError as fault:
            raise errors.SetupError(
                f"The {part.name} cannot be started ({fault}); correct this and start again."
            ) from fault
        assert part.process is not None  # noqa: S101 - spawned just now
        try:
            async with asyncio.timeout(part.ready_within):
                await pipes.wait_ready(reading)
        except TimeoutError as fault:
            raise errors.SetupError(
                f"The {part.name} was not ready within {part.ready_within:.0f} s (log: {path})"
            ) from fault
        except EOFError as fault:
            code = await children.ended(part.process)
            if code < 0:
                name = signal.Signals(-code).name
                raise _KilledError(f"The {part.name} was killed at its start ({name}) (log: {path})") from fault
            raise errors.SetupError(f"The {part.name} ended at its start: {_last_line(path)} (log: {path})") from fault

    def _spawn(self, part: Part, path: Path) -> int:
        """Spawn the process of a part; returns the pipe on which it reports readiness."""
        with logfiles.appending(path) as file, contextlib.ExitStack() as ours:
            reading, writing = os.pipe()
            ours.callback(os.close, writing)
            failed = ours.enter_context(contextlib.ExitStack())
            failed.callback(os.close, reading)
            output = self._tee(part.name, path) if self.verbose else file.fileno()
            if self.verbose:
                ours.callback(os.close, output)
            env = {**os.environ, **part.env, notify.VARIABLE: str(writing), "PYTHONUNBUFFERED": "1"}
            env.pop(notify.SYSTEMD, None)  # the supervisor reports it when all parts are ready
            part.process = children.spawn(
                [sys.executable, "-m", "patrol", *part.command], log=output, env=env, pass_fds=(writing,)
            )
            failed.pop_all()
        return reading

    def _tee(self, name: str, path: Path) -> int:
        """Return a pipe whose lines go to the log and to the console."""
        reading, writing = os.pipe()

        async def copy() -> None:
            async with pipes.lines(reading) as lines:
                async for line in lines:
                    # A full disk must not stop the part, which waits until its lines are read.
                    with contextlib.suppress(OSError), logfiles.appending(path) as file:
                        file.write(line)
                    sys.stderr.write(f"{name:>6} | {printable.text(line.decode(errors='replace').rstrip())}\n")

        task = asyncio.create_task(copy(), name=f"tee-{name}")
        self._stack.push_async_callback(cancel, task)
        return writing


@contextlib.asynccontextmanager
async def supervise(data_dir: Path, *, verbose: bool = False) -> AsyncIterator[Supervisor]:
    """A supervisor with the exclusive lock of `data_dir`; stops everything on exit.

    SIGINT, SIGTERM and SIGHUP cancel the body.

    Raises:
        SetupError: another one uses the folder, or the folder is not writable.
    """
    logs = data_dir / "logs"
    try:
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("w")
    except OSError as fault:
        raise errors.SetupError(
            f"{data_dir} cannot be written ({fault.strerror}); choose another --data-dir."
        ) from fault
    with lock:
        _lock(lock.fileno(), data_dir)
        supervisor = Supervisor(logs=logs, verbose=verbose)
        body = asyncio.current_task()
        assert body is not None  # noqa: S101 - we are in a coroutine
        supervisor._begin("logs", logfiles.keep_rotated(lambda: _logs(data_dir)))  # noqa: SLF001 - our own
        with _signals(supervisor, body):
            try:
                yield supervisor
            except asyncio.CancelledError:
                if not supervisor.stop.is_set():
                    raise
                body.uncancel()
            finally:
                await supervisor.close()


@contextlib.contextmanager
def _signals(supervisor: Supervisor, body: "asyncio.Task[object]") -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        first = not supervisor.stop.is_set()
        supervisor.end()
        if first:
            body.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)


def _lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        raise errors.SetupError(
            f"patrolgrid is already running on {data_dir}: stop it, or choose another --data-dir."
        ) from fault


def _logs(data_dir: Path) -> list[Path]:
    """Logs of the parts, and of the embedded services in their folders."""
    return [*data_dir.glob("logs/*.log"), *data_dir.glob("*/*.log")]


def _last_line(path: Path) -> str:
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:500] if lines else "it printed nothing"
