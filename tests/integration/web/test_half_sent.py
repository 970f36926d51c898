"""Requests that are sent by half: their connections end, and others are served all the while."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support import web
from tests.support.waiting import PATIENCE
from web.http import half_sent

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SENT = {
    "nothing": b"",
    "a line": b"GET / HT",
    "some headers": HEAD + b"X-A: b\r\n",
    "line breaks": b"\r\n\r\n",
    "half a body": POST + b'Content-Length: 400\r\n\r\n{"name":',
    "no body": POST + b"Content-Length: 400\r\n\r\n",
    "half a chunk": POST + b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"na',
    "no last chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "another by half": HEAD + b"\r\n" + b"GET /hea",
    "line breaks behind one": HEAD + b"\r\n" + b"\r\n\r\n",
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test can wait for."""
    monkeypatch.setattr(half_sent, "HEAD_S", 0.3)
    monkeypatch.setattr(half_sent, "WINDOW_S", 0.3)


async def _drip(writer: asyncio.StreamWriter, sign: bytes) -> None:
    """Go on sending, a byte now and then, as long as the connection holds."""
    try:
        while True:
            writer.write(sign)
            await writer.drain()
            await asyncio.sleep(0.05)
    except ConnectionError:
        return


@pytest.mark.usefixtures("impatient")
async def test_connections_of_requests_sent_by_half_end(server: web.WebServer) -> None:
    """Whatever part is missing, and even when a byte comes now and then."""
    async with asyncio.timeout(20 * PATIENCE):
        await asyncio.gather(*(_ends(server, sent, drip) for sent in SENT.values() for drip in (b"", b"x", b"\r\n")))


async def _ends(server: web.WebServer, sent: bytes, drip: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    dripping = asyncio.create_task(_drip(writer, drip)) if drip else None
    while await _some(reader):
        pass
    if dripping is not None:
        dripping.cancel()
    writer.close()


async def _some(reader: asyncio.StreamReader) -> bytes:
    """What comes; nothing when the connection has ended."""
    try:
        return await reader.read(65_536)
    except ConnectionError:
        return b""


async def test_headers_without_end_are_refused(server: web.WebServer) -> None:
    """They are not kept in memory as long as they come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(HEAD)
    answer = b""
    async with asyncio.timeout(10 * PATIENCE):
        while not answer:
            writer.write(b"X-Filler: " + b"x" * 8_000 + b"\r\n")
            await asyncio.sleep(0)
            if writer.transport.is_closing() or reader.at_eof() or len(reader._buffer):  # type: ignore[attr-defined]
                answer = await _some(reader) or b"closed"
    writer.close()
    assert answer == b"closed" or answer.startswith(b"HTTP/1.1 431")


async def test_one_address_holds_only_so_many(server: web.WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are given up, and whoever sends whole requests is served meanwhile."""
    monkeypatch.setattr(half_sent, "MOST_OF_ADDRESS", 8)
    monkeypatch.setattr(half_sent, "YOUNG_S", 0.0)
    held: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(12):
            held.append(await asyncio.open_connection("127.0.0.1", server.port))
            held[-1][1].write(HEAD)
            async with server.client() as client:
                assert (await client.get("/healthz")).status_code == 200
        async with asyncio.timeout(10 * PATIENCE):
            for reader, _ in held[:4]:
                assert (await _some(reader)).startswith(b"HTTP/1.1 408")
    finally:
        for _, writer in held:
            writer.close()


async def test_slow_and_steady_is_served(server: web.WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body may take longer than a window, as long as something of it comes in each."""
    monkeypatch.setattr(half_sent, "WINDOW_S", 1.5)

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 2_048
            await asyncio.sleep(0.1)
        yield b'{"name":"x","password":"y"}'

    async with server.client(token=None) as client:
        answer = await client.post("/api/v1/session", content=slowly(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 401
