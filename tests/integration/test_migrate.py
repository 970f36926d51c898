"""Migrations on a real PostgreSQL."""

import asyncio

import asyncpg
import pytest

from patrol import errors, migrate


async def test_migrate_on_an_empty_database_applies_every_file(empty_database_url: str) -> None:
    """An empty database gets all plain files in order, and a second run finds nothing to do."""
    names = [migration.name for migration in migrate.plain()]
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
        assert await migrate.pending(connection) == [migration.name for migration in migrate.plain()]
        await migrate.migrate(empty_database_url)
        assert await migrate.pending(connection) == []
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
    with pytest.raises(errors.SetupError, match="newer version"):
        await migrate.migrate(database_url)


async def test_migrate_that_fails_leaves_no_half_applied_file(empty_database_url: str) -> None:
    """A file that fails is undone whole, so that the next run can try again."""
    await _execute(empty_database_url, "CREATE TABLE cells (in_the_way int)")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate.migrate(empty_database_url)
    await _execute(empty_database_url, "DROP TABLE cells")
    assert await migrate.migrate(empty_database_url)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
