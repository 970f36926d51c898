"""Migrations on a real PostgreSQL."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest

from patrol.cli import errors
from patrol.services import migrate
from schemas import migrations
from schemas.migrations import Migration
from tests.support import waiting
from tracking.store.records import migration_store


async def test_migrate_on_an_empty_database_applies_every_file(empty_database_url: str) -> None:
    """An empty database gets all plain files in order, and a second run finds nothing to do."""
    names = [migration.name for migration in migrations.plain()]
    assert names == sorted(names)
    assert (await migrate.migrate(empty_database_url))[: len(names)] == names
    assert await migrate.migrate(empty_database_url) == []


async def test_migrate_from_two_processes_at_once_applies_each_file_once(empty_database_url: str) -> None:
    """Whoever comes second waits and then finds nothing to do."""
    results = await asyncio.gather(*(migrate.migrate(empty_database_url) for _ in range(4)))
    assert len([names for names in results if names]) == 1


async def test_pending_names_what_is_missing(empty_database_url: str) -> None:
    """A database says which files it lacks, before and after."""
    connection = await asyncpg.connect(empty_database_url)
    try:
        assert await migration_store.missing(connection) == [migration.name for migration in migrations.plain()]
        await migrate.migrate(empty_database_url)
        assert await migration_store.missing(connection) == []
    finally:
        await connection.close()


async def test_migrate_with_a_changed_file_refuses(database_url: str) -> None:
    """A file that differs from what was applied is an error that names it."""
    await _execute(database_url, "UPDATE schema_migrations SET sha256 = 'other' WHERE name = '0001_core.sql'")
    with pytest.raises(errors.SetupError, match=r"0001_core\.sql differs"):
        await migrate.migrate(database_url)


async def test_migrate_of_a_newer_database_refuses(database_url: str) -> None:
    """A database that a newer version made is left alone."""
    await _execute(database_url, "INSERT INTO schema_migrations VALUES ('9999_future.sql', 'x')")
    with pytest.raises(errors.SetupError, match=r"newer release .*9999_future\.sql"):
        await migrate.migrate(database_url)


async def test_migrate_that_fails_leaves_no_half_applied_file(empty_database_url: str) -> None:
    """A file that fails is undone whole, so that the next run can try again."""
    await _execute(empty_database_url, "CREATE TABLE cells (in_the_way int)")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate.migrate(empty_database_url)
    await _execute(empty_database_url, "DROP TABLE cells")
    assert await migrate.migrate(empty_database_url)


WIDEN = Migration(name="9999_widen.sql", sql="ALTER TABLE devices ADD COLUMN note text")


async def test_migrate_behind_a_long_query_lets_others_pass(database_url: str) -> None:
    """While a file waits for a table that a long transaction reads, writers of it are served; then it goes on."""
    reader, writer, owner = [await asyncpg.connect(database_url) for _ in range(3)]
    told: asyncio.Queue[str] = asyncio.Queue()
    try:
        await reader.execute("SET application_name = 'a long report'")
        reading = reader.transaction()
        await reading.start()
        await reader.execute("SELECT count(*) FROM devices")
        widening = asyncio.create_task(migrate.apply(owner, WIDEN, report=told.put_nowait))
        await waiting.until(lambda: _waits(writer), "the file waits for the table")
        async with asyncio.timeout(30):
            await writer.execute("INSERT INTO devices (name, unit) VALUES ('cam-1', 'team')")
            assert "9999_widen.sql waits" in (said := await told.get())
            assert "a long report" in said
        await reading.commit()
        await asyncio.wait_for(widening, 30)
        assert await writer.fetchval("SELECT note FROM devices") is None
        assert await writer.fetchval("SELECT count(*) FROM schema_migrations WHERE name = $1", WIDEN.name) == 1
    finally:
        for each in (reader, writer, owner):
            each.terminate()


async def test_migrate_that_never_gets_its_locks_names_who_has_them(database_url: str) -> None:
    """After its patience it ends, says whom to ask, and has changed nothing."""
    reader, owner = [await asyncpg.connect(database_url) for _ in range(2)]
    try:
        async with reader.transaction():
            await reader.execute("SELECT count(*) FROM devices")
            await reader.execute("SET application_name = 'a long report'")
            with pytest.raises(errors.SetupError, match=r"9999_widen\.sql .*a long report.*pg_terminate_backend"):
                await migrate.apply(owner, WIDEN, patience_s=0)
        assert await owner.fetchval("SELECT count(*) FROM schema_migrations WHERE name = $1", WIDEN.name) == 0
    finally:
        for each in (reader, owner):
            each.terminate()


async def _waits(conn: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))


async def test_migrate_heeds_no_limits_of_the_account(empty_database_url: str) -> None:
    """Limits that an operator set for queries do not end a migration half-way."""
    name = urlsplit(empty_database_url).path[1:]
    await _execute(empty_database_url, f"ALTER DATABASE {name} SET statement_timeout = '1ms'")
    assert await migrate.migrate(empty_database_url)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
