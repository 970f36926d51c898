"""The same tables and queries on a real TimescaleDB."""

from datetime import UTC, datetime

import pytest

from patrol.services import migrate
from runtime import db
from tracking.presence.fixes import FixColumns
from tracking.store.tracks import fix_store

pytestmark = pytest.mark.timescale

_LONG_AGO = datetime(2026, 1, 5, 8, tzinfo=UTC)


async def test_migrate_where_the_extension_is_makes_fixes_a_hypertable(timescale: db.Connection) -> None:
    """The large table is a hypertable by time with the columnstore on, and its policy is a job."""
    row = await timescale.fetchrow(
        "SELECT compression_enabled, primary_dimension FROM timescaledb_information.hypertables "
        "WHERE hypertable_name = 'fixes'"
    )
    assert row is not None
    assert (row["compression_enabled"], row["primary_dimension"]) == (True, "t")
    jobs = await timescale.fetch("SELECT proc_name FROM timescaledb_information.jobs WHERE hypertable_name = 'fixes'")
    assert [job["proc_name"] for job in jobs] == ["policy_compression"]


async def test_migrate_again_on_timescaledb_finds_nothing_to_do(timescale_url: str) -> None:
    """The TimescaleDB files too are applied once."""
    assert await migrate.migrate(timescale_url) == []


async def test_late_fixes_into_a_converted_chunk_are_stored_once(timescale: db.Connection) -> None:
    """A chunk in the columnstore takes new fixes and recognises those it has."""
    device, start = 901, db.millis(_LONG_AGO)
    assert await _insert(timescale, device, [start + 2000 * n for n in range(500)]) == 500
    for chunk in await timescale.fetch("SELECT show_chunks('fixes') AS name"):
        await timescale.execute(f"CALL convert_to_columnstore('{chunk['name']}', if_not_columnstore => true)")
    converted = "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'fixes' AND is_compressed"
    assert await timescale.fetchval(converted) >= 1
    everything = [start + 1000 * n for n in range(1000)]
    assert await _insert(timescale, device, everything) == 500
    assert await _insert(timescale, device, everything) == 0
    assert (await fix_store.page_of(timescale, device, start, everything[-1], 2000)).t.tolist() == everything
    run = await fix_store.load_runs(timescale, device, everything[500], everything[500], gap_ms=1500)
    assert run.t.tolist() == everything


async def _insert(timescale: db.Connection, device: int, times: list[int]) -> int:
    n = len(times)
    fixes = FixColumns.from_columns(n, device=[device] * n, t=times, received=times, lat=[23.1] * n, lon=[114.4] * n)
    async with timescale.transaction():
        new = await fix_store.insert(timescale, fixes, copy=False)
    return int(new.sum())
