"""`patrol token create`: a bearer token for a tool."""

import asyncio
from datetime import timedelta

import asyncpg
import typer

from patrol import errors, reach
from patrol.settings import Settings
from web import access, accounts


def run(settings: Settings, *, name: str, role: str, valid: timedelta | None) -> None:
    """Store the token's hash and print the token, which cannot be shown again."""
    roles = [known.value for known in access.Role]
    if role not in roles:
        raise errors.SetupError(f"--role: there is no role {role!r}; choose {', '.join(roles)}.")
    typer.echo(asyncio.run(_create(reach.database_url(settings), name, role, valid)))


async def _create(url: str, name: str, role: str, valid: timedelta | None) -> str:
    await reach.check_database(url)
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        try:
            return await accounts.create_token(pool, name, role, valid)
        except asyncpg.UndefinedTableError as fault:
            raise errors.SetupError("The database has no tables yet: run `patrol migrate` first.") from fault
