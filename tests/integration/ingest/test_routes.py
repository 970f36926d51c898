"""Roads and checkpoints compared with stored fixes as the cleaner does, amended by late and suspect ones."""

import random
from typing import Any

import asyncpg
import numpy as np
import pytest

from ingest.run import rebuild
from ingest.run.late.cleaner import Cleaner
from runtime import db
from schemas.wire import Datum
from tests.support import lattice
from tests.unit.tracking.quality.made import MINUTE, SLOT, walk
from tracking.city.enrolment import Device
from tracking.presence.fixes import FixColumns
from tracking.routes import pieces, route_file
from tracking.routes.model import FOR_EVER, LEAD_MS
from tracking.store.city import city, grid_store, route_hours, route_store
from tracking.store.city.grid_store import GridImportResult
from tracking.store.tracks import device_store, fix_store, hour_store

HOUR = 3_600_000
DAY = 24 * HOUR


class Town:
    """A device, a cleaner, and a clock that the test sets."""

    def __init__(self, pool: db.Pool, conn: db.Connection, where: city.City) -> None:
        self.conn, self.now, self.where = conn, SLOT + 2 * HOUR, where
        self.cleaner = Cleaner(pool, lambda: where.grid, lambda: self.now)

    async def store(self, fixes: FixColumns) -> None:
        """Store and count fixes as the worker does."""
        async with self.conn.transaction():
            new = await fix_store.insert(self.conn, fixes)
            await hour_store.add(self.conn, fixes.take(new))
        await hour_store.fold(self.conn)

    async def gone_over(self) -> list[tuple[Any, ...]]:
        """What is known after a pass."""
        await self.cleaner.pass_once(self.conn)
        return [tuple(row) for row in await self.conn.fetch("SELECT * FROM beat_hours ORDER BY device, hour")]

    async def done(self, start: int = SLOT, end: int = SLOT + 2 * HOUR) -> tuple[int, int, float]:
        """After a pass: pieces in force that were walked, stretches at checkpoints, share of hours compared."""
        await self.gone_over()
        routes = await route_store.load(self.conn, self.where.grid)
        did = await route_hours.read(self.conn, routes, start, end)
        return (
            int((did.walked & routes.pieces.in_force(FOR_EVER - 1)).sum()),
            len(did.passes.checkpoint),
            did.roads_told,
        )


@pytest.fixture
async def town(database_url: str, conn: db.Connection) -> Any:
    """A grid of 10 by 10 cells about the walk, with streets a hundred metres apart, and a checkpoint on the way."""
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(lattice.collection(10, 10))), GridImportResult)
    await device_store.enrol(conn, {"cam-1": "441302010", "cam-2": "441302010"})
    lines = [np.array([[114.40, 23.08 + 0.001 * n], [114.42, 23.08 + 0.001 * n]]) for n in range(20)]
    await route_store.import_roads(conn, pieces.cut(lines))
    first = walk(1)
    begin = route_file.Checkpoint(code="P1", name=None, lat=float(first.lat[5]), lon=float(first.lon[5]))
    await route_store.import_checkpoints(conn, [begin])
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        yield Town(pool, conn, await city.load(conn))


async def test_a_pass_compares_what_came_and_again_nothing_new(town: Town) -> None:
    """Half an hour of a walk, then the rest of two hours."""
    way = walk(120)
    await town.store(way.take(slice(0, 180)))
    half = await town.done()
    assert half[0] > 20
    assert half[1:] == (1, 1)
    assert await route_hours.waiting(town.conn, 0, 99) == []
    await town.store(way)
    assert (await town.done())[0] > half[0]
    assert await route_hours.waiting(town.conn, 0, 99) == []


async def test_any_order_of_arrival_gives_the_same_rows(town: Town) -> None:
    """Three hours in parts, shuffled, some twice, with passes between, against all of it at once; days late, too."""
    way = walk(180)
    await town.store(way)
    wanted = await town.gone_over()
    assert len(wanted) == 3
    for seed, later in ((1, 0), (2, 5 * DAY)):
        await town.conn.execute("TRUNCATE fixes, device_hours, beat_hours")
        town.now = SLOT + 3 * HOUR + later
        rng = random.Random(seed)  # noqa: S311 - test data
        parts = [way.take(slice(at, at + 45)) for at in range(0, len(way), 45)]
        parts += rng.sample(parts, 4)
        rng.shuffle(parts)
        for n, part in enumerate(parts):
            await town.store(part)
            if n % 5 == 0:
                await town.gone_over()
        assert await town.gone_over() == wanted


