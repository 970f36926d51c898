"""A web process on a fresh database, and what the tests put into it."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runtime.clock import wall_clock
from tests.support import divided, web
from tests.support.clock import Clock
from tests.support.waiting import until
from tracking.presence.fixes import FixColumns
from tracking.store.records import event_log
from tracking.store.tracks import device_store, fix_store, minute_store

if TYPE_CHECKING:
    from runtime import db


@pytest.fixture
async def devices(conn: "db.Connection") -> dict[str, int]:
    """Number of each of the devices cam-1 … cam-5."""
    await device_store.enrol(conn, {f"cam-{n}": "team-1" for n in range(1, 6)})
    return {device.name: device.id for device in await device_store.all_devices(conn)}


@pytest.fixture
async def cell(conn: "db.Connection") -> str:
    """Code of a cell of grid 44130200101 in street 441302001 of district 441302."""
    await conn.execute(
        """INSERT INTO areas VALUES ('441302', 'district', '惠城区', NULL, NULL), ('441302001', 'street', '桥东街道',
        '441302', NULL), ('44130200101', 'grid', '一网格', '441302001', 'team-1')"""
    )
    ring = "[[114.40,23.10],[114.41,23.10],[114.41,23.11],[114.40,23.11],[114.40,23.10]]"
    geometry = f'{{"type": "Polygon", "coordinates": [{ring}]}}'
    await divided.add_cell(conn, "44130200100101", "44130200101", geometry)
    return "44130200100101"


@pytest.fixture
async def server(
    database_url: str,
    conn: "db.Connection",
    devices: dict[str, int],  # noqa: ARG001 - must be there before
) -> AsyncIterator[web.WebServer]:
    """A web process that has read its event log; its broker is away."""
    async with web.serving(database_url) as running:
        await asyncio.wait_for(running.hub.ready.wait(), 20)

        async def complete() -> bool:
            return len(running.hub.directory.slots) == 5 and bool(await conn.fetchval("SELECT count(*) FROM accounts"))

        await until(complete, "the directory is read and the first account made")
        yield running


@pytest.fixture
def clock() -> Clock:
    """The clock of `timed`."""
    return Clock()


@pytest.fixture
async def timed(
    database_url: str,
    conn: "db.Connection",
    cell: str,  # noqa: ARG001 - its areas
    clock: Clock,
) -> AsyncIterator[web.WebServer]:
    """A web process that goes by the test's clock."""
    async with web.serving(database_url, clock=clock) as running:

        async def complete() -> bool:
            return running.hub.ready.is_set() and bool(await conn.fetchval("SELECT count(*) FROM accounts"))

        await until(complete, "the event log is read and the first account made")
        yield running


async def say(conn: "db.Connection", n: int) -> int:
    """Commit one item to the event log."""
    async with conn.transaction():
        seq = await event_log.append(conn, [("event", {"n": n})])
    assert seq is not None
    return seq


async def store_fixes(conn: "db.Connection", device: int, times: list[int], **columns: object) -> None:
    """Store fixes on a line eastwards."""
    n = len(times)
    known: dict[str, object] = {
        "received": [max(times)] * n,
        "lat": [23.105] * n,
        "lon": [114.401 + 1e-5 * k for k in range(n)],
        "acc": [4.5] * n,
        "spd": [1.25] * n,
        "boot": ["b1"] * n,
        "seq": list(range(n)),
    }
    fixes = FixColumns.from_columns(n, device=[device] * n, t=times, **{**known, **columns})  # type: ignore[arg-type]
    async with conn.transaction():
        await fix_store.insert(conn, fixes)
        counted = minute_store.MinuteCounts()
        unit = str(await conn.fetchval("SELECT unit FROM devices WHERE id = $1", device))
        counted.note(fixes.t, np.zeros(n, np.int32), [unit], wall_clock())
        await counted.store(conn)
