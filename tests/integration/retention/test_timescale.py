"""Retention on a real TimescaleDB: chunks are dropped whole, what is held in them is put back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from ingest.run import passes
from runtime import db
from tests.integration.tracking.test_fix_store import fixes
from tests.support import device_days
from tracking.records.retention import DAY_MS, DataClass
from tracking.store.records import hold_store
from tracking.store.records.hold_store import NewHold
from tracking.store.tracks import fix_store

pytestmark = pytest.mark.timescale

FIRST = 1_700_006_400_000  # a midnight UTC before the times of other tests on the same server
DAYS = 3
EACH = 40


@pytest.fixture
async def timescale(timescale: db.Connection) -> AsyncIterator[db.Connection]:
    """The one connection; two devices with three days of fixes, the first two days in the columnstore."""
    await timescale.execute("TRUNCATE fixes")
    await timescale.execute("UPDATE retention SET floor = NULL")
    await timescale.execute(
        "INSERT INTO devices (name, unit) VALUES ('ts-1', 'ts'), ('ts-2', 'ts') ON CONFLICT DO NOTHING"
    )
    for device in await _devices(timescale):
        times = [FIRST + n * DAY_MS + 60_000 * k for n in range(DAYS) for k in range(EACH)]
        async with timescale.transaction():
            await fix_store.insert(timescale, fixes(device, times), copy=False)
    for chunk in (await timescale.fetch("SELECT show_chunks('fixes') AS name"))[:2]:
        await timescale.execute(f"CALL convert_to_columnstore('{chunk['name']}', if_not_columnstore => true)")
    yield timescale
    await timescale.execute(
        "UPDATE legal_holds SET released_at = now(), released_by = 'x', released_why = 'x' WHERE released_at IS NULL"
    )
    await timescale.execute("UPDATE retention SET floor = NULL, ran_at = now()")


async def _devices(conn: db.Connection) -> list[int]:
    return [row["id"] for row in await conn.fetch("SELECT id FROM devices WHERE unit = 'ts' ORDER BY id")]


async def _chunks(conn: db.Connection) -> int:
    return len(await conn.fetch("SELECT show_chunks('fixes')"))


def pass_that_keeps(days: int, conn: db.Connection) -> passes.Pass:
    """A pass that drops all but the last days."""
    return passes.Pass(conn, FIRST + (DAYS - days) * DAY_MS + 185 * DAY_MS)


async def test_old_chunks_are_dropped_whole(timescale: db.Connection) -> None:
    """Two days of three go, by the chunk; nothing is deleted row by row; again there is nothing to do."""
    assert await _chunks(timescale) == DAYS
    dropped = await pass_that_keeps(1, timescale).run()
    assert dropped is not None
    assert dropped[DataClass.FIXES] == 2 * EACH * 2
    assert await _chunks(timescale) == 1
    assert await timescale.fetchval("SELECT count(*) FROM fixes") == 2 * EACH
    again = await pass_that_keeps(1, timescale).run()
    assert again is not None
    assert again[DataClass.FIXES] == 0


async def test_held_fixes_survive_the_drop_of_their_chunk(timescale: db.Connection) -> None:
    """Out of a chunk in the columnstore too: each once, to the last column; then its track is read as before."""
    device, other = await _devices(timescale)
    lo, hi = FIRST + 10 * 60_000, FIRST + 20 * 60_000
    async with timescale.transaction():
        given = NewHold(why="case", device="ts-1", t_from=db.moment(lo), t_to=db.moment(hi))
        number = await hold_store.place(timescale, given, "chief", datetime.now(UTC))
    rows = "SELECT * FROM fixes WHERE device = $1 AND t >= $2 AND t < $3 ORDER BY t"
    before = await timescale.fetch(rows, device, db.moment(lo), db.moment(hi))
    assert len(before) == 10
    assert await passes.would_drop(timescale, FIRST + (DAYS + 185) * DAY_MS)
    for _ in range(2):  # the second pass finds nothing but what is held
        await pass_that_keeps(0, timescale).run()
        assert await timescale.fetch(rows, device, db.moment(lo), db.moment(hi)) == before
        assert await timescale.fetchval("SELECT count(*) FROM fixes") == 10
    assert (await fix_store.page_of(timescale, device, FIRST, FIRST + DAYS * DAY_MS, 100)).t.tolist() == list(
        range(lo, hi, 60_000)
    )
    assert await timescale.fetchval("SELECT count(*) FROM fixes WHERE device = $1", other) == 0
    async with timescale.transaction():
        await hold_store.release(timescale, number, "closed", "chief", datetime.now(UTC))
    await pass_that_keeps(0, timescale).run()
    assert await _chunks(timescale) == 0


async def test_wide_refresh_works_late_data_in_and_keeps_days_whose_fixes_are_gone(timescale: db.Connection) -> None:
    """Late fixes of weeks ago are in the days of devices after the night; days before the floor keep their figures."""
    device = (await _devices(timescale))[0]
    late = FIRST + (DAYS + 3) * DAY_MS
    async with timescale.transaction():
        await fix_store.insert(timescale, fixes(device, [late]), copy=False)
    whole = db.moment(FIRST), db.moment(FIRST + (DAYS + 4) * DAY_MS)
    await timescale.execute(
        "CALL refresh_continuous_aggregate('device_days', $1::timestamptz, $2::timestamptz)", *whole
    )
    await pass_that_keeps(1, timescale).run()
    async with timescale.transaction():
        await fix_store.insert(timescale, fixes(device, [late + 500, late + 1_500]), copy=False)
    assert await passes.refresh_days(timescale, late + 100 * DAY_MS)
    days = await device_days.days(timescale, device, *whole)
    assert [n for _, n, _ in days] == [EACH] * DAYS + [3]
