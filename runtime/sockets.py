"""Detects TCP connections whose other end has disappeared, at both ends within half a minute.

Without it a worker would wait a quarter of an hour for a machine that is gone, and the database would keep the locks of
a lost worker for two hours.
"""

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime import db

IDLE_S, EVERY_S, TIMES = 5, 5, 2
"""Keepalive: idle time before the first probe, interval, and number of probes."""
UNHEARD_MS = 15_000
"""Data unacknowledged for this long ends the connection."""
SERVER_SETTINGS = {
    "tcp_keepalives_idle": str(IDLE_S),
    "tcp_keepalives_interval": str(EVERY_S),
    "tcp_keepalives_count": str(TIMES),
    "tcp_user_timeout": str(UNHEARD_MS),
}
"""Settings for a PostgreSQL connection: the same at the server's end."""


def watch(transport: asyncio.BaseTransport | None) -> None:
    """Enable keepalive for a transport; ignored without a TCP socket."""
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, EVERY_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, TIMES)
    if hasattr(socket, "TCP_KEEPIDLE"):  # Linux only
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)


async def watch_database(conn: "db.Connection") -> None:
    """Enable keepalive for a database connection; `init` of a pool."""
    watch(conn._transport)  # type: ignore[union-attr]  # noqa: SLF001 - asyncpg offers no other way
