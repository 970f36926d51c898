"""Commands to devices: written with their step, published by a worker at least once, with their id."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime import db
from schemas.wire import Datum

MOST_WAITING = 50
"""Most commands of one device that wait for the broker; further ones are refused."""
LEASE_MS = 30_000
"""Time for a worker to publish a command; then another one may take it."""
UNSENT_MS = 5_000
"""Time until a command that the broker did not accept is tried again."""
UNANSWERED_MS = 30_000
"""Time until an unanswered order is repeated."""

# One statement, so that the bound holds for each device without a lock on all of them.
_GIVE = """
INSERT INTO commands (id, device, type, body, made_at, expires, next_at)
SELECT $1, $2, $3, $4::jsonb, $5, $6, $5
WHERE (SELECT count(*) FROM commands WHERE device = $2 AND closed_at IS NULL AND expires > $5) < $7
ON CONFLICT (id) DO NOTHING RETURNING true
"""
_CLAIM = """
WITH mine AS (
  SELECT id FROM commands WHERE closed_at IS NULL AND next_at <= $1 AND expires > $1
  ORDER BY next_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE commands c SET next_at = $2, tries = tries + 1
FROM mine, devices d WHERE c.id = mine.id AND d.id = c.device
RETURNING c.id, c.type, c.body, c.made_at, c.expires, d.name, d.unit, d.datum
"""
# An order to go somewhere is repeated until its device answers; pure information is sent once.
_SENT = """
UPDATE commands SET sent_at = coalesce(sent_at, $2), next_at = $3,
                    closed_at = CASE WHEN type = 'goto' THEN closed_at ELSE $2 END
WHERE id = $1
"""
_LATER = "UPDATE commands SET next_at = $2 WHERE id = $1"
_CLOSE = "UPDATE commands SET closed_at = $2 WHERE id = ANY ($1::text[]) AND closed_at IS NULL"
_RECALL = """
UPDATE commands SET closed_at = coalesce(closed_at, $2) WHERE id = $1 RETURNING sent_at IS NULL AND tries = 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCommand:
    """A command that a worker has taken to publish; times are ms since 1970-01-01 UTC."""

    id: str
    type: str
    body: Mapping[str, Any]
    """cell, lat, lon (degrees, WGS-84), text, as the type needs."""
    made_at: int
    expires: int
    device: str
    """Name of the device."""
    unit: str
    datum: Datum


async def enqueue(
    conn: db.Connection, *, number: str, device: int, kind: str, body: Mapping[str, Any], at: int, expires: int
) -> bool:
    """Put a command into the outbox, unless it is there already. False: too many wait for the device."""
    encoded = json.dumps(body, ensure_ascii=False)
    times = db.moment(at), db.moment(expires)
    if await conn.fetchval(_GIVE, number, device, kind, encoded, *times, MOST_WAITING):
        return True
    return bool(await conn.fetchval("SELECT true FROM commands WHERE id = $1", number))


async def claim(conn: db.Connection, now: int, limit: int) -> Sequence[PendingCommand]:
    """Take commands to publish; no other worker gets them before the lease ends."""
    rows = await conn.fetch(_CLAIM, db.moment(now), db.moment(now + LEASE_MS), limit)
    return [
        PendingCommand(
            id=row["id"],
            type=row["type"],
            body=json.loads(row["body"]),
            made_at=db.millis(row["made_at"]),
            expires=db.millis(row["expires"]),
            device=row["name"],
            unit=row["unit"],
            datum=Datum(row["datum"]),
        )
        for row in rows
    ]


async def mark_sent(conn: db.Connection, number: str, now: int) -> None:
    """Record that the broker has accepted a command."""
    await conn.execute(_SENT, number, db.moment(now), db.moment(now + UNANSWERED_MS))


async def retry_at(conn: db.Connection, number: str, at: int) -> None:
    """Try a command again at `at`."""
    await conn.execute(_LATER, number, db.moment(at))


async def close(conn: db.Connection, numbers: Sequence[str], now: int) -> None:
    """Stop sending these: they were answered."""
    await conn.execute(_CLOSE, list(numbers), db.moment(now))


async def recall(conn: db.Connection, number: str, now: int) -> bool:
    """Stop sending a command; True: it was never sent."""
    return bool(await conn.fetchval(_RECALL, number, db.moment(now)))
