"""The claim on units: one engine at a time."""

import asyncio

import asyncpg
import pytest

from ingest.run import claim
from ingest.run.claim import Claim


@pytest.mark.parametrize(
    ("held", "wanted", "given"),
    [
        (None, None, False),
        (None, ["team-1"], False),
        (["team-1"], None, False),
        (["team-1"], ["team-2", "team-1"], False),
        (["team-1"], ["team-2"], True),
    ],
)
async def test_units_are_claimed_once(
    database_url: str, held: list[str] | None, wanted: list[str] | None, given: bool
) -> None:
    """All units, or some: nobody else has any of them, and what was refused in part is not held in part."""
    first, second, third = [await asyncpg.connect(database_url) for _ in range(3)]
    try:
        assert await claim.take(first, held)
        assert await claim.take(second, wanted) is given
        assert await claim.take(third, ["team-2"]) is (held is not None and not given)
    finally:
        for each in (first, second, third):
            await each.close()


async def test_standing_by_takes_over_when_the_first_is_gone(database_url: str) -> None:
    """A claim whose session ends is told lost; the one who waits gets it, and the first stands by."""
    lost = asyncio.Event()
    first = Claim(database_url, ["+"], lost.set, every_s=60)
    second = Claim(database_url, ["team-1"], lambda: None, every_s=0.05)
    conn = await asyncpg.connect(database_url)
    async with asyncio.timeout(20):
        tasks = [asyncio.create_task(first.run())]
        await first.wait()
        tasks.append(asyncio.create_task(second.run()))
        holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        await conn.execute("SELECT pg_terminate_backend($1)", await conn.fetchval(holder))
        await lost.wait()
        await second.wait()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await conn.close()
