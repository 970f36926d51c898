"""`patrol db check` on a real PostgreSQL and a real TimescaleDB: what is broken is named with what to do."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from patrol.checks import chunking, database, findings
from patrol.checks.findings import Finding, Verdict
from tracking import db

FAST = {"fsync", "full_page_writes", "synchronous_commit"}
"""What the tests' own server has off."""


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[db.Connection]:
    """A connection to the test's own database."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def timescale(timescale_url: str) -> AsyncIterator[db.Connection]:
    """The one connection."""
    connection = await asyncpg.connect(timescale_url)
    yield connection
    await connection.close()


async def faults(conn: db.Connection) -> dict[str, Finding]:
    """What must be mended, beside what the tests' server has off."""
    found = await database.examine(conn)
    return {one.what: one for one in found if one.verdict is Verdict.BAD and one.what not in FAST}


async def test_sound_database_has_no_fault(conn: db.Connection) -> None:
    """Everything was looked at, each with how it is; a server that may lose data is told of."""
    found = {one.what: one for one in await database.examine(conn)}
    assert {one.what for one in found.values() if one.verdict is Verdict.BAD} <= FAST
    assert len(found) > 20
    for name in (
        "tables 数据表",
        "indexes 索引",
        "clock 时钟",
        "bloat 膨胀",
        "late data 补传数据",
        "legal holds 证据保全",
    ):
        assert found[name].verdict in (Verdict.OK, Verdict.NOTE), found[name]
    assert all(one.todo for one in found.values() if one.verdict in (Verdict.WARN, Verdict.BAD))
    setting = await conn.fetchval("SHOW fsync")
    assert (found["fsync"].verdict is Verdict.BAD) == (setting == "off")


BROKEN = {
    "tables 数据表": "DELETE FROM schema_migrations WHERE name LIKE '0086%'",
    "indexes 索引": "DROP INDEX stays_cell",
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
    assert found["retention 保存: fixes 原始轨迹"].verdict is Verdict.WARN
    assert found["late data 补传数据"].verdict is Verdict.WARN
    await conn.execute("INSERT INTO legal_holds (why, device, made_by) VALUES ('case', 1, 'me')")
    found = {one.what: one for one in await database.examine(conn)}
    assert found["retention 保存: fixes 原始轨迹"].verdict is Verdict.OK


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
        assert found[what].verdict is Verdict.OK, found[what]
    assert found["policy 策略: refresh_continuous_aggregate"].verdict is Verdict.OK


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
