"""`patrol serve` whose worker is killed again and again: no step is lost, no notification comes under two ids."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psutil
import pytest

from alerts.life.facts import Understaffed
from alerts.life.model import Change, Level, Step
from alerts.store.store import apply_on
from runtime import db
from runtime.clock import wall_clock
from tests.support import waiting
from tests.support.database import TestServer
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product

ALERTS, KILLS = 40, 3
SPREAD_MS = 5_000
"""The alerts escalate within so long."""


@dataclass(slots=True)
class Sink:
    """Takes webhooks slowly, so that kills meet messages on their way."""

    port: int = 0
    ids: Counter[str] = field(default_factory=Counter)
    told: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    """Alert and step to the ids of the messages that told it."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            length = next(int(line.split(":")[1]) for line in head if line.startswith("content-length"))
            body = json.loads(await reader.readexactly(length))
        except asyncio.IncompleteReadError:
            return  # its sender was killed
        self.ids[body["id"]] += 1
        for notice in body["notices"]:
            self.told.setdefault((notice["alert"]["id"], notice["n"]), set()).add(body["id"])
        await asyncio.sleep(0.05)  # what a receiver takes to store it
        writer.write(b"HTTP/1.1 204 x\r\n\r\n")
        writer.close()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A sink on a free port."""
    made = Sink()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


@pytest.fixture(scope="module")
def server(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running `patrol serve` on an empty database that may call this machine."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    url = asyncio.run(postgres.create(migrated=False))
    env = {"PATROL_DATABASE_URL": url, "PATROL_MQTT_URL": broker.url, "PATROL_NOTIFY_ALLOW": "127.0.0.0/8"}
    product = Product(tmp_path_factory.mktemp("serve"), env=env)
    product.start("serve")
    try:
        product.wait_ready()
        yield product
    finally:
        product.stop()
        asyncio.run(postgres.drop(url))
        broker.stop()


async def _escalating(conn: "db.Connection", n: int, moments: list[int]) -> None:
    """Open an alert for each moment, at which it escalates."""
    facts = Understaffed(street="x", name="甲街", cells=9, officers=1, need_min=90, have_min=60)
    for k, moment in enumerate(moments):
        # A kind that no rule of an empty city looks at.
        change = Change(
            key=f"a{n + k}", kind="understaffed", step=Step.OPENED, level=Level.ORANGE, at=wall_clock(), facts=facts
        )
        async with conn.transaction():
            (alert,) = await apply_on(conn, [change])
            await conn.execute("UPDATE alerts SET escalates_at = $2 WHERE id = $1", alert.id, db.moment(moment))


async def _kill(server: Product, times: int) -> None:
    rng = random.Random(7)  # noqa: S311 - test data
    for _ in range(times):
        worker = await asyncio.to_thread(server.child, "worker")
        await asyncio.sleep(rng.uniform(0.3, 1.5))  # the moment of a kill is chance
        try:
            worker.kill()
        except psutil.NoSuchProcess:
            continue


@pytest.fixture
async def conn(server: Product) -> AsyncIterator[Any]:
    """A connection to the database of the server."""
    made = await asyncpg.connect(server.env["PATROL_DATABASE_URL"])
    yield made
    await made.close()


async def test_an_escalation_fires_to_the_second_after_a_restart(server: Product, conn: Any) -> None:
    """One that fell due while no worker ran fires as the next one starts, one that falls due then at its moment."""
    worker = await asyncio.to_thread(server.child, "worker")
    worker.kill()
    await _escalating(conn, 1_000, [wall_clock() + 1])

    async def fired(key: str) -> Any:
        query = """SELECT s.at, w.started FROM alert_steps s JOIN alerts a ON a.id = s.alert CROSS JOIN workers w
                   WHERE a.key = $1 AND s.step = 'escalated'"""
        return await conn.fetchrow(query, key)

    first = await waiting.until(lambda: fired("a1000"), "it escalated", within=60)
    assert abs(db.millis(first["at"]) - db.millis(first["started"])) < 2_000 * waiting.PATIENCE
    moment = wall_clock() + 1_500
    await _escalating(conn, 1_001, [moment])
    second = await waiting.until(lambda: fired("a1001"), "it escalated at its moment", within=60)
    assert 0 <= db.millis(second["at"]) - moment < 1_000 * waiting.PATIENCE


async def test_killed_workers_lose_no_step_and_tell_nothing_under_two_ids(
    server: Product, sink: Sink, conn: Any
) -> None:
    """While alerts open and escalate, each step is there once, and each is told under one id, repeats included."""
    hook = {"kind": "webhook", "name": "sink", "url": f"http://127.0.0.1:{sink.port}/", "system": True}
    with server.client() as client:
        made = client.post("/api/v1/channels", json=hook)
        assert made.status_code == 201, made.text
    last = await conn.fetchval("SELECT coalesce(max(id), 0) FROM alerts")
    now = wall_clock()
    moments = [now + 500 + k * SPREAD_MS // ALERTS for k in range(ALERTS)]
    kills = asyncio.create_task(_kill(server, KILLS))
    await _escalating(conn, 0, moments)
    await kills

    async def complete() -> bool:
        waits = "SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')"
        steps = await conn.fetchval("SELECT count(*) FROM alert_steps WHERE step = 'escalated' AND alert > $1", last)
        return bool(steps >= ALERTS and not await conn.fetchval(waits))

    await waiting.until(complete, "every alert escalated and nothing waits to be sent", within=90, every=0.2)
    steps = await conn.fetch(
        "SELECT alert, array_agg(step ORDER BY n) AS steps, max(n) AS n FROM alert_steps WHERE alert > $1 GROUP BY 1",
        last,
    )
    assert [tuple(row["steps"]) for row in steps] == [("opened", "escalated")] * ALERTS
    assert {row["n"] for row in steps} == {2}
    assert {pair: len(ids) for pair, ids in sink.told.items()} == {
        (row["alert"], n): 1 for row in steps for n in (1, 2)
    }
    assert sum(sink.ids.values()) - len(sink.ids) <= KILLS
    assert [tuple(row) for row in await conn.fetch("SELECT DISTINCT state FROM deliveries")] == [("sent",)]
