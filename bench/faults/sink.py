"""A receiver of webhooks that records under which ids the steps of alerts arrived."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from bench.faults.record import Record


@contextlib.asynccontextmanager
async def receiving(record: Record) -> AsyncIterator[int]:
    """Listen on a port of loopback, which is given."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _answer(reader, writer, record)
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # its sender died
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: Record) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
    length = next(int(line.split(":")[1]) for line in head if line.startswith("content-length"))
    body = json.loads(await reader.readexactly(length))
    record.ids[body["id"]] += 1
    for notice in body["notices"]:
        record.received.setdefault((notice["alert"]["id"], notice["n"]), set()).add(body["id"])
    writer.write(b"HTTP/1.1 204 x\r\n\r\n")
    await writer.drain()
