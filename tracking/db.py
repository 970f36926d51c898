"""What the stores share: the types of a connection and a pool, and the conversion of times."""

from typing import TYPE_CHECKING, Any

from tracking.times import millis, moment, span

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = Pool = Any

__all__ = ["Connection", "Pool", "millis", "moment", "span"]
