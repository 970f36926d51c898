"""Limits on incomplete HTTP requests: time per request, and number per address.

uvicorn waits without limit for the rest of a request, so incomplete requests could hold all connections.
"""

import asyncio
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""From the connection, or the first byte of a further request, to the end of the headers; handshakes of TLS aside."""
MOST_HEAD_BYTES = 64 << 10
WINDOW_S = 15.0
LEAST_BYTES = 1_024
"""For each window of a body; time in which the server does not read does not count."""
MOST_OF_ADDRESS = 64
MOST = 1_024
"""Incomplete requests at a time, of one address and of all: beyond this the oldest are closed."""
YOUNG_S = 1.0
"""Age below which none is closed, as honest requests in a burst are complete by then."""

_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class HalfSent:
    """Connections that wait for the rest of their headers, the oldest first."""

    def __init__(self) -> None:
        self._since: OrderedDict[TimedProtocol, float] = OrderedDict()
        self._of: dict[str, OrderedDict[TimedProtocol, float]] = {}

    def add(self, waiting: "TimedProtocol", now: float) -> None:
        """Add one, and close the oldest if there are too many."""
        of_address = self._of.setdefault(waiting.address, OrderedDict())
        self._since[waiting] = of_address[waiting] = now
        for waiters, most in ((of_address, MOST_OF_ADDRESS), (self._since, MOST)):
            while len(waiters) > most and now - next(iter(waiters.values())) > YOUNG_S:
                next(iter(waiters)).give_up()

    def discard(self, waiting: "TimedProtocol") -> None:
        """Remove one."""
        self._since.pop(waiting, None)
        of_address = self._of.get(waiting.address)
        if of_address is not None:
            of_address.pop(waiting, None)
            if not of_address:
                del self._of[waiting.address]


_half_sent = HalfSent()


class TimedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with these limits."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._timer: asyncio.TimerHandle | None = None
        self._in_body = False
        self._bytes = 0

    @property
    def address(self) -> str:
        """Address of the client."""
        return self.client[0] if self.client else ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive bytes; those after a request start the time limit of the next."""
        if self._timer is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        self._bytes += len(data)
        super().data_received(data)
        if self._timer is not None and not self._in_body and self._bytes > MOST_HEAD_BYTES:
            self.give_up(_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Wait for the body from now on."""
        self._stop()
        super().on_headers_complete()
        self._in_body, self._bytes = True, 0
        self._timer = self.loop.call_later(WINDOW_S, self._look_at_body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._stop()
        super().on_message_complete()

    def give_up(self, answer: bytes = _TIMEOUT) -> None:
        """Close the connection."""
        self._stop()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

    def _await_head(self) -> None:
        self._in_body, self._bytes = False, 0
        self._timer = self.loop.call_later(HEAD_S, self.give_up)
        _half_sent.add(self, self.loop.time())

    def _look_at_body(self) -> None:
        if self._bytes < LEAST_BYTES and not self.flow.read_paused:
            self._stop()
            self.transport.close()  # an answer may be on its way already
            return
        self._bytes = 0
        self._timer = self.loop.call_later(WINDOW_S, self._look_at_body)

    def _stop(self) -> None:
        _half_sent.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
