"""Sharing of units in the database: heartbeats of workers, and their view of others and units."""

from collections.abc import Collection
from dataclasses import dataclass

from runtime import db

_HERE = """
INSERT INTO workers (id, started, heartbeat, units, shares) VALUES ($1, now(), now(), $2, true)
ON CONFLICT (id) DO UPDATE SET heartbeat = now(), units = excluded.units, shares = true,
  stopped_at = NULL
"""
_GONE = "UPDATE workers SET shares = false, units = '{}' WHERE id = $1"
_WORKERS = "SELECT id, units FROM workers WHERE shares AND heartbeat > now() - $1 * interval '1 s'"
_UNITS = """
SELECT u.code, count(d.id) FILTER (WHERE d.revoked_at IS NULL) AS devices
FROM units u LEFT JOIN devices d ON d.unit = u.code GROUP BY u.code
"""
# The sessions of a worker without heartbeat, which hold claims and may be about to write.
_PUT_OUT = """
SELECT a.application_name, pg_terminate_backend(a.pid) FROM pg_stat_activity a
JOIN workers w ON a.application_name IN (left('patrol ' || w.id, 63), left('patrol-units ' || w.id, 63))
WHERE w.shares AND w.heartbeat <= now() - $1 * interval '1 s' AND a.datname = current_database()
"""
_PUT_OUT_FORMER = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = $1 AND datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker's view."""

    weights: dict[str, int]
    """Unit → number of devices."""
    held: dict[str, str]
    """Unit → worker that claims it."""
    workers: list[str]
    """Workers with a recent heartbeat."""


def session_name(worker: str) -> str:
    """Name of the database session with the claims of a worker, as the server shows it."""
    return f"patrol-units {worker}"[:63]


async def report_units(conn: db.Connection, worker: str, units: Collection[str]) -> None:
    """Write the heartbeat of `worker` with its `units`."""
    await conn.execute(_HERE, worker, sorted(units))


async def say_gone(conn: db.Connection, worker: str) -> None:
    """Note its end, so that nobody waits for it."""
    await conn.execute(_GONE, worker)


async def read_workers(conn: db.Connection, stale_s: float) -> WorkerView:
    """Read the workers and units."""
    rows = await conn.fetch(_WORKERS, stale_s)
    return WorkerView(
        weights={row["code"]: row["devices"] for row in await conn.fetch(_UNITS)},
        held={unit: row["id"] for row in rows for unit in row["units"]},
        workers=[row["id"] for row in rows],
    )


async def put_out(conn: db.Connection, stale_s: float) -> list[str]:
    """End the database sessions of workers silent for longer; returns their names."""
    return [row["application_name"] for row in await conn.fetch(_PUT_OUT, stale_s)]


async def put_out_former(conn: db.Connection, worker: str) -> None:
    """End an earlier session of the same worker, which the server may not know to be dead."""
    await conn.execute(_PUT_OUT_FORMER, session_name(worker))
