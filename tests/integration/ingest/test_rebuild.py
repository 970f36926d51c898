"""Rebuilding gives what live processing gave, however the period is cut; what was tampered with is found and mended."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from ingest.run import claim, loaded_city, rebuild
from ingest.run.rebuild import RebuildCheck, RebuildResult
from patrol.cli import errors
from patrol.cli.database import rebuild as command
from patrol.settings.settings import Settings
from runtime import db
from tests.support import lattice, patrols, pipelines
from tracking.store.city import grid_store
from tracking.store.tracks import window_store

HOUR = 3_600_000
END = patrols.T0 + 3 * HOUR


async def stored(conn: db.Connection) -> list[Any]:
    """Everything that is known now."""
    stays = "SELECT device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open FROM stays WHERE known_to IS NULL"
    runs = "SELECT device, t_first, lat_first, lon_first, t_last, lat_last, lon_last, open FROM runs"
    return [await conn.fetch(f"{stays} ORDER BY device, t_in"), await conn.fetch(f"{runs} ORDER BY device, t_first")]


async def looked(conn: db.Connection, *bounds: int) -> RebuildResult:
    """Check all devices in the parts between the bounds."""
    found = RebuildResult()
    checker = RebuildCheck(await loaded_city.load(conn), patrols.T0)
    for lo, hi in itertools.pairwise(bounds):
        for device in await rebuild.devices(conn, None):
            await checker.check(conn, device, lo, hi - 1, found)
    return found


@pytest.fixture
async def conn(database_url: str) -> Any:
    """A city after a shift with late data, and after a silence."""
    connection = await asyncpg.connect(database_url)
    await grid_store.import_file(connection, lattice.encoded(lattice.collection(4, 1)))
    async with pipelines.driven(database_url, patrols.T0) as driven:
        for now, said in patrols.by_minutes(patrols.shift(3, devices=2, minutes=90), 3):
            await driven.take(said, now)
        await driven.take([], END)
    yield connection
    await connection.close()


TAMPERING = (
    "UPDATE stays SET path_m = path_m + 0.1 WHERE id = (SELECT min(id) FROM stays WHERE known_to IS NULL)",
    "DELETE FROM stays WHERE id = (SELECT max(id) FROM stays WHERE known_to IS NULL)",
    "UPDATE runs SET t_last = t_last - interval '1 second' WHERE t_first = (SELECT max(t_first) FROM runs)",
    """
    INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from)
    SELECT device, cell, t_in + interval '2 h', t_out + interval '2 h', dwell_ms, path_m, fixes, kind, open, known_from
    FROM stays WHERE known_to IS NULL ORDER BY id LIMIT 1
    """,
)
"""Another way, a stay less, a shorter run, and a stay in a silence."""


async def test_rebuild_finds_what_live_processing_gave(conn: db.Connection) -> None:
    """Nothing differs, whether the period is looked at as a whole or in parts that cut through stays."""
    before = await stored(conn)
    whole = await looked(conn, patrols.T0 - HOUR, END)
    parts = await looked(conn, *range(patrols.T0 - HOUR, END + 1, 17 * patrols.MINUTE), END)
    assert (whole.differences, parts.differences) == ([], [])
    assert whole.runs > 2
    assert whole.fixes == await conn.fetchval("SELECT count(*) FROM fixes")
    assert await stored(conn) == before


@pytest.mark.parametrize("bounds", [(0, 3 * HOUR), range(0, 3 * HOUR + 1, 13 * patrols.MINUTE)])
async def test_rebuild_mends_what_was_tampered_with(conn: db.Connection, bounds: Sequence[int]) -> None:
    """Wrong, missing and made-up rows are named and put right, with the reason; any split gives the same."""
    right = await stored(conn)
    for statement in TAMPERING:
        await conn.execute(statement)
    wrong = await stored(conn)
    assert wrong != right
    found = await looked(conn, *(patrols.T0 + bound for bound in bounds))
    assert len({(one.device.id, repr(one)) for one in found.differences}) == len(TAMPERING)
    assert await stored(conn) == wrong
    await window_store.insert(conn, found.windows)
    assert await rebuild.mend(conn, patrols.UNIT, END)
    assert await stored(conn) == right
    kept = await conn.fetchval("SELECT count(*) FROM stays WHERE reason ->> 'kind' = 'rebuild'")
    assert kept >= 1


async def test_rebuild_leaves_units_to_the_worker_that_serves_them(conn: db.Connection, database_url: str) -> None:
    """While a worker holds the claim nothing is computed here; the window waits for it, and it does it."""
    right = await stored(conn)
    await conn.execute(TAMPERING[1])
    found = await looked(conn, patrols.T0, END)
    holder = await asyncpg.connect(database_url)
    assert await claim.take(holder, None)
    await window_store.insert(conn, found.windows)
    assert not await rebuild.mend(conn, patrols.UNIT, END)
    async with pipelines.driven(database_url, END) as driven:
        await driven.settle()
    assert await stored(conn) == right
    await holder.close()


async def test_rebuild_leaves_what_retention_has_cut(conn: db.Connection) -> None:
    """A run whose first fixes are gone is not computed from the rest, and late data that waits is not compared."""
    await conn.execute(
        "DELETE FROM fixes f WHERE t < (SELECT min(t) FROM fixes WHERE device = f.device) + interval '3 min'"
    )
    before = await stored(conn)
    found = await looked(conn, patrols.T0 - HOUR, END)
    assert (found.cut, found.differences) == (2, [])
    assert await stored(conn) == before


async def test_the_command_names_what_differs_and_mends_it(
    conn: db.Connection, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --check it fails and stores nothing; without, the store is right again and a second check finds nothing."""
    right = await stored(conn)
    await conn.execute(TAMPERING[0])

    async def run(*, check: bool, devices: list[str] | None = None) -> str:
        settings, day = Settings(database_url=database_url), "2026-05-29"
        await asyncio.to_thread(command.run, settings, start=day, end=day, devices=devices, check=check)
        return capsys.readouterr().out

    with pytest.raises(errors.SetupError, match="1 stays and runs and 0 hours of roads"):
        await run(check=True)
    assert "stored 已存 " in capsys.readouterr().out
    await run(check=False)
    assert await stored(conn) == right
    assert "0 differ" in await run(check=True)
    with pytest.raises(errors.SetupError, match="no-such is not enrolled"):
        await run(check=True, devices=["no-such"])
