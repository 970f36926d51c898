"""Tokens and sessions that are asked for by others."""

from typing import Any

import httpx2

from tests.support import web

PASSWORD = "ein Pferd frisst nur Salat"


async def token(by: httpx2.AsyncClient, name: str, **given: Any) -> httpx2.Response:
    """Ask for a token."""
    return await by.post("/api/v1/tokens", json={"name": name, "role": "administrator", **given})


async def session(timed: web.WebServer, name: str) -> httpx2.AsyncClient:
    """Sign in, and give a client with the session; the caller closes it."""
    async with timed.client(token=None) as client:
        answer = await client.post("/api/v1/session", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    made = timed.client(token=None)
    made.headers.update({"Origin": timed.url, "Cookie": f"patrol_session={answer.cookies['patrol_session']}"})
    return made
