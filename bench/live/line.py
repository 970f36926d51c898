"""One viewer as a raw websocket: reads without waiting, notes how old each frame is, answers pings."""

import base64
import json
import os
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Any

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FRAME_HEAD = struct.Struct("<HBBIdII")


class GoneError(Exception):
    """The server has closed the line."""


@dataclass(eq=False)
class Line:
    """One websocket. `take` reads what is there; whole messages are kept only where `keeps`."""

    port: int
    token: str
    keeps: bool
    """Keep binary messages whole in `frames`; else only their heads are looked at."""
    buffer_bytes: int | None = None
    """Size of the kernel's receive buffer; None: the system's."""
    peer: socket.socket = field(init=False)
    frames: list[tuple[float, bytes]] = field(default_factory=list)
    """When each came, s since 1970, and what it said."""
    lags: list[float] = field(default_factory=list)
    """Seconds from the tick of each frame to its arrival."""
    bytes_read: int = 0
    _rest: bytes = b""
    """Read but not looked at."""
    _skip: int = 0
    """Bytes to come of a message that is not kept."""
    _tick: float = 0.0
    """Time of the frame that is arriving; 0: none is."""

    def open(self, look: dict[str, Any]) -> None:
        """Connect and subscribe; blocks until the server has agreed."""
        self.peer = socket.socket()
        if self.buffer_bytes is not None:
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.buffer_bytes)
        self.peer.settimeout(30)
        self.peer.connect(("127.0.0.1", self.port))
        key = base64.b64encode(os.urandom(16)).decode()
        asked = (
            f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {self.token}\r\n\r\n"
        )
        self.peer.sendall(asked.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = self.peer.recv(4096)
            if not part:
                raise GoneError(f"no answer to the handshake: {answer[:200]!r}")
            answer += part
        head, self._rest = answer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise GoneError(head.decode(errors="replace"))
        self.say({"type": "subscribe", **look})
        self.peer.settimeout(0)

    def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self._send(TEXT, json.dumps(message).encode())

    def _send(self, opcode: int, data: bytes) -> None:
        # The mask may be anything; zeros spare the work.
        head = bytes((0x80 | opcode, 0x80 | len(data))) if len(data) < 126 else (
            bytes((0x80 | opcode, 0xFE)) + struct.pack("!H", len(data)))  # fmt: skip
        self.peer.sendall(head + bytes(4) + data)

    def take(self, buffer: bytearray) -> None:
        """Read what has come, at most a buffer full.

        Raises:
            GoneError: the line is closed.
        """
        try:
            n = self.peer.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError as error:
            raise GoneError(str(error)) from error
        if not n:
            raise GoneError("closed")
        self.bytes_read += n
        skipped = min(self._skip, n)
        self._skip -= skipped
        if skipped and not self._skip:
            self._arrived()
        if skipped < n:
            self._rest += bytes(memoryview(buffer)[skipped:n])
            self._walk()

    def _walk(self) -> None:
        """Look at the messages that begin in what was read; what is not worth keeping is skipped."""
        data, at = self._rest, 0
        while (head := _head(data, at)) is not None:
            opcode, start, length = head
            whole = self.keeps or opcode >= CLOSE
            least = length if whole else FRAME_HEAD.size if opcode == BINARY else 0
            if len(data) < start + least:
                break
            if opcode == BINARY:
                self._tick = FRAME_HEAD.unpack_from(data, start)[4] / 1000
            at = min(start + length, len(data))
            self._skip = start + length - at
            if not self._skip:
                self._arrived()
            if whole:
                self._message(opcode, data[start:at])
        self._rest = data[at:]

    def _arrived(self) -> None:
        """A message is here to its end."""
        if self._tick:
            self.lags.append(time.time() - self._tick)
        self._tick = 0.0

    def _message(self, opcode: int, body: bytes) -> None:
        if opcode == PING:
            self._send(PONG, body)
        elif opcode == CLOSE:
            raise GoneError(f"closed with {body!r}")
        elif opcode == BINARY:
            self.frames.append((time.time(), body))


def _head(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Opcode, where the body begins, and its length; None when the head is not whole yet."""
    if len(data) < at + 2:
        return None
    length = data[at + 1] & 127
    extra = {126: 2, 127: 8}.get(length, 0)
    if len(data) < at + 2 + extra:
        return None
    if extra:
        length = int.from_bytes(data[at + 2 : at + 2 + extra], "big")
    return data[at] & 15, at + 2 + extra, length
