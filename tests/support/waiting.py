"""Waiting for a condition, with a limit that can be extended on slow machines."""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = float(os.environ.get("PATROL_TEST_PATIENCE", "1"))
"""Factor on every limit, for slow machines."""


async def until(probe: Callable[[], Awaitable[T | None]], what: str, *, within: float = 20, every: float = 0.05) -> T:
    """Call `probe` until it gives something true and return that; fail after `within` seconds saying `what`."""
    deadline = time.monotonic() + within * PATIENCE
    while True:
        answer = await probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within * PATIENCE:.0f} s (last answer: {answer!r})")
        await asyncio.sleep(every)


def until_sync(probe: Callable[[], T | None], what: str, *, within: float = 20, every: float = 0.02) -> T:
    """Do the same outside an event loop."""
    deadline = time.monotonic() + within * PATIENCE
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within * PATIENCE:.0f} s (last answer: {answer!r})")
        time.sleep(every)


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something accepts TCP connections on the port."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False
