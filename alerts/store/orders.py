"""Queries for giving orders and following their results."""

from collections.abc import Sequence
from typing import Any

from runtime import db

_DEVICE = "SELECT id, name FROM devices WHERE name = $1"
_CELL = "SELECT c.code, v.name, c.geometry FROM cells c, cell_at(c.id, now()) v WHERE c.id = $1"
_NEWEST = "SELECT t, lat, lon FROM fixes WHERE device = $1 AND flags & 8 = 0 ORDER BY t DESC LIMIT 1"
_LATE = "SELECT id, alert FROM tasks WHERE deadline <= $1 ORDER BY deadline LIMIT 100"
_TASK = """
SELECT t.state, t.deadline, d.name AS device FROM tasks t JOIN devices d ON d.id = t.device WHERE t.id = $1 FOR UPDATE
"""
_REPLIES = """
SELECT r.command, r.state, t.alert FROM replies r LEFT JOIN tasks t ON t.id = r.command
WHERE r.taken_at IS NULL ORDER BY r.received, r.t, r.command, r.state LIMIT 200
"""
_REPLY = """
SELECT r.t, r.text, r.t >= coalesce((SELECT max(t) FROM replies o WHERE o.command = r.command
                                     AND o.taken_at IS NOT NULL), r.t) AS newest
FROM replies r WHERE r.command = $1 AND r.state = $2 AND r.taken_at IS NULL FOR UPDATE
"""
_TAKEN = "UPDATE replies SET taken_at = $3 WHERE command = $1 AND state = $2"


async def device(conn: db.Connection, name: str) -> Any:
    """Number and name of a device; None: there is none."""
    return await conn.fetchrow(_DEVICE, name)


async def cell(conn: db.Connection, number: int) -> Any:
    """Code, name and geometry of a cell in force."""
    return await conn.fetchrow(_CELL, number)


async def newest_fix(conn: db.Connection, number: int) -> Any:
    """Time and place of the newest accepted fix of a device."""
    return await conn.fetchrow(_NEWEST, number)


async def overdue_tasks(conn: db.Connection, now: int) -> Sequence[Any]:
    """Tasks whose deadline passed, and their alerts."""
    return await conn.fetch(_LATE, db.moment(now))


async def task(conn: db.Connection, number: str) -> Any:
    """Lock a task."""
    return await conn.fetchrow(_TASK, number)


async def replies(conn: db.Connection) -> Sequence[Any]:
    """Answers that were not processed yet, in order of receipt."""
    return await conn.fetch(_REPLIES)


async def reply(conn: db.Connection, command: str, state: str) -> Any:
    """Lock an answer; None: another worker took it."""
    return await conn.fetchrow(_REPLY, command, state)


async def taken(conn: db.Connection, command: str, state: str, now: int) -> None:
    """Mark an answer as processed."""
    await conn.execute(_TAKEN, command, state, db.moment(now))
