"""`patrol migrate`: update the tables, and grant the rights of the server's role."""

import asyncio
from collections.abc import Callable

import typer

from patrol.checks import connectivity
from patrol.services import migrate, roles
from patrol.settings.settings import Settings


def run(settings: Settings) -> None:
    """Apply missing migrations and print them."""
    applied = asyncio.run(bring_up_to_date(settings, connectivity.database_url(settings), typer.echo))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("The database is up to date.")


async def bring_up_to_date(settings: Settings, url: str, report: Callable[[str], None]) -> list[str]:
    """Migrate as the owner of the tables; `url` is what the server uses. Returns what was applied.

    Raises:
        SetupError: the database cannot be reached or migrated.
    """
    owner = settings.owner_database_url
    await connectivity.check_database(owner or url)
    applied = await migrate.migrate(owner or url, report=report)
    if owner is not None:
        await roles.prepare(owner, url)
    return applied
