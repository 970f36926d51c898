"""Stored habits learned from past stays, and the stays for learning."""

from dataclasses import dataclass
from typing import Any

from alerts.store.whereabouts import LEAST_STAY_MS
from runtime import db

DAYS = 14
_DAY_MS = 86_400_000
_NAME = "outlook"

# Day by day, so that no answer is large.
_STAYS = """
SELECT device, cell, t_in, t_out, kind = 'visit' AS valid FROM stays
WHERE known_to IS NULL AND NOT open AND kind <> 'between' AND dwell_ms >= $3 AND t_in >= $1 AND t_in < $2
ORDER BY device, t_in
"""
_LAST = "SELECT device, max(t_last) AS t FROM runs GROUP BY device"
_KEPT = "SELECT made_at, signature, body FROM learned WHERE name = $1"
_KEEP = """
INSERT INTO learned (name, made_at, signature, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET made_at = excluded.made_at, signature = excluded.signature, body = excluded.body
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """Stored habits."""

    made_at: int
    """ms since 1970-01-01 UTC."""
    body: bytes


async def load(conn: db.Connection, signature: str) -> StoredModel | None:
    """Habits for the grid with this signature; None: there are none, or for another grid."""
    row = await conn.fetchrow(_KEPT, _NAME)
    if row is None or row["signature"] != signature:
        return None
    return StoredModel(made_at=db.millis(row["made_at"]), body=row["body"])


async def save(conn: db.Connection, signature: str, now: int, body: bytes) -> None:
    """Replace the stored habits by those learned at `now`, ms."""
    await conn.execute(_KEEP, _NAME, db.moment(now), signature, body)


async def stays(conn: db.Connection, now: int) -> list[Any]:
    """Stays (device, cell, t_in, t_out, valid) of a minute and more in the days before `now`, ms."""
    rows: list[Any] = []
    for day in range(DAYS, 0, -1):
        start, end = db.moment(now - day * _DAY_MS), db.moment(now - (day - 1) * _DAY_MS)
        rows += await conn.fetch(_STAYS, start, end, LEAST_STAY_MS)
    return rows


async def last_fixes(conn: db.Connection) -> dict[int, int]:
    """Newest fix of each device, ms."""
    return {row["device"]: db.millis(row["t"]) for row in await conn.fetch(_LAST)}
