"""A connection to the database of a test."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from runtime import db


@pytest.fixture
async def conn(database_url: str) -> "AsyncIterator[db.Connection]":
    """A connection to the test's own database."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def timescale(timescale_url: str) -> "AsyncIterator[db.Connection]":
    """The one connection that the session's TimescaleDB takes at a time, closed whatever becomes of the test."""
    connection = await asyncpg.connect(timescale_url)
    yield connection
    await connection.close()
