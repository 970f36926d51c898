"""Child processes that end with this one, however it ends."""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def spawn(
    command: Sequence[str],
    *,
    log: IO[bytes] | int | None = None,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    on_parent_death: signal.Signals = signal.SIGKILL,
) -> "subprocess.Popen[bytes]":
    """Start a child in its own session; it gets the signal `on_parent_death` when this process dies.

    Its own session keeps a terminal's Ctrl-C from reaching it, so that the parent decides the order of stopping.
    Call from the main thread: Linux ties the parent's death to the thread that made the child.
    """
    return subprocess.Popen(  # noqa: S603 - commands are our own
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log is not None else None,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        pass_fds=pass_fds,
        preexec_fn=bound_to_us(on_parent_death),  # noqa: PLW1509 - runs no Python but two system calls
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )


def stop(process: "subprocess.Popen[bytes]", *, how: signal.Signals = signal.SIGTERM, within: float = 5) -> None:
    """Ask a child to end, and kill it after `within` seconds."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait until a child has ended and return its exit code; negative: the signal that ended it."""
    if process.poll() is not None:
        return process.returncode
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return process.wait()
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return process.wait()


def free_port(host: str = "127.0.0.1") -> int:
    """A free TCP port."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether the port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def bound_to_us(on_death: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """Function that a child calls before its program begins, so that it gets `on_death` when the parent dies."""
    parent = os.getpid()

    def bind() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(on_death), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return bind
