"""Dirty windows in the database: stretches of a device's time whose stays must be computed again."""

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from runtime import db
from tracking.presence.stays import Window
from tracking.records.reasons import Cause

_INSERT = """
INSERT INTO dirty_windows (device, t_lo, t_hi, received, cause)
SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[])
"""
_NOTE = """
INSERT INTO late_windows (device, t_lo, t_hi, received)
SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
"""
_NEXT = """
SELECT id, device, t_lo, t_hi, received, cause FROM dirty_windows WHERE device = (
  SELECT w.device FROM dirty_windows w JOIN devices d ON d.id = w.device
  WHERE ($1::text[] IS NULL OR d.unit = ANY ($1)) AND w.id <> ALL ($2::bigint[]) ORDER BY w.id LIMIT 1
) AND id <> ALL ($2::bigint[]) ORDER BY id LIMIT $3
"""
_OF_DEVICE = "SELECT id, device, t_lo, t_hi, received, cause FROM dirty_windows WHERE device = $1"
_LEFT = "SELECT count(*) FROM dirty_windows WHERE cause = $1 AND received = $2 AND device = ANY($3::int[])"
_REMOVE = "DELETE FROM dirty_windows WHERE id = ANY($1::bigint[])"


async def note(conn: db.Connection, windows: Sequence[Window]) -> None:
    """Windows of fixes that came late but in order: the hour is reviewed again, stays do not change."""
    if windows:
        await conn.execute(_NOTE, *_columns(windows))


async def insert(conn: db.Connection, windows: Sequence[Window]) -> None:
    """Store windows, in the transaction of the late fixes."""
    if windows:
        await conn.execute(_INSERT, *_columns(windows), [window.cause.value for window in windows])


def _columns(windows: Sequence[Window]) -> tuple[list[Any], ...]:
    return (
        [window.device for window in windows],
        [db.moment(window.t_lo) for window in windows],
        [db.moment(window.t_hi) for window in windows],
        [db.moment(window.received) for window in windows],
    )


async def waiting(
    conn: db.Connection, units: Sequence[str] | None, limit: int, without: Collection[int] = ()
) -> list[tuple[int, Window]]:
    """At most `limit` windows, oldest first, of the device whose window waits longest, each with its number.

    Args:
        conn: any connection.
        units: only of their devices; None: all.
        limit: windows at most.
        without: numbers of windows to skip.
    """
    rows = await conn.fetch(_NEXT, units, list(without), limit)
    return [(row["id"], _window(row)) for row in rows]


async def of_device(conn: db.Connection, device: int) -> list[Window]:
    """All windows of a device."""
    return [_window(row) for row in await conn.fetch(_OF_DEVICE, device)]


async def left(conn: db.Connection, cause: Cause, received: int, devices: Sequence[int]) -> int:
    """Number of waiting windows of one cause and receipt (ms), of these devices."""
    return int(await conn.fetchval(_LEFT, cause.value, db.moment(received), devices))


async def remove(conn: db.Connection, ids: Sequence[int]) -> None:
    """Remove windows, in the transaction of their recomputed stays."""
    await conn.execute(_REMOVE, ids)


def _window(row: "asyncpg.Record") -> Window:
    return Window(
        device=row["device"],
        t_lo=db.millis(row["t_lo"]),
        t_hi=db.millis(row["t_hi"]),
        received=db.millis(row["received"]),
        cause=Cause(row["cause"]),
    )
