"""Duty rosters of supervisors: who is responsible for a part of the city. Times are ms since 1970-01-01 UTC."""

from typing import Any

from runtime import db
from schemas import alerting

# Accounts responsible for the street, its district or the whole city; without any at the level, the next one up.
_ON_DUTY = """
WITH here AS (
  SELECT account, level FROM duty_rosters
  WHERE starts <= $3 AND ends > $3 AND level >= $2
    AND (area IS NULL OR area = $1 OR area = (SELECT parent FROM areas WHERE code = $1)))
SELECT DISTINCT account FROM here WHERE level = (SELECT min(level) FROM here) ORDER BY account
"""
_LIST = """
SELECT id, account, area, level, starts, ends, made_by FROM duty_rosters
WHERE ($1::text IS NULL OR account = $1) AND ends > $2 AND ($3::timestamptz IS NULL OR starts < $3)
  AND ($4::text[] IS NULL OR area = ANY ($4)) AND ($5::bigint IS NULL OR id > $5)
ORDER BY id LIMIT $6
"""
_PUT = """
INSERT INTO duty_rosters (account, area, level, starts, ends, made_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account, coalesce(area, ''), level, starts) DO UPDATE SET ends = excluded.ends, made_by = excluded.made_by
RETURNING id, account, area, level, starts, ends, made_by
"""
# An account limited to these areas, or on their rosters.
_KNOWN_TO = """
SELECT EXISTS (SELECT FROM accounts WHERE name = $1 AND areas <@ $2::text[])
    OR EXISTS (SELECT FROM duty_rosters WHERE account = $1 AND area = ANY ($2))
"""
_REMOVE = "DELETE FROM duty_rosters WHERE id = $1 AND ($2::text[] IS NULL OR area = ANY ($2)) RETURNING true"


async def on_duty(conn: db.Connection, area: str | None, level: int, at: int) -> list[str]:
    """Accounts responsible for a street at `at`, of `level` or the next higher one with anybody on duty."""
    return [row["account"] for row in await conn.fetch(_ON_DUTY, area, level, db.moment(at))]


async def listed(
    conn: db.Connection,
    *,
    account: str | None,
    start: int,
    end: int | None,
    areas: list[str] | None,
    after: int | None,
    limit: int,
) -> list[alerting.DutyRoster]:
    """Duties that touch start..end; `areas` narrows to those of these streets, None: all."""
    until = None if end is None else db.moment(end)
    rows = await conn.fetch(_LIST, account, db.moment(start), until, areas, after, limit)
    return [_roster(row) for row in rows]


async def put(conn: db.Connection, entry: alerting.DutyRosterGiven, made_by: str) -> alerting.DutyRoster | None:
    """Store a duty; one of the same account, area, level and start takes the new end. None: no such account or area."""
    known = await conn.fetchval("SELECT EXISTS (SELECT FROM accounts WHERE name = $1)", entry.account)
    if entry.area is not None:
        known = known and await conn.fetchval("SELECT EXISTS (SELECT FROM areas WHERE code = $1)", entry.area)
    if not known:
        return None
    row = await conn.fetchrow(_PUT, entry.account, entry.area, entry.level, entry.starts, entry.ends, made_by)
    assert row is not None  # noqa: S101 - the statement always returns its row
    return _roster(row)


async def known_to(conn: db.Connection, account: str, areas: list[str] | None) -> bool:
    """Whether a caller limited to `areas` may know that the account exists, so that names cannot be probed."""
    return areas is None or bool(await conn.fetchval(_KNOWN_TO, account, areas))


async def remove(conn: db.Connection, number: int, areas: list[str] | None = None) -> bool:
    """Remove a duty; False: none with this number is among those of these streets."""
    return bool(await conn.fetchval(_REMOVE, number, areas))


def _roster(row: Any) -> alerting.DutyRoster:
    return alerting.DutyRoster(**row)
