"""A database with a small grid, and a way to put visits and officers into it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from runtime import db
from tests.support import lattice, observed
from tests.support.sink import Sink, listening
from tracking.store.city import grid_store
from tracking.store.city.grid_store import GridImportResult
from tracking.store.tracks import device_store

START = 1_769_990_400_000
"""2026-02-02 00:00 UTC, 08:00 in the city."""
MINUTE = 60_000


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[db.Pool]:
    """Connections to the test's own database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


@pytest.fixture
async def conn(pool: db.Pool) -> AsyncIterator[db.Connection]:
    """A connection to it."""
    async with pool.acquire() as connection:
        yield connection


@pytest.fixture
async def town(conn: db.Connection) -> "Town":
    """Two business cells of one grid, whose street is observed from START on, and one officer."""
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(lattice.collection(2))), GridImportResult)
    await device_store.enrol(conn, {"xjk-03": "xjk"})
    town = Town(conn)
    await town.heard(0)
    return town


class Town:
    """Writes what the worker would write; minutes count from START."""

    def __init__(self, conn: db.Connection) -> None:
        self._conn = conn

    async def cell(self, number: int = 1) -> int:
        """Number in the store of a cell of the lattice."""
        return int(await self._conn.fetchval("SELECT id FROM cells WHERE code = $1", f"441302010001{number:03d}"))

    async def heard(self, minute: float) -> None:
        """Something was heard from the street."""
        if not await self._conn.fetchval("SELECT EXISTS (SELECT FROM stays)"):
            await observed.observed(self._conn, at(minute))
        await observed.heard(self._conn, at(minute))

    async def visit(self, t_in: float, t_out: float, *, number: int = 1, going_on: bool = False) -> int:
        """A valid visit; returns the number of its row."""
        return int(
            await self._conn.fetchval(
                "INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from) "
                "VALUES (1, $1, $2, $3, 300000, 200, 30, 'visit', $4, $3) RETURNING id",
                await self.cell(number),
                db.moment(at(t_in)),
                db.moment(at(t_out)),
                going_on,
            )
        )

    async def between(self, t_in: float, t_out: float, *, number: int = 1) -> None:
        """Somebody who may have made a valid visit in a cell, or have been in another one."""
        row = await self.visit(t_in, t_out, number=number)
        await self._conn.execute("UPDATE stays SET kind = 'between' WHERE id = $1", row)

    async def officer(self, minute: float, *, north_m: float = 0.0) -> None:
        """A fix of the officer at the middle of cell 1, or so far north of it."""
        await self._conn.execute(
            "INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags) VALUES (1, $1, $1, $2, $3, 0, 0, 0)",
            db.moment(at(minute)),
            lattice.SOUTH + lattice.STEP / 2 + north_m / 110_750,
            lattice.WEST + lattice.STEP / 2,
        )


def at(minute: float) -> int:
    """Minutes since START as ms."""
    return START + round(minute * MINUTE)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A sink on a free port."""
    async with listening() as made:
        yield made
