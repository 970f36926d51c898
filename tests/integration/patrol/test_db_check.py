"""`patrol db check` on a real PostgreSQL and a real TimescaleDB: what is broken is named with what to do."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from patrol.checks import chunking, database, findings
from patrol.checks.findings import CheckResult, CheckStatus
from patrol.cli.database import db_tune
from patrol.services import access, migrate, postgres
from patrol.services.postgres import EmbeddedPostgres
from patrol.settings import settings
from runtime import db
from tests.integration.patrol import planted

FAST = {"fsync", "full_page_writes", "synchronous_commit"}
"""What the tests' own server has off."""


async def faults(conn: db.Connection) -> dict[str, CheckResult]:
    """What must be mended, beside what the tests' server has off."""
    found = await database.examine(conn)
    return {one.what: one for one in found if one.status is CheckStatus.BAD and one.what not in FAST}


async def test_sound_database_has_no_fault(conn: db.Connection) -> None:
    """Everything was looked at, each with how it is; a server that may lose data is told of."""
    found = {one.what: one for one in await database.examine(conn)}
    assert {one.what for one in found.values() if one.status is CheckStatus.BAD} <= FAST
    assert len(found) > 20
    for name in (
        "tables 数据表",
        "indexes 索引",
        "clock 时钟",
        "bloat 膨胀",
        "late data 补传数据",
        "legal holds 证据保全",
    ):
        assert found[name].status in (CheckStatus.OK, CheckStatus.NOTE), found[name]
    assert all(one.todo for one in found.values() if one.status in (CheckStatus.WARN, CheckStatus.BAD))
    version = (await conn.fetchval("SHOW server_version")).split()[0]
    assert found["server 数据库版本"].detail.startswith(f"PostgreSQL {version}, ")
    setting = await conn.fetchval("SHOW fsync")
    assert (found["fsync"].status is CheckStatus.BAD) == (setting == "off")


async def test_tables_of_a_newer_release_are_named(conn: db.Connection) -> None:
    """An older `patrol db check` says that it is too old, and judges nothing else."""
    await conn.execute("INSERT INTO schema_migrations VALUES ('9999_future.sql', 'x')")
    found = await database.examine(conn)
    assert (found[-1].status, "newer release" in str(found[-1].todo)) == (CheckStatus.BAD, True)


