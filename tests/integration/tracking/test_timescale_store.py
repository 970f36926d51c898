"""The store on a real TimescaleDB, by the path that needs no COPY."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tests.integration.tracking.test_fix_store import T0, fixes
from tracking import fix_store

if TYPE_CHECKING:
    from tracking import db

pytestmark = pytest.mark.timescale

DEVICE = 4_711


@pytest.fixture
async def timescale(timescale_url: str) -> "AsyncIterator[db.Connection]":
    """The one connection."""
    connection = await asyncpg.connect(timescale_url)
    yield connection
    await connection.close()


async def test_fixes_are_stored_once_in_a_hypertable(timescale: "db.Connection") -> None:
    """New rows are told from duplicates across chunks, and runs are loaded over the border of a chunk."""
    day = 86_400_000
    border = T0 - T0 % day + day
    times = [border + 1000 * n for n in range(-5, 5)]
    async with timescale.transaction():
        assert (await fix_store.insert(timescale, fixes(DEVICE, times[::2]), copy=False)).all()
    async with timescale.transaction():
        new = await fix_store.insert(timescale, fixes(DEVICE, times), copy=False)
    assert new.tolist() == [False, True] * 5
    assert (await fix_store.load_runs(timescale, DEVICE, border, border, gap_ms=2000)).t.tolist() == times
