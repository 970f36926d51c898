"""Bring a database's tables to what this version needs: ordered SQL files, each applied once.

`schemas/sql/*.sql` go everywhere; `schemas/sql/timescale/*.sql` after them where the extension is available.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import asyncpg

from patrol import errors
from tracking import db

_LOCK = 0x70617472  # any number of our own: two processes that start at once take turns
_OUTSIDE = "-- no transaction"  # first line of a file whose statements PostgreSQL refuses inside one

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One SQL file. `name` is its path below schemas/sql."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hash of the text, by which a file changed after it was applied is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def plain() -> list[Migration]:
    """List the files for every PostgreSQL, in order."""
    return list(_files(""))


def timescale() -> list[Migration]:
    """List the files for databases with TimescaleDB, in order."""
    return list(_files("timescale/"))


async def migrate(database_url: str) -> list[str]:
    """Apply what is missing and return the names of the files applied; safe when several processes start at once.

    Raises:
        SetupError: an applied file has changed since, or the database was made by a newer version.
    """
    connection = await asyncpg.connect(database_url)
    try:
        # A session lock, since some files cannot run inside one transaction; closing the connection frees it.
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        return await _apply_missing(connection)
    finally:
        await connection.close()


async def pending(connection: db.Connection) -> list[str]:
    """Name the files of `schemas/sql` that the database lacks; empty when it is up to date."""
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return [migration.name for migration in plain()]
    known = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migrations")}
    return [migration.name for migration in plain() if migration.name not in known]


async def _apply_missing(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    await connection.execute(_TABLE)
    wanted = plain()
    if await _has_timescale(connection):
        await connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        wanted += timescale()
    rows = await connection.fetch("SELECT name, sha256 FROM schema_migrations")
    applied = {row["name"]: row["sha256"] for row in rows}
    _check(wanted, applied)
    missing = [migration for migration in wanted if migration.name not in applied]
    for migration in missing:
        await _apply(connection, migration)
    return [migration.name for migration in missing]


async def _has_timescale(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    query = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')"
    return bool(await connection.fetchval(query))


def _check(wanted: list[Migration], applied: dict[str, str]) -> None:
    ours = {migration.name: migration.sha256 for migration in plain() + timescale()}
    unknown = sorted(applied.keys() - ours.keys())
    if unknown:
        raise errors.SetupError(
            f"The database was made by a newer version (it has {', '.join(unknown)}); run that version or newer."
        )
    changed = [
        migration.name for migration in wanted if applied.get(migration.name, migration.sha256) != migration.sha256
    ]
    if changed:
        raise errors.SetupError(
            f"Migration {', '.join(changed)} differs from what this database was made with; "
            "restore the file and put the change into a new one, or start with an empty database."
        )


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    if migration.sql.startswith(_OUTSIDE):
        for statement in migration.sql.split(";\n"):
            await connection.execute(statement)
        await _record(connection, migration)
        return
    async with connection.transaction():
        await connection.execute(migration.sql)
        await _record(connection, migration)


async def _record(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", migration.name, migration.sha256
    )


def _files(prefix: str) -> Iterator[Migration]:
    folder = resources.files("schemas").joinpath("sql", *filter(None, prefix.split("/")))
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".sql"):
            yield Migration(name=prefix + entry.name, sql=entry.read_text(encoding="utf-8"))
