"""Adds up the counts that batches left behind, now and then, on a connection of its own."""

from ingest.run import surviving
from runtime import db
from runtime.every import Rest, every
from tracking.store.tracks import hour_store

EVERY_S = 60.0
"""Counts of an hour are as old as this at most, but of a large fleet..."""
MOST_S = 300.0
"""... as old as this: what is added up together is written once."""
_REST = 100


async def keep(pool: db.Pool, every_s: float = EVERY_S) -> None:
    """Add up until cancelled. What is left when the process ends, the next worker adds up."""

    async def fold() -> None:
        async with pool.acquire() as conn:
            await hour_store.fold(conn)

    survive = surviving.of_database("hours", "counts of hours wait for the database")
    await every(every_s, fold, survive=survive, rest=Rest(times=_REST, most_s=MOST_S))
