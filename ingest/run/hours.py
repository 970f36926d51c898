"""Sums up the counts left by batches, periodically, on its own connection."""

from ingest.run import surviving
from runtime import db
from runtime.every import Rest, every
from tracking.store.tracks import hour_store

EVERY_S = 60.0
"""Maximum age of counts of an hour, except for a large fleet..."""
MOST_S = 300.0
"""... with this maximum age, since counts summed together are written once."""
_REST = 100


async def keep(pool: db.Pool, every_s: float = EVERY_S) -> None:
    """Sum up until cancelled. The next worker sums up what is left."""

    async def fold() -> None:
        async with pool.acquire() as conn:
            await hour_store.fold(conn)

    survive = surviving.of_database("hours", "counts of hours wait for the database")
    await every(every_s, fold, survive=survive, rest=Rest(times=_REST, most_s=MOST_S))
