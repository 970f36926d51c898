"""Shared by all stores: the types of connections and pools, and a transaction for trials."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from runtime.times import millis, moment, span

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = Pool = Any

__all__ = ["Connection", "Pool", "millis", "moment", "span", "trial_transaction"]


@asynccontextmanager
async def trial_transaction(conn: Connection, *, dry_run: bool) -> AsyncIterator[None]:
    """A transaction that is rolled back at its end if it is a dry run, else committed."""
    transaction = conn.transaction()
    await transaction.start()
    try:
        yield
    except BaseException:
        await transaction.rollback()
        raise
    await (transaction.rollback() if dry_run else transaction.commit())
