"""The rows of workers: heartbeats, units and figures."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runtime import db

_BORN = """
INSERT INTO workers (id, started, heartbeat, units, counters, shares)
VALUES ($1, now(), now(), $2, $3::text::jsonb, $4)
ON CONFLICT (id) DO UPDATE SET started = now(), heartbeat = now(), units = excluded.units, counters = excluded.counters,
  shares = excluded.shares, stopped_at = NULL
"""
_BEAT = """
INSERT INTO workers (id, started, heartbeat, units, counters, shares)
VALUES ($1, now(), now(), $2, $3::text::jsonb, $4)
ON CONFLICT (id) DO UPDATE SET heartbeat = now(), counters = excluded.counters, stopped_at = NULL
"""
_STOPPED = "UPDATE workers SET stopped_at = now() WHERE id = $1"
_UNITS = "SELECT units FROM workers WHERE id = $1"
# Longer than a broker keeps the session of a worker, whose subscriptions are in its row.
_TRIM = "DELETE FROM workers WHERE heartbeat < now() - interval '30 days'"


async def record_heartbeat(
    conn: db.Connection,
    worker: str,
    units: Sequence[str],
    counters: Mapping[str, Any],
    *,
    shares: bool,
    first: bool,
) -> None:
    """Write the heartbeat of a worker; `first`: the first one after its start."""
    await conn.execute(_BORN if first else _BEAT, worker, units, json.dumps(counters), shares)


async def stopped(conn: db.Connection, worker: str) -> None:
    """Note an orderly stop of a worker."""
    await conn.execute(_STOPPED, worker)


async def units(conn: db.Connection, worker: str) -> Sequence[str]:
    """The last units of a worker with this name."""
    units: Sequence[str] | None = await conn.fetchval(_UNITS, worker)
    return units or ()


async def trim(conn: db.Connection) -> None:
    """Drop the rows of workers gone for long."""
    await conn.execute(_TRIM)
