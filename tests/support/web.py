"""A web process inside the test's event loop, on a free port, with its clients."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from runtime import db
from schemas import rest
from web import server
from web.app import create_app
from web.config import WebConfig
from web.live.run.hub import Hub

TOKEN = "test-token-of-an-administrator"
PASSWORD = "correct horse"
NOWHERE = "mqtt://127.0.0.1:9"
HUIZHOU = [114.3, 23.0, 114.5, 23.2]


@dataclass(slots=True)
class WebServer:
    """A running web process."""

    port: int
    hub: Hub
    made_passwords: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, *, token: str | None = TOKEN) -> httpx2.AsyncClient:
        """A client that sends a token, or none."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    def live(self, **options: Any) -> connect:
        """A websocket to the live feed; `headers` replace the token."""
        headers = options.pop("headers", {"Authorization": f"Bearer {TOKEN}"})
        address = f"ws://127.0.0.1:{self.port}/api/v1/live"
        return connect(address, additional_headers=headers, max_size=None, compression=None, **options)


@asynccontextmanager
async def serving(database_url: str, *, mqtt_url: str = NOWHERE, **settings: Any) -> AsyncIterator[WebServer]:
    """Run a web process for the length of the context."""
    stop, listening = asyncio.Event(), asyncio.get_running_loop().create_future()
    made: list[str] = []
    ours = {"secrets_key": "s" * 64, "admin_password": PASSWORD, "api_token": TOKEN}
    settings = {**ours, "static_dir": Path("/nonexistent"), **settings}
    config = WebConfig(
        database_url=database_url,
        mqtt_url=mqtt_url,
        http_port=0,
        on_ready=listening.set_result,
        on_admin_password=made.append,
        **settings,
    )
    app = create_app(config)
    running = asyncio.create_task(server.serve(app, config, stop), name="test.web")
    try:
        await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield WebServer(listening.result(), app.state.context.hub, made)
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running


def rfc3339(ms: int) -> str:
    """Format ms as answers do: no more digits than needed."""
    return rest.rfc3339(db.moment(ms))


async def receive(socket: ClientConnection, *, within: float = 10) -> Any:
    """Next message: an object for text, bytes for a frame."""
    async with asyncio.timeout(within):
        message = await socket.recv()
    return json.loads(message) if isinstance(message, str) else message
