"""The event log: items that viewers must see once and in order. Each is appended in the transaction of its change."""

import json
from datetime import timedelta
from typing import Any

from runtime import db

Item = tuple[str, dict[str, Any]]
"""Kind ("alert", "event", "stay", "device", "grid") and body, a REST model as JSON."""

KEPT = timedelta(days=7)

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.lane'))"
_APPEND = """
INSERT INTO lane (kind, body)
SELECT kind, body::jsonb FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS item(kind, body, n) ORDER BY n
RETURNING seq
"""
_TRIM = "DELETE FROM lane WHERE seq <= (SELECT max(seq) FROM lane WHERE at < now() - $1::interval)"


async def append(conn: db.Connection, items: list[Item]) -> int | None:
    """Append `items` in order and return the highest number given; None when there are none.

    Call it last in the transaction: the lock it takes is held to the commit, so that a reader that saw a number has
    seen all the smaller ones.
    """
    if not items:
        return None
    await conn.execute(_LOCK)
    kinds, bodies = [kind for kind, _ in items], [json.dumps(body, ensure_ascii=False) for _, body in items]
    rows = await conn.fetch(_APPEND, kinds, bodies)
    return max(int(row["seq"]) for row in rows)


async def head(conn: db.Connection) -> int:
    """Highest number given so far, 0 when none."""
    return int(await conn.fetchval("SELECT coalesce(max(seq), 0) FROM lane"))


async def trim(conn: db.Connection, kept: timedelta = KEPT) -> None:
    """Remove items older than `kept`; a viewer that was away for longer gets the full state."""
    await conn.execute(_TRIM, kept)
