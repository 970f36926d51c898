"""The division changes while fixes arrive, for a past or a coming moment: what is judged is what each moment had."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from ingest.decoding.message import DeviceMessage
from runtime import db
from tests.integration.ingest.test_rebuild import looked, stored
from tests.support import lattice, patrols, pipelines
from tests.support.database import TestServer
from tests.support.patrols import MINUTE, T0, Said
from tests.support.pipelines import Driven
from tracking.city import grids
from tracking.store.city import grid_store
from tracking.store.presence import observation
from web.store import coverage

COLUMNS = 4
END = T0 + 120 * MINUTE
CHANGE = T0 + 45 * MINUTE
LEVELS: tuple[coverage.Level, ...] = ("grid", "street", "district")
FIRST = lattice.collection(COLUMNS, 1)


def second() -> lattice.Json:
    """The second cell is split under new codes, of which the northern half is left out."""
    document = lattice.collection(COLUMNS, 1)
    half = lattice.square(1, 0)
    half[2][1] = half[3][1] = lattice.SOUTH + lattice.STEP / 2
    document["features"][4] = lattice.cell(91, half, "G0", "residential")
    return document


async def imported(conn: db.Connection, document: lattice.Json, at: int, now: int) -> None:
    """Import a grid that holds from `at`."""
    grid = grids.parse(lattice.encoded(document))
    assert isinstance(grid, grids.Grid)
    assert isinstance(await grid_store.import_grid(conn, grid, valid_from=at, now=now), grid_store.GridImportResult)


async def shown(conn: db.Connection) -> list[Any]:
    """Coverage of the cells and of every level at 28 moments, as the data says it now."""
    made: list[Any] = []
    for at in range(T0 + 5 * MINUTE, T0 + 117 * MINUTE, 4 * MINUTE):
        place = await coverage.load_place(conn, None, at)
        judged = coverage.judge(place, *await coverage.read_inputs(conn, place, at), at)
        drives = await coverage.drive_throughs(conn, judged)
        made.append([coverage.of_cell(judged, row, drives) for row in range(len(place.city.cells))])
        made += [coverage.of_areas(judged, level, drives) for level in LEVELS]
    assert len(made) == 4 * 28
    return made


async def outcome(conn: db.Connection, driven: Driven) -> list[Any]:
    """Everything that is known when all has settled; a rebuild finds nothing else."""
    await driven.take([], END)
    found = await looked(conn, 0, END + MINUTE)
    assert found.differences == []
    return [*await stored(conn), await observation.observed_since(conn), await shown(conn)]


def shift() -> list[Said]:
    """Three patrols with all that happens to radio."""
    return patrols.shift(5, devices=3, minutes=90)


async def live(conn: db.Connection, url: str, said: Sequence[Said]) -> list[Any]:
    """Both divisions are known before anything is heard: what all else must give."""
    await imported(conn, FIRST, 0, T0 - 1)
    await imported(conn, second(), CHANGE, T0 - 1)
    async with pipelines.driven(url, T0) as driven:
        for now, part in patrols.by_minutes(list(said), 5):
            await driven.take(part, now)
        return await outcome(conn, driven)


@pytest.fixture
async def expected(postgres: TestServer) -> list[Any]:
    """What an instance says that knew both divisions from the beginning."""
    url = await postgres.create()
    conn = await asyncpg.connect(url)
    try:
        return await live(conn, url, shift())
    finally:
        await conn.close()
        await postgres.drop(url)


async def test_imports_while_fixes_arrive(conn: db.Connection, database_url: str, expected: list[Any]) -> None:
    """Before the first grid, and between an import and the worker's next look: nothing hangs on when it was noticed."""
    said = shift()
    async with pipelines.driven(database_url, T0) as driven:
        parts = list(patrols.by_minutes(said, 5))
        for number, (now, part) in enumerate(parts):
            waiting = [DeviceMessage(each.topic, each.payload, False, each.arrives, 1) for each in part]
            driven.pipeline.intake.put(waiting)
            driven.clock.now = now
            if number == 1:
                await imported(conn, FIRST, 0, now)
            if number == len(parts) - 2:
                await imported(conn, second(), CHANGE, now)
            await driven.pipeline.step()
            await driven.take([], now)
        assert await outcome(conn, driven) == expected


async def test_what_was_judged_before_a_worker_died(
    conn: db.Connection, database_url: str, expected: list[Any]
) -> None:
    """A worker stores its last batch, a division is imported for the past, and another worker starts."""
    said = shift()
    await imported(conn, FIRST, 0, T0 - 1)
    async with pipelines.driven(database_url, T0) as driven:
        await driven.take(said[:-20], END - MINUTE)
    await imported(conn, second(), CHANGE, END - MINUTE)
    async with pipelines.driven(database_url, END - MINUTE) as driven:
        await driven.take(said[-20:], END)
        assert await outcome(conn, driven) == expected


async def test_one_late_fix_after_the_change(conn: db.Connection, database_url: str) -> None:
    """The issue's own case: the run is computed again by the cells it was walked in, and nothing else changes."""
    said = shift()
    await imported(conn, FIRST, 0, T0 - 1)
    old = [each for each in said if each.arrives < CHANGE]
    held = next(n for n, each in enumerate(old) if n > 10 and each.topic.endswith("/fix"))
    async with pipelines.driven(database_url, T0) as driven:
        await driven.take(old[:held] + old[held + 1 :], CHANGE - MINUTE)
        await driven.take([], CHANGE + 30 * MINUTE)
        cells = "SELECT DISTINCT cell FROM stays WHERE known_to IS NULL ORDER BY cell"
        before = await conn.fetch(cells)
        await imported(conn, second(), CHANGE + 40 * MINUTE, CHANGE + 40 * MINUTE)
        await driven.take([old[held]], CHANGE + 41 * MINUTE)
        assert await conn.fetch(cells) == before
        late = await stored(conn)
    url_all = await _all_at_once(conn, database_url, old)
    assert late == url_all


async def _all_at_once(conn: db.Connection, url: str, said: Sequence[Said]) -> list[Any]:
    """What the same messages give without a second division."""
    await conn.execute("TRUNCATE fixes, stays, runs, dirty_windows, boots")
    async with pipelines.driven(url, T0) as driven:
        await driven.take(said, CHANGE - MINUTE)
        await driven.take([], END)
        return await stored(conn)


async def test_rebuild_finds_what_another_division_gave(conn: db.Connection, database_url: str) -> None:
    """Without the windows of an import for the past, what is stored is not what the fixes give; a rebuild says so."""
    await imported(conn, FIRST, 0, T0 - 1)
    async with pipelines.driven(database_url, T0) as driven:
        await driven.take(shift(), END)
    await imported(conn, second(), CHANGE, END)
    await conn.execute("DELETE FROM dirty_windows")
    found = await looked(conn, 0, END + MINUTE)
    assert found.differences
    assert found.windows


async def test_a_division_to_come_comes_by_itself(conn: db.Connection, database_url: str, expected: list[Any]) -> None:
    """Nobody does anything at that moment; until then the city is as it was."""
    said = shift()
    await imported(conn, FIRST, 0, T0 - 1)
    async with pipelines.driven(database_url, T0) as driven:
        for number, (now, part) in enumerate(patrols.by_minutes(said, 5)):
            if number == 2:
                await imported(conn, second(), CHANGE, now)
            await driven.take(part, now)
            codes = [cell.code[-3:] for cell in driven.pipeline.host.city.cells]
            assert ("091" in codes) == (now >= CHANGE)
        assert await outcome(conn, driven) == expected
