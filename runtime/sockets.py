"""TCP connections whose other end went without a word: both ends notice within half a minute.

Without it a worker waits a quarter of an hour for a machine that is gone, and the database keeps the locks of a worker
that is gone for two hours.
"""

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime import db

IDLE_S, EVERY_S, TIMES = 5, 5, 2
"""After so long without a word, so often, the other end is asked whether it lives, and given up."""
UNHEARD_MS = 15_000
"""What was sent and not acknowledged for so long ends the connection."""
SERVER_SETTINGS = {
    "tcp_keepalives_idle": str(IDLE_S),
    "tcp_keepalives_interval": str(EVERY_S),
    "tcp_keepalives_count": str(TIMES),
    "tcp_user_timeout": str(UNHEARD_MS),
}
"""For a connection to PostgreSQL: the same on the server's end."""


def watch(transport: asyncio.BaseTransport | None) -> None:
    """Let the system look after the connection of a transport; one without a TCP socket is left as it is."""
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, EVERY_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, TIMES)
    if hasattr(socket, "TCP_KEEPIDLE"):  # Linux; others keep their own
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)


async def watch_database(conn: "db.Connection") -> None:
    """Look after a connection to the database; `init` of a pool."""
    watch(conn._transport)  # type: ignore[union-attr]  # noqa: SLF001 - asyncpg offers no other way
