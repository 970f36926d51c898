"""Pipes of child processes: their output by line, and the line that reports readiness."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from patrol.services import notify


async def wait_ready(reading: int) -> None:
    """Wait until a child reports that it is ready; EOFError if it ended before."""
    async with lines(reading) as reader:
        if await reader.readline() != notify.READY:
            raise EOFError


@contextlib.asynccontextmanager
async def lines(descriptor: int) -> AsyncIterator[asyncio.StreamReader]:
    """Read a pipe, which is closed on exit."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    try:
        yield reader
    finally:
        transport.close()
