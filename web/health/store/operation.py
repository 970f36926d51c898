"""Queues in the database and their age, workers, stored data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from runtime import db

_WORKERS = """
SELECT id, extract(epoch FROM now() - heartbeat)::float8 AS age FROM workers
WHERE stopped_at IS NULL AND heartbeat > now() - interval '1 day' ORDER BY heartbeat DESC LIMIT 100
"""
_UNSERVED = """
SELECT count(DISTINCT d.unit) FROM devices d
WHERE NOT EXISTS (SELECT FROM workers w WHERE w.stopped_at IS NULL AND w.heartbeat > now() - interval '20 s'
                  AND ('+' = ANY (w.units) OR d.unit = ANY (w.units)))
"""
_ALERTS = "SELECT level, count(*) AS n FROM alerts WHERE ended_at IS NULL GROUP BY level"
_WAITING: Mapping[str, str] = {
    "windows": "SELECT count(*) AS n, min(received) AS since FROM dirty_windows",
    "deliveries": (
        "SELECT count(*) AS n, min(due_at) AS since FROM deliveries "
        "WHERE state IN ('waiting', 'sending') AND due_at <= now()"
    ),
    "commands": (
        "SELECT count(*) AS n, min(made_at) AS since FROM commands "
        "WHERE closed_at IS NULL AND sent_at IS NULL AND expires > now()"
    ),
}
_RETENTION = "SELECT extract(epoch FROM now() - min(ran_at))::float8 FROM retention"
_SIZE = "SELECT pg_database_size(current_database())"
_ARCHIVER = """
SELECT extract(epoch FROM now() - last_archived_time)::float8 AS age,
       coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failing
FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off'
"""
_WORKER = """
SELECT id, now() - heartbeat AS age FROM workers WHERE stopped_at IS NULL ORDER BY heartbeat DESC LIMIT 1
"""
_TAKEN = "SELECT id FROM workers WHERE heartbeat > now() - $1::interval AND (counters->>'taken')::bool ORDER BY id"


@dataclass(frozen=True, slots=True)
class QueueState:
    """Number of waiting entries, and the age of the oldest in seconds."""

    count: int
    oldest_s: float


async def heartbeat_ages(conn: db.Connection) -> dict[str, float]:
    """Seconds since the last heartbeat of each worker that was not stopped, within a day."""
    return {row["id"]: row["age"] for row in await conn.fetch(_WORKERS)}


async def alerts_by_level(conn: db.Connection) -> dict[str, int]:
    """Open alerts by level."""
    return {row["level"]: row["n"] for row in await conn.fetch(_ALERTS)}


async def unserved_units(conn: db.Connection) -> int:
    """Number of units with devices that no live worker serves."""
    return int(await conn.fetchval(_UNSERVED))


async def waiting(conn: db.Connection, name: str) -> QueueState:
    """What waits under one of the names `windows`, `deliveries`, `commands`."""
    row = await conn.fetchrow(
        f"SELECT n, coalesce(extract(epoch FROM now() - since), 0)::float8 AS age FROM ({_WAITING[name]}) AS w"  # noqa: S608 - a constant of this file
    )
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return QueueState(row["n"], max(0.0, row["age"]))


async def retention_age_s(conn: db.Connection) -> float:
    """Seconds since the last retention pass of the class of data that waits longest."""
    return float(await conn.fetchval(_RETENTION))


async def database_bytes(conn: db.Connection) -> int:
    """Size of the database on its disk."""
    return int(await conn.fetchval(_SIZE))


async def archiver(conn: db.Connection) -> "asyncpg.Record | None":
    """Age of the newest archived WAL segment and whether archiving fails; None where it is off."""
    return await conn.fetchrow(_ARCHIVER)


async def newest_worker(conn: db.Connection) -> tuple[str, timedelta] | None:
    """The worker with the newest heartbeat, and its age."""
    row = await conn.fetchrow(_WORKER)
    return None if row is None else (row["id"], row["age"])


async def taken_over(conn: db.Connection, within: timedelta) -> Sequence[str]:
    """Workers whose session the broker keeps ending."""
    return [row["id"] for row in await conn.fetch(_TAKEN, within)]
