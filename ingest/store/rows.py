"""Drops old rows of a table in bounded transactions, so that writers and readers do not wait."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from ingest.store import targets
from ingest.store.held import HoldTables
from ingest.store.targets import Target
from runtime import db

BATCH = 5_000
"""Rows in one transaction."""
PAUSE_S = 0.02
"""Pause between two transactions, for other use of the disk."""
_TICK = timedelta(microseconds=1)
_EARLIEST = db.moment(0)


async def drop(
    held: HoldTables, target: Target, cutoff: datetime, now: datetime, *, batch: int = BATCH
) -> AsyncIterator[int]:
    """Drop the rows of `target` before `cutoff`; yields the number of each committed transaction."""
    conn = held.conn
    devices: list[int | None] = [None]
    if target.by_device:
        devices = [row["id"] for row in await conn.fetch("SELECT id FROM devices ORDER BY id")]
    for device in devices:
        after = await _next(conn, target, device, _EARLIEST, cutoff, 0)
        while after is not None:
            async with conn.transaction():
                await held.lock(now)
                upto = await _next(conn, target, device, after, cutoff, batch)
                # More rows than the limit at one moment: drop all of them.
                end = cutoff if upto is None else max(upto, after + _TICK)
                dropped = await _delete(conn, target, device, after, end, cutoff)
            yield dropped
            after = None if upto is None else end
            await asyncio.sleep(PAUSE_S)


async def counted(conn: db.Connection, target: Target, before: int) -> tuple[int, int]:
    """Rows of a table older than `before` (ms): number to drop, and of held ones."""
    query = (
        f"SELECT count(*) FILTER (WHERE NOT held) AS old, count(*) FILTER (WHERE held) AS held FROM "
        f"(SELECT {target.held} AS held FROM {target.table} r WHERE r.{target.time} < $1 AND {target.ended}) x"
    )
    row = await conn.fetchrow(query, db.moment(before))
    return (0, 0) if row is None else (row["old"], row["held"])


async def _next(
    conn: db.Connection, target: Target, device: int | None, after: datetime, cutoff: datetime, skip: int
) -> datetime | None:
    """Time of the row after `skip` rows; None if there are fewer before `cutoff`."""
    query = (
        f"SELECT {target.time} FROM {target.table} WHERE {target.time} >= $1 AND {target.time} < $2 "
        f"{'' if device is None else 'AND device = $4'} ORDER BY {target.time} OFFSET $3 LIMIT 1"
    )
    newest: datetime | None = await conn.fetchval(query, after, cutoff, skip, *([] if device is None else [device]))
    return newest


async def _delete(
    conn: db.Connection, target: Target, device: int | None, after: datetime, end: datetime, cutoff: datetime
) -> int:
    which = f"{targets.old(target)} AND r.{target.time} >= $2 AND r.{target.time} < $3"
    arguments: list[Any] = [cutoff, after, end]
    if device is not None:
        which, arguments = f"{which} AND r.device = $4", [*arguments, device]
    if not target.children:
        return _count(await conn.execute(f"DELETE FROM {target.table} r WHERE {which}", *arguments))
    rows = await conn.fetch(f"SELECT r.{target.key} AS key FROM {target.table} r WHERE {which} FOR UPDATE", *arguments)
    keys = [row["key"] for row in rows]
    if not keys:
        return 0
    # Append-only tables allow deletion by retention.
    await conn.execute("SET LOCAL patrol.retention = 'on'")
    for table, column in (*target.children, (target.table, target.key)):
        await conn.execute(f"DELETE FROM {table} WHERE {column} = ANY ($1)", keys)
    return len(keys)


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])