async def test_what_is_not_believed_any_more_is_taken_back(town: Town) -> None:
    """A suspect interval comes as a window of the device, and with it goes what was walked."""
    await town.store(walk(60))
    before = await town.done()
    assert before[0] > 20
    await town.conn.execute(
        "INSERT INTO device_findings (device, kind, slot, since, until, evidence, known_from) "
        "VALUES (1, 'datum_doubt', $1, $1, $2, '{}', $2)",
        db.moment(SLOT), db.moment(SLOT + HOUR),
    )  # fmt: skip
    await town.conn.execute(
        "INSERT INTO dirty_windows (device, t_lo, t_hi, received) VALUES (1, $1, $2, $3)",
        db.moment(SLOT), db.moment(SLOT + HOUR), db.moment(town.now - 2 * MINUTE),
    )  # fmt: skip
    assert await town.done() == (0, 0, 1)


async def test_other_roads_are_compared_with_the_last_day(town: Town) -> None:
    """The same hours, for roads that were not known when they were gone over; older ones only when asked for."""
    now = int(await town.conn.fetchval("SELECT extract(epoch FROM now()) * 1000")) // HOUR * HOUR
    town.now = now + HOUR
    for start in (now - HOUR, now - 3 * DAY):
        await town.store(walk(50, start=start))
    before = await town.done(now - HOUR, now), await town.done(now - 3 * DAY, now - 2 * DAY)
    lines = [np.array([[114.40 + 0.0005 * n, 23.08], [114.40 + 0.0005 * n, 23.10]]) for n in range(40)]
    await route_store.import_roads(town.conn, pieces.cut(lines))
    after = await town.done(now - HOUR, now), await town.done(now - 3 * DAY, now - 2 * DAY)
    assert after[0][0] != before[0][0]
    assert after[0][0] > 20
    assert after[1][0] == 0
    assert await route_hours.mark_stale(town.conn, [(1, now - 4 * DAY, now - 2 * DAY)]) == 1
    assert (await town.done(now - 3 * DAY, now - 2 * DAY))[0] > 20


async def test_a_rebuild_finds_what_is_not_stored_as_it_must_be_and_mends_it(town: Town) -> None:
    """A check says so and changes nothing; what waits for a pass is not held against anybody."""
    await town.store(walk(120))
    wanted = await town.gone_over()
    routes = await route_store.load(town.conn, town.where.grid)
    cam = Device(id=1, name="cam-1", unit="441302010", datum=Datum.WGS84)
    period = (SLOT, SLOT + 2 * HOUR - 1)
    assert await rebuild.routes(town.conn, routes, cam, *period, store=False) == (2, 0)
    await town.conn.execute("UPDATE beat_hours SET pieces = '', seconds = '' WHERE hour = $1", db.moment(SLOT))
    broken = await town.conn.fetch("SELECT * FROM beat_hours ORDER BY hour")
    assert await rebuild.routes(town.conn, routes, cam, *period, store=False) == (2, 1)
    assert await town.conn.fetch("SELECT * FROM beat_hours ORDER BY hour") == broken
    assert await rebuild.routes(town.conn, routes, cam, *period, store=True) == (2, 1)
    assert await town.gone_over() == wanted
    await route_hours.mark_stale(town.conn, [(1, SLOT, SLOT)])
    assert await rebuild.routes(town.conn, routes, cam, *period, store=False) == (1, 0)


async def test_an_hour_depends_on_little_before_it(town: Town) -> None:
    """Whether the fixes before the lead are stored changes nothing."""
    way = walk(120)
    await town.store(way)
    whole = await town.gone_over()
    await town.conn.execute("DELETE FROM fixes WHERE t < $1", db.moment(SLOT + HOUR - LEAD_MS))
    await route_hours.mark_stale(town.conn, [(1, SLOT + HOUR, SLOT + HOUR)])
    assert (await town.gone_over())[1] == whole[1]
