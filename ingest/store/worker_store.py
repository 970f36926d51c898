"""The rows of workers: who lives, which units each serves and what it says of itself."""

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
# Longer than a broker keeps the session of a worker, whose subscriptions its row remembers.
_TRIM = "DELETE FROM workers WHERE heartbeat < now() - interval '30 days'"


async def beat(
    conn: db.Connection,
    worker: str,
    units: Sequence[str],
    counters: Mapping[str, Any],
    *,
    shares: bool,
    first: bool,
) -> None:
    """Say that a worker lives; `first`: since it was started."""
    await conn.execute(_BORN if first else _BEAT, worker, units, json.dumps(counters), shares)


async def stopped(conn: db.Connection, worker: str) -> None:
    """Say that a worker ends in order."""
    await conn.execute(_STOPPED, worker)


async def units(conn: db.Connection, worker: str) -> Sequence[str]:
    """The units that a worker of this name served last."""
    units: Sequence[str] | None = await conn.fetchval(_UNITS, worker)
    return units or ()


async def trim(conn: db.Connection) -> None:
    """Drop the rows of workers that are gone for good."""
    await conn.execute(_TRIM)
