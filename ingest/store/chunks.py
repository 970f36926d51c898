"""Drops whole chunks on TimescaleDB; held rows are copied out and back, in one transaction.

Retention policies of TimescaleDB are not used, since they ignore holds. `patrol db check` reports one that was added.
"""

from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import structlog

from ingest.store.held import HoldTables
from ingest.store.targets import Target
from runtime import db

log = structlog.get_logger(__name__)

_LOCK_WAIT = "SET LOCAL lock_timeout = '5s'"
"""Longest wait for readers of the chunk; the next pass tries again."""
_SLOW_S = 3_600.0
"""Limit for chunks with many rows; the limit of the connection is for ingest."""
_CHUNKS = """
SELECT range_start, range_end FROM timescaledb_information.chunks
WHERE hypertable_name = $1 AND range_end <= $2 ORDER BY range_start
"""
_IS_HYPERTABLE = "SELECT EXISTS (SELECT FROM timescaledb_information.hypertables WHERE hypertable_name = $1)"
_WIDE = "CALL refresh_continuous_aggregate('device_days', $1::timestamptz, $2::timestamptz)"


async def installed(conn: db.Connection) -> bool:
    """Whether the database has TimescaleDB."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')"))


async def is_hypertable(conn: db.Connection, table: str) -> bool:
    """Whether the table has chunks."""
    return bool(await conn.fetchval(_IS_HYPERTABLE, table))


async def drop(held: HoldTables, target: Target, cutoff: datetime, now: datetime) -> AsyncIterator[int]:
    """Drop the chunks of `target` that end before `cutoff`; yields the rows dropped with each."""
    for chunk in await held.conn.fetch(_CHUNKS, target.table, cutoff):
        try:
            async with held.conn.transaction():
                await held.conn.execute(_LOCK_WAIT)
                await held.lock(now)
                dropped = await _drop_one(held.conn, target, chunk["range_start"], chunk["range_end"])
        except asyncpg.LockNotAvailableError:
            log.warning("a chunk is in use, it is dropped at the next pass", table=target.table)
            continue
        yield dropped


async def _drop_one(conn: db.Connection, target: Target, since: datetime, until: datetime) -> int:
    rows = f"FROM {target.table} r WHERE r.{target.time} >= $1 AND r.{target.time} < $2"
    if await conn.fetchval(f"SELECT EXISTS (SELECT {rows})", since, until) and not await conn.fetchval(
        f"SELECT EXISTS (SELECT {rows} AND NOT {target.held})", since, until, timeout=_SLOW_S
    ):
        return 0  # all remaining rows are held
    before = int(await conn.fetchval(f"SELECT count(*) {rows}", since, until, timeout=_SLOW_S))
    await conn.execute("DROP TABLE IF EXISTS lifted")
    await conn.execute(f"CREATE TEMPORARY TABLE lifted (LIKE {target.table}) ON COMMIT DROP")
    await conn.execute(f"INSERT INTO lifted SELECT r.* {rows} AND {target.held}", since, until, timeout=_SLOW_S)
    gone = f"SELECT drop_chunks('{target.table}', older_than => $2::timestamptz, newer_than => $1::timestamptz)"
    await conn.fetch(gone, since, until)
    back = await conn.execute(f"INSERT INTO {target.table} SELECT * FROM lifted", timeout=_SLOW_S)
    return before - int(back.rsplit(" ", 1)[-1])


async def drop_days(conn: db.Connection, cutoff: datetime) -> None:
    """Drop days of devices from the continuous aggregate."""
    await conn.fetch("SELECT drop_chunks('device_days', older_than => $1::timestamptz)", cutoff)


async def refresh_wide(conn: db.Connection, since: datetime, until: datetime) -> None:
    """Refresh the days of devices with late data; only changes are computed. Not within a transaction.

    Args:
        conn: the connection.
        since: not before the oldest kept fix, since days without fixes would be recounted.
        until: newer days are refreshed by the policy.
    """
    await conn.execute(_WIDE, since, until, timeout=_SLOW_S)
