"""Rotation of log files of running processes.

The writers have the file open for appending and do not take part. Its content is copied aside and the file is
truncated, so that no writer ever waits for the rotation or depends on it.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import structlog

from runtime.every import every, no_error

log = structlog.get_logger(__name__)

MOST_BYTES = 10_000_000
EVERY_S = 5.0
_PIECE = 1 << 20


def appending(path: Path) -> BinaryIO:
    """Open a log for appending, readable by its owner only, also if an earlier version allowed others.

    Raises:
        OSError: it cannot be written.
    """
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")
    try:
        os.fchmod(file.fileno(), 0o600)
    except OSError:
        file.close()
        raise
    return file


def rotate(path: Path, most: int = MOST_BYTES) -> bool:
    """Move the content of a log to `….log.1` if it is larger than `most` bytes; the previous `….log.1` is lost.

    Raises:
        OSError: the disk is full, or the folder is gone.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    if size <= most:
        return False
    aside = path.with_name(path.name + ".1")
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with path.open("r+b") as file, appending(draft) as kept:
        while piece := file.read(_PIECE):  # to the end, including lines written meanwhile
            kept.write(piece)
        kept.flush()
        file.truncate(0)
    draft.replace(aside)
    return True


async def keep_rotated(
    files: Callable[[], Iterable[Path]], *, most: int = MOST_BYTES, every_s: float = EVERY_S
) -> None:
    """Rotate large files until cancelled."""

    async def rotate_large() -> None:
        for path in files():
            try:
                if await asyncio.to_thread(rotate, path, most):
                    log.info("log rotated", file=path.name, kept=path.name + ".1")
            except OSError as error:
                log.warning("log cannot be rotated", file=path.name, error=str(error))

    await every(every_s, rotate_large, survive=no_error)
