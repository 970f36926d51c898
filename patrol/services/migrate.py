"""Migrations: ordered SQL files, each applied once.

`schemas/sql/*.sql` are for every database; `schemas/sql/timescale/*.sql` follow if the extension is available.
"""

import asyncio
from collections.abc import Callable

import asyncpg

from patrol.cli import errors, faults
from runtime import db, retry
from schemas import migrations
from schemas.migrations import Migration
from tracking.store.records import migration_store

_LOCK = 0x70617472  # arbitrary key of the lock that serialises processes
_OUTSIDE = "-- no transaction"  # first line of a file whose statements PostgreSQL refuses inside one
_OLDEST = 15  # PostgreSQL's major version
LOCK_MS = 1_000
"""Longest wait of a table change for a lock, since later queries wait behind it; then it is retried."""
PATIENCE_S = 600.0
_SETTINGS = {"application_name": "patrol migrate", "lock_timeout": "0", "statement_timeout": "0"}

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""
_AVAILABLE = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')"
_LONGEST = """
SELECT string_agg(format('%s (%s, since %s)', pid, coalesce(nullif(application_name, ''), usename, 'unknown'),
                         date_trunc('second', xact_start)), ', ')
FROM (SELECT * FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - interval '1 s'
      ORDER BY xact_start LIMIT 3) a
"""


async def migrate(
    database_url: str, *, patience_s: float = PATIENCE_S, report: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Apply missing files and return their names; safe if several processes start at the same time.

    Args:
        database_url: postgresql:// address.
        patience_s: how long to try for the locks of one file.
        report: called with a sentence when a file has to wait.

    Raises:
        SetupError: an applied file has changed, a newer version made the database, the server lacks a feature, or a
            table is locked for too long.
    """
    connection = await asyncpg.connect(database_url, server_settings=_SETTINGS)
    try:
        _check_server(connection.get_server_version().major)
        # A session lock, since some files cannot run inside one transaction; closing the connection frees it.
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        return await _apply_missing(connection, patience_s, report)
    except asyncpg.PostgresError as fault:
        if isinstance(fault, asyncpg.SyntaxOrAccessError) and not isinstance(fault, asyncpg.InsufficientPrivilegeError):
            raise  # an error in the file
        if (reason := faults.explain(fault)) is None:
            raise
        raise errors.SetupError(reason) from fault
    finally:
        await connection.close()


async def apply(
    connection: db.Connection,
    migration: Migration,
    *,
    patience_s: float = PATIENCE_S,
    report: Callable[[str], None] = lambda _: None,
) -> None:
    """Apply one file; others wait at most `LOCK_MS` for it while it waits for its locks.

    Raises:
        SetupError: its tables were locked all the time.
    """
    if migration.sql.startswith(_OUTSIDE):
        for statement in migration.sql.split(";\n"):
            await connection.execute(statement)
        await _record(connection, migration)
        return
    waited = 0.0
    for pause in retry.delays(first_s=0.2):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
                await connection.execute(migration.sql)
                await _record(connection, migration)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as fault:
            holders = await connection.fetchval(_LONGEST) or "not known"
            if waited > patience_s:
                raise errors.SetupError(
                    f"{migration.name} could not get its locks within {waited:.0f} s; open transactions: {holders}. "
                    "End them with SELECT pg_terminate_backend(PID), or wait for their end, and start again."
                ) from fault
            report(f"{migration.name} waits for open transactions: {holders}")
        else:
            return
        await asyncio.sleep(pause)
        waited += pause + LOCK_MS / 1000


def _check_server(major: int) -> None:
    if major < _OLDEST:
        raise errors.SetupError(f"This is PostgreSQL {major}: upgrade the server to {_OLDEST} or newer.")


async def _apply_missing(connection: db.Connection, patience_s: float, report: Callable[[str], None]) -> list[str]:
    await connection.execute(_TABLE)
    applied = await migration_store.applied(connection)
    wanted = migrations.plain()
    _check(wanted + migrations.timescale(), applied)
    if await connection.fetchval(_AVAILABLE):
        await connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        wanted += migrations.timescale()
    missing = [migration for migration in wanted if migration.name not in applied]
    for migration in missing:
        await apply(connection, migration, patience_s=patience_s, report=report)
    return [migration.name for migration in missing]


def _check(ours: list[Migration], applied: dict[str, str]) -> None:
    try:
        migration_store.refuse_unknown(applied)
    except migration_store.NewerTablesError as fault:
        raise errors.SetupError(str(fault)) from fault
    changed = [
        migration.name for migration in ours if applied.get(migration.name, migration.sha256) != migration.sha256
    ]
    if changed:
        raise errors.SetupError(
            f"Migration {', '.join(changed)} differs from what this database was made with; "
            "restore the file and put the change into a new one, or start with an empty database."
        )


async def _record(connection: db.Connection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", migration.name, migration.sha256
    )
