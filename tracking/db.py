"""What the stores share: the type of a connection, and exact conversion between ms and PostgreSQL's times."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = Pool = Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def moment(ms: int) -> datetime:
    """Aware UTC time of `ms` since 1970-01-01 UTC; exact, which `datetime.fromtimestamp` is not."""
    return _EPOCH + ms * _MS


def millis(at: datetime) -> int:
    """Return ms since 1970-01-01 UTC of an aware time, rounded down."""
    return (at - _EPOCH) // _MS
