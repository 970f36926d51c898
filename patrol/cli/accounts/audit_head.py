"""`patrol audit head`: the head of the audit record, to be kept on paper or on another machine."""

import asyncio

import typer

from patrol.checks import connectivity
from patrol.settings.settings import Settings
from web.audit.store import audit_log


def run(settings: Settings) -> None:
    """Print the head, for `patrol audit verify --head`."""
    typer.echo(asyncio.run(_head(connectivity.database_url(settings))))


async def _head(url: str) -> str:
    async with connectivity.connected(url) as conn:
        head = await audit_log.head_of(conn)
    return f"{head.n}:{head.hash.hex()}"
