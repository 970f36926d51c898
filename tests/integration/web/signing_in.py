"""Signing in by name and password."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from tests.support import web

PASSWORD = "a long enough phrase"


@asynccontextmanager
async def signed_in(server: web.WebServer, name: str, password: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser with a session."""
    async with server.client(token=None) as client:
        client.headers["Origin"] = server.url
        answer = await client.post("/api/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        yield client