BROKEN = {
    "tables 数据表": "DELETE FROM schema_migrations WHERE name LIKE '0086%'",
    "indexes 索引": "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'stays_cell'::regclass",
    "retention 保存: fixes 原始轨迹": "UPDATE retention SET ran_at = now() - interval '2 days' WHERE class = 'fixes'",
    "retention 保存: events 执法事件": "UPDATE retention SET fault = 'disk full' WHERE class = 'events'",
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_is_broken_is_named(conn: db.Connection, what: str) -> None:
    """One thing broken is one fault, with what to do next."""
    await conn.execute(BROKEN[what])
    found = await faults(conn)
    assert list(found) == [what]
    assert found[what].todo


async def test_index_that_is_missing_is_named(conn: db.Connection) -> None:
    """With its name."""
    await conn.execute("DROP INDEX stays_cell")
    found = await faults(conn)
    assert "stays_cell" in found["indexes 索引"].detail


async def test_settings_that_endanger_data_are_named(own_folder: Callable[[], Path]) -> None:
    """A server that may damage data, clears no dead rows, gives no backups, takes few connections, and is slow."""
    wrong = {
        "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off",
        "wal_level": "minimal", "max_wal_senders": "0", "max_connections": "20",
        "shared_buffers": "16MB",
    }  # fmt: skip
    server = EmbeddedPostgres(own_folder(), settings=wrong)
    await server.start()
    server.stop()
    user = access.database_user()
    await postgres._run(["pg_checksums", "--disable", "--pgdata", str(server._data)], user, server.folder)
    await server.start()
    try:
        await migrate.migrate(server.url)
        connection = await asyncpg.connect(server.url)
        await connection.execute("INSERT INTO refusals (at, reason, topic, detail) "
                                 "SELECT now(), 'malformed', 't', 'd' FROM generate_series(1, 150000)")  # fmt: skip
        await connection.execute("DELETE FROM refusals")
        await connection.execute("SELECT pg_stat_force_next_flush()")
        found = {one.what: one for one in await database.examine(connection)}
        await connection.close()
    finally:
        server.stop()
    bad = {one.what for one in found.values() if one.status is CheckStatus.BAD}
    assert bad == {"fsync", "full_page_writes", "synchronous_commit", "autovacuum"}
    warned = {one.what for one in found.values() if one.status is CheckStatus.WARN}
    assert warned == {
        "data_checksums", "archive_mode", "wal_level", "max_connections", "shared_buffers", "bloat 膨胀",
        "audit record 审计记录",
    }  # fmt: skip
    assert "65MB" in (found["shared_buffers"].todo or "")
    assert "refusals: 150,000 dead rows" in found["bloat 膨胀"].detail


async def test_what_holds_the_server_back_is_named(
    conn: db.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that stays open, a replica that never came back, transaction numbers that run out, clocks apart."""
    monkeypatch.setattr(database, "_OLD_TRANSACTION", timedelta(0))
    monkeypatch.setattr(database, "_XID_AGE", 1)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 95)
    other = await asyncpg.connect(database_url)
    await conn.execute("SELECT pg_create_physical_replication_slot('gone', true)")
    try:
        async with other.transaction():
            await other.execute("SELECT 1")
            found = {one.what: one for one in await database.examine(conn)}
    finally:
        await conn.execute("SELECT pg_drop_replication_slot('gone')")
        await other.close()
    assert found["long transaction 长事务"].status is CheckStatus.WARN
    assert "gone keeps" in found["replication slot 复制槽"].detail
    assert found["transaction numbers 事务号"].status is CheckStatus.BAD
    assert found["clock 时钟"].status is CheckStatus.BAD


async def test_fixes_older_than_they_are_kept_are_told_of(conn: db.Connection) -> None:
    """Retention that does not keep up is a warning; with a hold it may be evidence."""
    await conn.execute("INSERT INTO devices (name, unit) VALUES ('cam-1', 'team')")
    await conn.execute(
        "INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags) "
        "VALUES (1, now() - interval '200 days', now(), 1, 1, 0, 0, 0)"
    )
    await conn.execute("INSERT INTO dirty_windows (device, t_lo, t_hi, received) "
                       "VALUES (1, now(), now(), now() - interval '2 h')")  # fmt: skip
    found = {one.what: one for one in await database.examine(conn)}
    assert found["retention 保存: fixes 原始轨迹"].status is CheckStatus.WARN
    assert found["late data 补传数据"].status is CheckStatus.WARN
    await conn.execute("INSERT INTO legal_holds (why, device, made_by) VALUES ('case', 1, 'me')")
    found = {one.what: one for one in await database.examine(conn)}
    assert found["retention 保存: fixes 原始轨迹"].status is CheckStatus.OK


def test_chunk_interval_follows_the_rate() -> None:
    """More fixes, shorter chunks, never more rows than a chunk should hold, nor too many chunks."""
    before = timedelta(days=7)
    for rate in (0.1, 10, 60, 200, 1_000, 6_000, 60_000):
        wanted = chunking.interval(rate, 30)
        assert wanted <= before
        assert rate * wanted.total_seconds() <= chunking.ROWS or wanted == chunking.STEPS[0]
        before = wanted
    assert chunking.interval(60, 183) == timedelta(days=2)
    assert timedelta(days=1_827) / chunking.interval(60_000, 1_827) <= chunking.MOST_CHUNKS
    assert not chunking.is_far(timedelta(days=1), timedelta(days=2))
    assert chunking.is_far(timedelta(days=7), timedelta(hours=6))


@pytest.mark.timescale
async def test_timescale_policies_are_looked_at(timescale: db.Connection) -> None:
    """Hypertables, columnstore, chunk interval and policies are as they must be."""
    found = {one.what: one for one in await database.examine(timescale)}
    for what in (
        "TimescaleDB",
        "hypertables 超表",
        "columnstore 列存",
        "chunk interval 分块",
        "policy 策略: compression",
    ):
        assert found[what].status is CheckStatus.OK, found[what]
    assert found["policy 策略: refresh_continuous_aggregate"].status is CheckStatus.OK


@pytest.mark.timescale
@pytest.mark.parametrize(("what", "plant", "status"), planted.FAULTS)
async def test_fault_of_timescale_is_named(
    timescale: db.Connection, what: str, plant: str, status: CheckStatus
) -> None:
    """Each by itself, planted and taken back: it is found, with what to do, and nothing else gets worse."""
    before = {_named(one): one.status for one in await database.examine(timescale)}
    transaction = timescale.transaction()
    await transaction.start()
    try:
        await timescale.execute(plant)
        after = {_named(one): one for one in await database.examine(timescale)}
    finally:
        await transaction.rollback()
    worse = {name for name, one in after.items() if one.todo and one.status != before.get(name)}
    assert worse == {what} | planted.GOES_WITH.get(what, set())
    assert after[what].status is status


def _named(one: CheckResult) -> str:
    """Its name, without the number of a job."""
    return re.sub(r"^job \d+ ", "job ", one.what)


@pytest.mark.timescale
async def test_chunks_that_never_go_into_the_columnstore_are_told_of(timescale: db.Connection) -> None:
    """Nobody converts chunks here: one of long ago waits, until it is converted."""
    await timescale.execute("TRUNCATE fixes")
    await timescale.execute("INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags) "
                            "VALUES (1, now() - interval '20 days', now(), 1, 1, 0, 0, 0)")  # fmt: skip
    assert (await _found(timescale, "columnstore kept up 列存进度")).status is CheckStatus.WARN
    for chunk in await timescale.fetch("SELECT show_chunks('fixes') AS name"):
        await timescale.execute(f"CALL convert_to_columnstore('{chunk['name']}', if_not_columnstore => true)")
    assert (await _found(timescale, "columnstore kept up 列存进度")).status is CheckStatus.OK
    await timescale.execute("TRUNCATE fixes")


async def _found(conn: db.Connection, what: str) -> CheckResult:
    return next(one for one in await database.examine(conn) if one.what == what)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[db.Connection]:
    """A connection that is closed when a test fails, too: a TimescaleDB of tests has one at a time."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.timescale
async def test_tune_sets_the_interval_that_the_check_asks_for(timescale_url: str) -> None:
    """`patrol db tune --rate` chooses by the expected rate; what it set is what the check wants at that rate."""
    chosen = settings.load({"database_url": timescale_url})
    try:
        await asyncio.to_thread(db_tune.run, chosen, rate=1_000.0)
        async with _connected(timescale_url) as connection:
            now = await connection.fetchval(
                "SELECT time_interval FROM timescaledb_information.dimensions "
                "WHERE hypertable_name = 'fixes' AND dimension_number = 1"
            )
            await connection.execute(
                "INSERT INTO device_hours VALUES (77, date_trunc('hour', now() - interval '1 day'), 604800000, 0, 0, 0)"
            )
            assert (await _found(connection, "chunk interval 分块")).status is CheckStatus.OK
            await connection.execute("DELETE FROM device_hours WHERE device = 77")
    finally:
        await asyncio.to_thread(db_tune.run, chosen, rate=200.0)
    assert now == chunking.interval(1_000.0, 183) < timedelta(days=1)


@pytest.mark.timescale
async def test_retention_policy_of_timescale_itself_is_a_fault(timescale: db.Connection) -> None:
    """It would drop what a legal hold keeps; a policy that is missing is a fault, too."""
    job = await timescale.fetchval("SELECT add_retention_policy('fixes', INTERVAL '9 years')")
    await timescale.execute("CALL remove_columnstore_policy('fixes')")
    found = await faults(timescale)
    assert set(found) == {f"job {job} retention fixes", "policy 策略: compression"}
    assert "remove_retention_policy" in str(found[f"job {job} retention fixes"].todo)
    await timescale.fetchval("SELECT remove_retention_policy('fixes')")
    await timescale.execute("CALL add_columnstore_policy('fixes', after => INTERVAL '7 days')")
    assert await faults(timescale) == {}


def test_show_prints_the_whole_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no terminal is, nothing is cut, and marks tell what is broken."""
    findings.show("T", [findings.bad("a 甲", "[x] " + "long " * 30, "mend it 修复"), findings.ok("b 乙", "fine")])
    said = capsys.readouterr().out
    assert "✗" in said
    assert "✓" in said
    assert "mend it 修复" in said
    assert said.count("long") == 30
