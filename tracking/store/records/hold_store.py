"""Legal holds: evidence exempt from retention. Placed and released here; `held` gives the held rows in SQL.

A hold names a device, an officer, an area or a case, or none of them, and a time:

- device: all data it sent, and everything computed from it;
- officer: the same for the devices the officer carried, while carried, and alerts about the officer;
- area: everything in it: fixes in its bounding box, stays in its cells with five minutes before and after, events
  and alerts of its cells;
- case: events and media of the case, and what their devices sent from twelve hours before to twelve hours after;
- none: everything in the time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime import db

LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.holds'))"
"""Lock held until the commit by placing a hold and by deleting rows, so every later deletion sees the hold."""

_COLUMNS = """
SELECT h.id, h.why, d.name AS device, o.badge AS officer, h.area, h.case_id AS "case", h.t_from, h.t_to, h.until,
       h.made_by, h.made_at, h.released_at, h.released_by, h.released_why,
       h.released_at IS NULL AND (h.until IS NULL OR h.until > $1) AS holds
FROM legal_holds h LEFT JOIN devices d ON d.id = h.device LEFT JOIN officers o ON o.id = h.officer
"""
_LISTED = f"""{_COLUMNS}
WHERE ($2 OR (h.released_at IS NULL AND (h.until IS NULL OR h.until > $1))) AND ($3::bigint IS NULL OR h.id < $3)
ORDER BY h.id DESC LIMIT $4
"""
_ONE = f"{_COLUMNS} WHERE h.id = $2"
_INSERT = """
INSERT INTO legal_holds (why, device, officer, area, case_id, t_from, t_to, until, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""
_RELEASE = """
UPDATE legal_holds SET released_at = $2, released_by = $3, released_why = $4
WHERE id = $1 AND released_at IS NULL RETURNING id
"""


class HoldError(Exception):
    """A hold is not valid; the text says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHold:
    """A hold to be placed."""

    why: str
    device: str | None = None
    """Name of a device."""
    officer: str | None = None
    """Badge of an officer."""
    area: str | None = None
    """Code of a grid, street or district; includes all below it."""
    case: str | None = None
    t_from: datetime | None = None
    t_to: datetime | None = None
    """Not included."""
    until: datetime | None = None
    """Time at which the hold ends by itself."""


async def place(conn: db.Connection, hold: NewHold, actor: str, now: datetime) -> int:
    """Place a hold, within the caller's transaction; after the commit none of its data is deleted.

    Raises:
        HoldError: an object is not known, or it names too many or too few.
    """
    if sum(value is not None for value in (hold.device, hold.officer, hold.area, hold.case)) > 1:
        raise HoldError("A hold names one of device, officer, area and case; place one for each.")
    if not any((hold.device, hold.officer, hold.area, hold.case, hold.t_from, hold.t_to)):
        raise HoldError("Name a device, officer, area or case, or a time from or to.")
    if hold.t_from and hold.t_to and hold.t_to <= hold.t_from:
        raise HoldError("The time held must end after it begins.")
    if hold.until and hold.until <= now:
        raise HoldError("The hold would be over already: `until` must lie ahead.")
    device = await _known(conn, "SELECT id FROM devices WHERE name = $1", hold.device, "device")
    officer = await _known(conn, "SELECT id FROM officers WHERE badge = $1", hold.officer, "officer with the badge")
    area = await _known(conn, "SELECT code FROM areas WHERE code = $1", hold.area, "area")
    await conn.execute(LOCK)
    period = hold.t_from, hold.t_to, hold.until
    return int(await conn.fetchval(_INSERT, hold.why, device, officer, area, hold.case, *period, actor))


async def release(conn: db.Connection, number: int, why: str, actor: str, now: datetime) -> bool:
    """End a hold, within the caller's transaction; False when there is none or it was released before."""
    return await conn.fetchval(_RELEASE, number, now, actor, why) is not None


async def listed(
    conn: db.Connection, now: datetime, *, ended: bool = False, before: int | None = None, limit: int = 1_000
) -> list[dict[str, Any]]:
    """Holds, the newest first; `ended`: include those that have ended."""
    return [dict(row) for row in await conn.fetch(_LISTED, now, ended, before, limit)]


async def by_number(conn: db.Connection, number: int, now: datetime) -> dict[str, Any] | None:
    """A hold by its number."""
    row = await conn.fetchrow(_ONE, now, number)
    return None if row is None else dict(row)


async def _known(conn: db.Connection, query: str, name: str | None, what: str) -> Any:
    if name is None:
        return None
    number = await conn.fetchval(query, name)
    if number is None:
        raise HoldError(f"There is no {what} {name}.")
    return number
