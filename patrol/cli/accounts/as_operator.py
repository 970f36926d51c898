"""Shared by the commands about accounts: connection, actor, and errors as one line."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pydantic

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.settings.settings import Settings
from runtime.db import Connection
from web import problems
from web.auth.store.granting import Granter

T = TypeVar("T")


def actor() -> str:
    """Actor in the audit record: the user of the machine."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli"


def granter() -> Granter:
    """The command line, which has all rights."""
    return Granter(actor())


def fault_text(fault: pydantic.ValidationError) -> str:
    """A wrong option as one line."""
    first = fault.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'options'}: {first['msg']}; correct it."


def run(settings: Settings, do: Callable[[Connection], Awaitable[T]]) -> T:
    """Run an action on the configured database.

    Raises:
        SetupError: the database is not reachable or has no tables, or the action is not possible.
    """
    return asyncio.run(_run(connectivity.database_url(settings), do))


async def _run(url: str, do: Callable[[Connection], Awaitable[T]]) -> T:
    async with connectivity.connected(url) as connection:
        try:
            return await do(connection)
        except problems.ProblemError as fault:
            raise errors.SetupError(fault.detail) from fault
