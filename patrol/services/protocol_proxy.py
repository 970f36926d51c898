"""One MQTT port for both versions of the protocol.

The embedded broker has a listener for each version. The protocol proxy listens on the public port, reads from a
connection's first packet which version it speaks, and passes all bytes on to that listener, both ways, with
backpressure. Client ids of the server are refused, since a client with one of them would take over its session. The
processes of the server do not use the protocol proxy.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

from schemas import topics

_VERSION_5 = 5
_LONGEST_HEAD = 128 << 10  # to the end of the client id; a packet with more before it is refused
_REFUSALS = {False: b"\x20\x02\x00\x02", True: b"\x20\x03\x00\x85\x00"}  # CONNACK: client id not valid, MQTT 3 and 5
_FIRST_BYTES_SECONDS = 10.0
_HIGH_WATER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Connect:
    """Fields of a CONNECT packet that the protocol proxy reads."""

    level: int
    """4 is MQTT 3.1.1, 5 is MQTT 5."""
    client_id: str

    @property
    def version_5(self) -> bool:
        """Whether it speaks MQTT 5."""
        return self.level == _VERSION_5


def read_connect(head: bytes) -> Connect | None:
    """Read the start of a connection.

    Returns:
        None while `head` is too short.

    Raises:
        ValueError: it is not a CONNECT packet.
    """
    if head and head[0] != 0x10:
        raise ValueError("the first packet is not CONNECT")
    try:
        _, start = _length(head, 1)
        name, at = _text(head, start)
        if len(name) not in (4, 6):
            raise ValueError("CONNECT names no MQTT protocol")
        level, at = head[at], at + 4  # behind level, flags and keep-alive
        if level == _VERSION_5:
            properties, at = _length(head, at)
            at += properties
        client_id, _ = _text(head, at)
    except IndexError:
        if len(head) > _LONGEST_HEAD:
            raise ValueError("CONNECT is too long") from None
        return None
    return Connect(level, client_id.decode(errors="replace"))


def _length(head: bytes, at: int) -> tuple[int, int]:
    """Read a number of one to four bytes; returns it and where it ends."""
    number = 0
    for n in range(4):
        byte = head[at + n]
        number |= (byte & 0x7F) << 7 * n
        if not byte & 0x80:
            return number, at + n + 1
    raise ValueError("a length in CONNECT is malformed")


def _text(head: bytes, at: int) -> tuple[bytes, int]:
    """Read a text with its length before it; returns it and where it ends."""
    end = at + 2 + (head[at] << 8 | head[at + 1])
    if len(head) < end:
        raise IndexError
    return head[at + 2 : end], end


async def serve(host: str, port: int, *, port_of_3: int, port_of_5: int) -> asyncio.Server:
    """Listen on `port` and pass connections to the listener of their version; return the running server."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Front(host, port_of_3, port_of_5), host, port, backlog=1024)


class _Pipe(asyncio.Protocol):
    """One side of a pair: its peer writes the bytes it reads, and it reads no faster than the peer can write."""

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
        return False  # close both sides: MQTT has no half-open connections

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
        self._cancel_deadline()
        if self._dialling is not None:
            self._dialling.cancel()
        super().connection_lost(exc)

    def _dial_when_known(self) -> None:
        assert self.transport is not None  # noqa: S101 - asyncio gives data after connection_made only
        try:
            connect = read_connect(self._head)
        except ValueError:
            self.transport.close()
            return
        if connect is None:
            return
        self._cancel_deadline()
        if topics.is_reserved(connect.client_id):
            self.transport.write(_REFUSALS[connect.version_5])
            self.transport.close()
            return
        self.transport.pause_reading()
        port = self._ports[connect.version_5]
        self._dialling = asyncio.get_running_loop().create_task(self._dial(port), name="protocol-proxy-dial")

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

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
