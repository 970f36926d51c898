"""What the web process says of its own state."""

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import httpx2

from tests.integration.web.viewing import SUBSCRIBE, first
from tests.support import web

if TYPE_CHECKING:
    from runtime import db


async def test_shutdown_says_goodbye(database_url: str) -> None:
    """Viewers of a process that stops are told so, and the process stops within seconds."""
    async with contextlib.AsyncExitStack() as stack:
        serving = web.serving(database_url)
        server = await serving.__aenter__()
        await asyncio.wait_for(server.hub.ready.wait(), 20)
        viewer = await stack.enter_async_context(server.live())
        await viewer.send(json.dumps(SUBSCRIBE))
        await first(viewer, "state")
        async with asyncio.timeout(5):
            leaving = asyncio.create_task(serving.__aexit__(None, None, None))
            assert (await first(viewer, "bye"))["reason"] == "shutting_down"
            await leaving


async def test_readyz_says_what_is_missing(server: web.WebServer, conn: "db.Connection") -> None:
    """Without broker and worker the process answers 503 and names both."""
    async with httpx2.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        checks = answer.json()["checks"]
        assert [name for name, check in checks.items() if not check["ok"]] == ["worker", "feed"]
        await conn.execute("INSERT INTO workers (id, started, heartbeat, units) VALUES ('w1', now(), now(), '{+}')")
        assert (await client.get("/readyz")).json()["checks"]["worker"]["ok"] is True
        await conn.execute("UPDATE workers SET stopped_at = now()")
        stopped = (await client.get("/readyz")).json()["checks"]["worker"]
        assert (stopped["ok"], "patrol worker" in stopped["detail"]) == (False, True)


async def test_readyz_says_that_a_workers_session_is_taken(server: web.WebServer, conn: "db.Connection") -> None:
    """Another client with a worker's client id is named as what it is, and is forgotten with the worker's word."""
    async with httpx2.AsyncClient(base_url=server.url) as client:
        for taken in (True, False):
            await conn.execute(
                "INSERT INTO workers (id, started, heartbeat, units, counters) "
                "VALUES ('w1', now(), now(), '{+}', $1::text::jsonb) "
                "ON CONFLICT (id) DO UPDATE SET counters = excluded.counters",
                json.dumps({"taken": taken}),
            )
            await conn.execute(
                "INSERT INTO workers (id, started, heartbeat, units) VALUES ('w2', now(), now(), '{+}') "
                "ON CONFLICT DO NOTHING"
            )
            worker = (await client.get("/readyz")).json()["checks"]["worker"]
            assert worker["ok"] is not taken
            assert ("the session of w1" in worker["detail"]) is taken
