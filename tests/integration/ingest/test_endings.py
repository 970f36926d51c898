"""Parts of the worker end when they are told to, even while the connection breaks under them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import pytest

from alerts.run.notify.outbox import Outbox
from alerts.run.timers import AlertTimers
from alerts.run.watch import Watcher
from ingest.run.heartbeat import Heartbeat
from ingest.run.housekeeper import Housekeeper
from ingest.run.late.cleaner import Cleaner
from ingest.run.orders import Orders
from runtime import db


class Breaking:
    """A pool as asyncpg's is when the database dies: who is cancelled in it gets an error of the connection."""

    def __init__(self) -> None:
        self.waited = asyncio.Event()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[db.Connection]:
        """Wait for ever; break when told to stop waiting."""
        self.waited.set()
        try:
            await asyncio.Event().wait()
            yield cast("db.Connection", None)
        except asyncio.CancelledError:
            raise asyncpg.InternalClientError("cannot switch to state 15") from None


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def _order(topic: str, payload: bytes, *, expiry_s: int) -> bool:
    return bool(topic and payload and expiry_s)


PARTS: dict[str, Callable[[db.Pool], Coroutine[Any, Any, None]]] = {
    "timers": lambda pool: AlertTimers(pool).run(),
    "watcher": lambda pool: Watcher(pool).run(asyncio.Event()),
    "notifier": lambda pool: Outbox(pool, {}).run(),
    "cleaner": lambda pool: Cleaner(pool, lambda: pytest.fail("no city is asked for"), lambda: 0).run(),
    "housekeeper": lambda pool: Housekeeper(pool, lambda: 0, every_s=0.0).run(),
    "orders": lambda pool: Orders(pool, _order, _set()).run(),
    "heartbeat": lambda pool: Heartbeat(pool=pool, worker="w", units=list, counters=dict).run(),
}


@pytest.mark.parametrize("name", PARTS)
async def test_a_part_ends_though_its_connection_breaks(name: str) -> None:
    """Cancelled in the middle of its work, it is cancelled; it does not take the error for one to be survived."""
    pool = Breaking()
    task = asyncio.create_task(PARTS[name](cast("db.Pool", pool)))
    async with asyncio.timeout(10):
        await pool.waited.wait()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
