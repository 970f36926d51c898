"""Since when the city is observed: nothing that is not believed moves it, and what moved it before is healed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ingest.decoding import too_old
from ingest.run.late.cleaner import Cleaner
from patrol.services import migrate
from runtime import db
from schemas import migrations, topics
from tests.support import lattice, patrols, pipelines
from tests.support.patrols import MINUTE, T0, Said
from tests.support.pipelines import Driven
from tracking.coverage.coverage import NEVER
from tracking.records.retention import DAY_MS
from tracking.store.city import city, division_store, grid_store
from tracking.store.presence import observation
from web.store import coverage

HOUR = 3_600_000
IN_2008 = 1_224_730_000_000


def walked(start: int, *, minutes: int = 20, device: str = "cam-9") -> list[dict[str, Any]]:
    """Fixes of somebody who walks through cells, one every 10 s; times are `start` and after."""
    step = lattice.STEP / 60
    return [
        {"t": start + 10_000 * n, "lat": lattice.SOUTH + lattice.STEP / 2, "lon": lattice.WEST + step * n, "acc": 5.0}
        for n in range(6 * minutes)
        if device
    ]


def said(fixes: Sequence[dict[str, Any]], arrives: int, root: str = "patrol/v1", device: str = "cam-9") -> Said:
    """One message."""
    topic = f"{root}/{patrols.UNIT}/{device}/fix"
    return Said(arrives=arrives, topic=topic, payload=json.dumps(list(fixes)).encode())


@pytest.fixture
async def town(conn: db.Connection) -> db.Connection:
    """A row of cells."""
    made = await grid_store.import_file(conn, lattice.encoded(lattice.collection(4, 1)))
    assert isinstance(made, grid_store.GridImportResult)
    return conn


async def states(conn: db.Connection, at: int) -> list[str]:
    """What coverage says of the cells."""
    place = await coverage.load_place(conn, None, at)
    judged = coverage.judge(place, *await coverage.read_inputs(conn, place, at), at)
    drives = await coverage.drive_throughs(conn, judged)
    return [coverage.of_cell(judged, row, drives).state for row in range(len(place.city.cells))]


@pytest.mark.parametrize("root", ["patrol/v1", topics.BUFFER_ROOT])
@pytest.mark.parametrize("days", [183, None])
async def test_a_clock_of_years_ago_moves_nothing(
    town: db.Connection, database_url: str, root: str, days: int | None
) -> None:
    """99 fixes of 2008 on the first day, live and buffered, also where all is kept: refused, and no cell is overdue."""
    await town.execute("UPDATE retention SET days = $1 WHERE class = 'fixes'", days)
    async with pipelines.driven(database_url, T0) as driven:
        await driven.take([said(walked(T0), T0 + 20 * MINUTE, device="cam-1")], T0 + 20 * MINUTE)
        await driven.take([], T0 + 30 * MINUTE)
        before, since = await states(town, T0 + 30 * MINUTE), await observation.observed_since(town)
        old = [said(walked(IN_2008)[:99], T0 + 30 * MINUTE, root)]
        rolled = [said(walked(T0 - too_old.ROLLOVER_MS)[:7], T0 + 30 * MINUTE, root)]
        await driven.take([*old, *rolled], T0 + 31 * MINUTE)
        assert await states(town, T0 + 30 * MINUTE) == before
        assert await observation.observed_since(town) == since == T0
    rows = await town.fetch("SELECT reason, n FROM refusal_counts ORDER BY reason")
    assert [tuple(row) for row in rows] == [("too_old", 99), ("week_rollover", 7)]
    details = [row["detail"] for row in await town.fetch("SELECT detail FROM refusals ORDER BY reason")]
    assert "clock" in details[0]
    assert "1,024 weeks" in details[1]


async def cleaned(driven: Driven, conn: db.Connection, now: int) -> None:
    """Let the cleaner look."""
    driven.clock.now = now
    grid = driven.pipeline.host.grid
    await Cleaner(driven.pipeline.database.pool, lambda: grid, lambda: now).pass_once(conn)


async def test_a_clock_of_days_ago_moves_it_until_it_is_found(town: db.Connection, database_url: str) -> None:
    """Not refused, for a buffer may be so old; when the cleaner has found the clock, its stays count no more."""
    late = 3 * DAY_MS
    fixes = walked(T0 - late)
    async with pipelines.driven(database_url, T0) as driven:
        for fix in fixes:
            await driven.take([said([fix], fix["t"] + late + 300)], fix["t"] + late + 300)
        await driven.take([said(walked(T0), T0 + 20 * MINUTE, device="cam-1")], T0 + 21 * MINUTE)
        assert await observation.observed_since(town) == T0 - late
        await cleaned(driven, town, T0 + 25 * MINUTE)
        assert await observation.observed_since(town) == T0
        assert await observation.observed_since(town, T0 + 24 * MINUTE) == T0 - late


async def test_a_buffer_of_days_ago_is_no_wrong_clock(town: db.Connection, database_url: str) -> None:
    """It comes as fast as it can, or slowly beside what is new: the device was there."""
    late = 3 * DAY_MS
    fixes, live = walked(T0 - late), walked(T0)
    async with pipelines.driven(database_url, T0) as driven:
        for fix, new in zip(fixes, live, strict=True):
            at = new["t"] + 300
            await driven.take([said([new], at), said([fix], at, topics.BUFFER_ROOT)], at)
        await cleaned(driven, town, T0 + 25 * MINUTE)
    assert await town.fetch("SELECT FROM device_findings WHERE kind = 'clock_skew'") == []
    assert await observation.observed_since(town) == T0 - late


async def test_nothing_heard_is_not_observed(town: db.Connection) -> None:
    """No stay, no start; the states are unknown."""
    assert await observation.observed_since(town) == NEVER
    assert set(await states(town, T0)) == {"unknown"}


async def test_an_existing_database_heals(empty_database_url: str) -> None:
    """Cells in force and ended become divisions with what is stored of them; stays of 2008 go."""
    conn = await asyncpg.connect(empty_database_url)
    try:
        await conn.execute("CREATE TABLE schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL)")
        for each in migrations.plain():
            if Path(each.name).name < "0130":
                await migrate.apply(conn, each)
        await _as_it_was(conn)
    finally:
        await conn.close()
    await migrate.migrate(empty_database_url)
    conn = await asyncpg.connect(empty_database_url)
    try:
        divisions = await division_store.all_divisions(conn)
        assert len(divisions) == 2
        at = divisions[1].starts
        before, after = await city.load(conn, at - 1), await city.load(conn, at)
        assert [(cell.code, cell.cls, cell.street) for cell in before.cells] == [
            ("441302010001001", "business", "441302010"), ("441302010001002", "business", "441302010"),
        ]  # fmt: skip
        assert [(cell.code, cell.begins) for cell in after.cells][1:] == [("441302010001003", at)]
        assert db.moment(await observation.observed_since(conn)) == await conn.fetchval(
            "SELECT (now()::date - interval '2 d')::timestamptz"
        )
        assert await conn.fetchval("SELECT count(*) FROM fixes") == 1
        assert await conn.fetchval("SELECT count(*) FROM runs") == 1
        assert await conn.fetchval("SELECT count(*) FROM stays WHERE known_to IS NOT NULL") == 1
    finally:
        await conn.close()


async def _as_it_was(conn: db.Connection) -> None:
    ring = json.dumps({"type": "Polygon", "coordinates": [lattice.square(0, 0)]})
    await conn.execute(
        """INSERT INTO areas VALUES ('441302', 'district', '惠城区', NULL, NULL),
        ('441302010', 'street', '小金口街道', '441302', NULL), ('G0', 'grid', '一网格', '441302010', NULL)"""
    )
    for code, begins, ends in ((1, 9, None), (2, 9, 5), (3, 5, None)):
        await conn.execute(
            """INSERT INTO cells (code, grid, class, area_m2, geometry, valid_from, valid_to)
            VALUES ('44130201000100' || $1::int, 'G0', 'business', 1, $2,
                    now()::date - $3 * interval '1 d', now()::date - $4::int * interval '1 d')""",
            code, ring, begins, ends,
        )  # fmt: skip
    await conn.execute("INSERT INTO devices (name, unit) VALUES ('cam-1', 'u'), ('cam-2', 'u')")
    known = await conn.fetchval("SELECT (now()::date - interval '2 d')::timestamptz")
    for device, t in ((1, known), (2, db.moment(IN_2008))):
        for statement in (
            """INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags)
            VALUES ($1, $2, $3, 23, 114, 0, 0, 0)""",
            "INSERT INTO runs VALUES ($1, $2, 23, 114, $2, 23, 114, false, $3)",
            """INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from)
            SELECT $1, min(id), $2, $2, 0, 0, 1, 'short', false, $3 FROM cells""",
        ):
            await conn.execute(statement, device, t, known)
    await conn.execute("INSERT INTO street_watch VALUES ('441302010', '2008-10-23', now())")
    await conn.execute("INSERT INTO street_since SELECT street, since, NULL FROM street_watch")
