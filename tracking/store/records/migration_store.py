"""Migrations of a database, compared with those of this release."""

from collections.abc import Collection

from runtime import db
from schemas import migrations


class NewerTablesError(Exception):
    """The tables were made by a newer release; this one must not use them."""

    def __init__(self, unknown: Collection[str]) -> None:
        super().__init__(
            f"A newer release made the tables of this database (it has {', '.join(sorted(unknown)[:5])}): "
            "run that release or a newer one. Tables only go forward; an older release needs a backup of its time."
        )


async def applied(conn: db.Connection) -> dict[str, str]:
    """Names of the migrations that the database has, with their hashes."""
    if await conn.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return {}
    return {row["name"]: row["sha256"] for row in await conn.fetch("SELECT name, sha256 FROM schema_migrations")}


async def missing(conn: db.Connection) -> list[str]:
    """Name the files of `schemas/sql` that the database lacks; empty when it is up to date."""
    known = await applied(conn)
    return [migration.name for migration in migrations.plain() if migration.name not in known]


async def refuse_newer(conn: db.Connection) -> None:
    """Check that the tables were not made by a newer release.

    Raises:
        NewerTablesError: a newer release made it.
    """
    refuse_unknown(await applied(conn))


def refuse_unknown(names: Collection[str]) -> None:
    """Check that this release knows the migrations.

    Raises:
        NewerTablesError: there are others.
    """
    ours = {migration.name for migration in (*migrations.plain(), *migrations.timescale())}
    if unknown := set(names) - ours:
        raise NewerTablesError(unknown)
