"""Viewers during faults: one that reads and reconnects, one that never reads, and one that writes remarks."""

import asyncio
import base64
import contextlib
import json
import secrets
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
import websockets
from websockets.asyncio.client import connect

from bench.faults.record import Record

SUBSCRIBE = {"type": "subscribe", "bbox": [-180, -85, 180, 85], "zoom": 12}
REMARK_EVERY_S = 2.0


class Site(Protocol):
    """A web process to look at."""

    @property
    def http_port(self) -> int:
        """Its port on this machine."""
        ...

    @property
    def token(self) -> str:
        """Token of an administrator."""
        ...

    @property
    def url(self) -> str:
        """Its address."""
        ...


@dataclass(eq=False)
class Viewer:
    """One who reads, resumes after each loss, and counts the alerts of the event log."""

    site: Site
    seen: Counter[int] = field(default_factory=Counter)
    """Numbers of event log items, as often as they came."""
    whole: int = 0
    """Times that the full state came instead of what was missed."""
    frames: int = 0
    _at: dict[str, Any] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look at the map until cancelled."""
        url = f"ws://127.0.0.1:{self.site.http_port}/api/v1/live"
        head = {"Authorization": f"Bearer {self.site.token}"}
        while True:
            with contextlib.suppress(OSError, websockets.WebSocketException, TimeoutError):
                async with connect(url, additional_headers=head, max_size=None, compression=None) as socket_:
                    await socket_.send(json.dumps(SUBSCRIBE | self._at))
                    async for message in socket_:
                        self._take(message)
            await asyncio.sleep(0.5)

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames += 1
            return
        received = json.loads(message)
        if received["type"] in ("hello", "state"):
            restarts = received["type"] == "state" or not received.get("recovered")
            offset = received["offset"] if restarts else self._at.get("offset", received["offset"])
            self._at = {"epoch": received["epoch"], "offset": offset}
            self.whole += received["type"] == "state"
        elif received["type"] == "lane":
            self.seen.update(item["seq"] for item in received["items"])
            self._at["offset"] = received["items"][-1]["seq"]


async def never_read(site: Site) -> None:
    """Subscribe and then take nothing, again and again, until cancelled."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    head = (
        f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {site.token}\r\n\r\n"
    )
    said = json.dumps(SUBSCRIBE).encode()
    frame = b"\x81" + bytes([0x80 | len(said)]) + bytes(4) + said  # masked with zeros
    loop = asyncio.get_running_loop()
    while True:
        with contextlib.suppress(OSError), socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)  # noqa: FBT003 - the signature
            await loop.sock_connect(deaf, ("127.0.0.1", site.http_port))
            await loop.sock_sendall(deaf, head.encode() + frame)
            await asyncio.sleep(20)
        await asyncio.sleep(0.5)


async def remark(site: Site, record: Record) -> None:
    """Write remarks on alerts, each again until it is answered, until cancelled."""
    head = {"Authorization": f"Bearer {site.token}"}
    async with httpx2.AsyncClient(base_url=f"{site.url}/api/v1", headers=head, timeout=5) as client:
        for number in range(1_000_000):
            await asyncio.sleep(REMARK_EVERY_S)
            with contextlib.suppress(httpx2.HTTPError, ArithmeticError, KeyError, ValueError):
                found = (await client.get("/alerts", params={"kind": "sos", "limit": 20})).json()["items"]
                await _remark(client, record, int(found[number % len(found)]["id"]), f"r{number}")


async def _remark(client: httpx2.AsyncClient, record: Record, alert: int, text: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(httpx2.HTTPError):
            answer = await client.post(f"/alerts/{alert}/note", json={"text": text}, headers={"Idempotency-Key": text})
            if answer.status_code == 200:
                record.acts[alert, text] = time.monotonic()
                return
            if answer.status_code < 500:
                return
        await asyncio.sleep(0.5)
