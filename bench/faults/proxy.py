"""A TCP proxy on loopback that can be told to misbehave as networks do.

All proxies run in a thread with an event loop of its own. aiomqtt, by which the devices of a run connect, watches
sockets by their number, and may register the number of one that was reset when another socket has it already: on the
same loop it would take over the reading of a proxy's connection, or of the port where it listens, without a word.
"""

import asyncio
import contextlib
import functools
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from enum import StrEnum

from bench.faults import silence

_CHUNK = 1 << 16


class Mood(StrEnum):
    """What the proxy does with connections."""

    PASS = "pass"  # noqa: S105 - no secret
    CUT = "cut"
    """Connections are reset, and new ones refused."""
    STALL = "stall"
    """Nothing moves, and nobody is told: bytes wait, and come late."""
    DEAF = "half-open"
    """Packets vanish, as behind a firewall that forgot its connections: those that were open are dead for good, but
    nobody says so. The kernel drops the packets (`silence`), so that the two ends find out as they would."""


@dataclass(eq=False)
class Proxy:
    """Passes connections to `target` on loopback."""

    target: int
    port: int = 0
    mood: Mood = Mood.PASS
    _server: asyncio.Server | None = None
    _moving: asyncio.Event = field(default_factory=asyncio.Event)
    _links: set["_Link"] = field(default_factory=set)

    async def start(self) -> None:
        """Listen on a port of its own."""
        await _there(self._start())

    async def stop(self) -> None:
        """End all connections and stop listening."""
        await _there(self._stop())

    async def be(self, mood: Mood) -> None:
        """Behave so from now on."""
        await _there(self._be(mood))

    async def _start(self) -> None:
        self._moving.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.abort()

    async def _be(self, mood: Mood) -> None:
        self.mood = mood
        if mood is Mood.STALL:
            self._moving.clear()
        else:
            self._moving.set()
        if mood is Mood.CUT:
            for link in list(self._links):
                link.abort()
        if mood is Mood.DEAF:
            silence.forget([ends for link in self._links for ends in link.ends])
            silence.shut(self.port)
        else:
            silence.open_(self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mood is Mood.CUT:
            writer.transport.abort()
            return
        link = _Link(writer)
        self._links.add(link)
        try:
            await self._pass(reader, writer, link)
        finally:
            self._links.discard(link)
            link.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: "_Link") -> None:
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            return
        link.back = back_writer
        there = asyncio.create_task(self._move(reader, back_writer))
        here = asyncio.create_task(self._move(back_reader, writer))
        await asyncio.wait({there, here}, return_when=asyncio.FIRST_COMPLETED)
        for task in (there, here):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task

    async def _move(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._moving.wait()
            writer.write(data)
            await writer.drain()


@dataclass(eq=False)
class _Link:
    """A connection and the one behind it."""

    front: asyncio.StreamWriter
    back: asyncio.StreamWriter | None = None

    @property
    def ends(self) -> list[tuple[int, int]]:
        """The two ports of each of its two connections."""
        both = [writer for writer in (self.front, self.back) if writer is not None]
        ends = [(each.get_extra_info("sockname"), each.get_extra_info("peername")) for each in both]
        return [(here[1], there[1]) for here, there in ends if here is not None and there is not None]

    def abort(self) -> None:
        """Reset both."""
        for writer in (self.front, self.back):
            if writer is not None:
                writer.transport.abort()


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """Event loop of all proxies."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="proxies", daemon=True).start()
    return loop


async def _there(wanted: Coroutine[None, None, None]) -> None:
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(wanted, _loop()))
