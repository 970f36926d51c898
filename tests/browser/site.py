"""A small city of one's own for browser tests that change things: a few cells, devices that say what a test wants."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiomqtt
import asyncpg

from runtime import db
from tests.support import lattice
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product
from tracking.plans.plans import KIND
from tracking.store.city import rule_store

T = TypeVar("T")

PLAN = {"limit_s": 900, "limits": [], "visits": [], "dwell_s": 5, "path_m": 0}
UNIT = "441302010"


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine beside Playwright, whose own event loop holds this thread."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


@dataclass(slots=True)
class Site:
    """A running `patrol serve` over a lattice of cells in one street."""

    product: Product
    broker: Mosquitto
    database_url: str
    columns: int = 8
    before: str = ""
    """What the cells were before the import, as REST said it."""
    _sent: dict[str, int] = field(default_factory=dict)
    """Time of the newest fix of each device, ms."""

    @property
    def cells(self) -> list[str]:
        """Codes of the cells, from west to east."""
        return [f"441302010001{number:03d}" for number in range(1, self.columns + 1)]

    def set_up(self) -> None:
        """Import the cells and give them a plan under which a visit takes seconds."""
        self.stored(_plan)
        self.product.wait_ready()
        with self.product.client() as client:
            self.before = client.get("/api/v1/cells").text
            answer = client.post(
                "/api/v1/grids/import",
                content=lattice.encoded(lattice.collection(self.columns)),
                headers={"Content-Type": "application/geo+json"},
            )
        assert answer.status_code == 200, answer.text
        assert answer.json()["done"], answer.text

    def stand(self, device: str, column: int, *, seconds: int = 1, duty: str = "duty") -> None:
        """Let a device say that it stood in a cell for the last so many seconds, a fix each second."""
        now = time.time_ns() // 1_000_000
        first = max(now - seconds * 1_000, self._sent.get(device, 0) + 1)
        self._sent[device] = now
        place = {"lat": lattice.SOUTH + lattice.STEP / 2, "lon": lattice.WEST + (column + 0.5) * lattice.STEP}
        fixes = [{"t": t, "acc": 4, "spd": 0.5, "duty": duty, **place} for t in range(first, now + 1, 1_000)]
        apart(self._publish(f"patrol/v1/{UNIT}/{device}/fix", json.dumps(fixes)))

    def stored(self, work: Callable[[db.Connection], Coroutine[Any, Any, T]]) -> T:
        """Let `work` read or change the database."""
        return apart(self._with(work))

    async def _publish(self, topic: str, payload: str) -> None:
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            await client.publish(topic, payload, qos=1)

    async def _with(self, work: Callable[[db.Connection], Coroutine[Any, Any, T]]) -> T:
        conn: db.Connection = await asyncpg.connect(self.database_url)
        try:
            return await work(conn)
        finally:
            await conn.close()


async def _plan(conn: db.Connection) -> None:
    yesterday = time.time_ns() // 1_000_000 - 86_400_000
    await rule_store.append(conn, KIND, "class:business", PLAN, yesterday, "test")
