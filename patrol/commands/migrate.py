"""`patrol migrate`: bring the tables up to date."""

import asyncio

import typer

from patrol import migrate, reach
from patrol.settings import Settings


def run(settings: Settings) -> None:
    """Apply what is missing and say what was done."""
    asyncio.run(_migrate(reach.database_url(settings)))


async def _migrate(url: str) -> None:
    await reach.check_database(url)
    applied = await migrate.migrate(url, told=typer.echo)
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("The database is up to date.")
