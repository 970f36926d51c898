"""One MQTT port for both versions of the protocol.

The embedded broker has a listener for each version. The gate listens on the public port, reads from a connection's
first bytes which version it speaks, and passes all bytes on to that listener, both ways, with backpressure.
"""

import asyncio
from typing import cast

_VERSION_5 = 5
_LONGEST_HEAD = 12  # fixed header of 5 bytes, length of the name, "MQTT", level
_FIRST_BYTES_SECONDS = 10.0
_HIGH_WATER_BYTES = 1 << 20


def protocol_level(head: bytes) -> int | None:
    """Read the protocol level from the start of a CONNECT packet: 4 is MQTT 3.1.1, 5 is MQTT 5.

    Returns:
        None while `head` is too short to tell.

    Raises:
        ValueError: it is no CONNECT packet.
    """
    if head and head[0] != 0x10:
        raise ValueError("the first packet is not CONNECT")
    start = 1
    while start < len(head) and head[start] & 0x80:
        start += 1
        if start > 4:
            raise ValueError("the length of CONNECT is malformed")
    name_length = int.from_bytes(head[start + 1 : start + 3], "big")
    if len(head) >= start + 3 and name_length not in (4, 6):
        raise ValueError("CONNECT names no MQTT protocol")
    level_at = start + 3 + name_length
    return head[level_at] if len(head) >= start + 3 and len(head) > level_at else None


async def serve(host: str, port: int, *, port_of_3: int, port_of_5: int) -> asyncio.Server:
    """Listen on `port` and pass connections to the listener of their version; return the running server."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Front(host, port_of_3, port_of_5), host, port, backlog=1024)


class _Pipe(asyncio.Protocol):
    """One side of a pair: what it reads its peer writes, and it reads no faster than the peer can write."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: _Pipe | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)

    def data_received(self, data: bytes) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        return False  # close, and with it the peer: MQTT has no half-open connections

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - given by asyncio
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.close()

    def pause_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()


class _Front(_Pipe):
    """The client's side: collects the first bytes, then connects to the right listener."""

    def __init__(self, host: str, port_of_3: int, port_of_5: int) -> None:
        super().__init__()
        self._host = host
        self._ports = port_of_3, port_of_5
        self._head = b""
        self._dialling: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._deadline = asyncio.get_running_loop().call_later(_FIRST_BYTES_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        if self.peer is not None:
            super().data_received(data)
            return
        self._head += data
        if self._dialling is None:
            self._dial_when_known()

    def connection_lost(self, exc: Exception | None) -> None:
        self._know()
        if self._dialling is not None:
            self._dialling.cancel()
        super().connection_lost(exc)

    def _dial_when_known(self) -> None:
        assert self.transport is not None  # noqa: S101 - asyncio gives data after connection_made only
        try:
            level = protocol_level(self._head[:_LONGEST_HEAD])
        except ValueError:
            self.transport.close()
            return
        if level is None:
            return
        self._know()
        self.transport.pause_reading()
        port = self._ports[level == _VERSION_5]
        self._dialling = asyncio.get_running_loop().create_task(self._dial(port), name="gate-dial")

    async def _dial(self, port: int) -> None:
        assert self.transport is not None  # noqa: S101 - as above
        back = _Pipe()
        try:
            await asyncio.get_running_loop().create_connection(lambda: back, self._host, port)
        except OSError:
            self.transport.close()
            return
        if self.transport.is_closing():
            cast("asyncio.Transport", back.transport).close()
            return
        self.peer, back.peer = back, self
        super().data_received(self._head)
        self._head = b""
        self.transport.resume_reading()

    def _know(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
