"""Run the web process: uvicorn in our event loop, sockets that give up on dead viewers, stop by an event."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator

import structlog
import uvicorn
from fastapi import FastAPI

from web import background
from web.app import create_app
from web.config import WebConfig
from web.http.half_sent import TimedProtocol

SEND_BUFFER_BYTES = 256 << 10
"""Send buffer of a connection, so that stale frames do not queue in the kernel."""
DEAD_AFTER_MS = 20_000
"""Time without acknowledged data after which the kernel drops a connection."""
GRACE_S = 2
MAX_MESSAGE_BYTES = 64 << 10
"""Longest message of a websocket; longer ones end it."""
PING_S = 20
"""Between pings of a websocket, and how long an answer may take."""

log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the caller's `stop` event ends it; reports when it listens."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and report the port."""
        await super().startup(sockets)
        self._on_listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller."""
        yield


async def run(config: WebConfig, stop: asyncio.Event) -> None:
    """Make the application and serve it until `stop`.

    Raises:
        OSError: the port is taken; the message says which.
    """
    await serve(create_app(config), config, stop)


async def serve(app: FastAPI, config: WebConfig, stop: asyncio.Event) -> None:
    """Serve an application made by `create_app` until `stop`.

    Raises:
        OSError: the port is taken.
        ExceptionGroup: a background task failed.
    """
    listener = _listen(config.http_host, config.http_port)
    port = listener.getsockname()[1]
    # Its websocket part logs query strings at INFO; requests are logged by web.http.observe without them.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    server = _Server(
        uvicorn.Config(
            app,
            http=TimedProtocol,
            ws="websockets-sansio",
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            access_log=False,
            log_config=None,
            server_header=False,
            # By default uvicorn would trust all local processes, or those named by its own variable.
            proxy_headers=bool(config.trusted_proxies),
            forwarded_allow_ips=list(config.trusted_proxies),
            timeout_graceful_shutdown=GRACE_S,
            lifespan="off",  # background tasks are awaited here: a failure ends the process
            ssl_certfile=config.tls_cert,
            ssl_keyfile=config.tls_key,
        ),
        lambda: _announce(config, port),
    )
    here = app.state.context
    going_on = asyncio.create_task(background.run(here), name="web.background")
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="web.server")
    stopping = asyncio.create_task(stop.wait(), name="web.stop")
    try:
        await asyncio.wait({going_on, serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await here.hub.end_all()
    finally:
        stopping.cancel()
        server.should_exit = True
        try:
            await serving
        finally:
            await _ended(going_on)


async def _ended(task: "asyncio.Task[None]") -> None:
    """End background tasks last, since answers wait for them; their error is that of the process."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _announce(config: WebConfig, port: int) -> None:
    log.info("web.listening", url=f"{'http' if config.tls_cert is None else 'https'}://{config.http_host}:{port}/")
    if config.on_ready is not None:
        config.on_ready(port)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # Accepted connections inherit these.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"cannot listen on {host}:{port} ({error.strerror}); choose another --http-port"
        ) from error
    return listener
