"""Reads and changes of people for REST: officers with what they carry, bindings, shifts."""

from collections.abc import Sequence
from datetime import UTC, datetime

from runtime import db
from schemas import people as models
from tracking.store.city import belonging, people_store
from web import problems
from web.auth.access import Sight

_UNITS = f"""
SELECT code, name, area FROM units
WHERE {belonging.among("code", "$1", "text")} AND ($2::text IS NULL OR code > $2) ORDER BY code LIMIT $3
"""  # noqa: S608 - our own texts
_OFFICERS = f"""
SELECT o.badge, o.name, o.unit, d.name AS device, b.t_from AS since, s.starts AS shift_starts, s.ends AS shift_ends
FROM officers o
LEFT JOIN bindings b ON b.officer = o.id AND b.t_from <= $1 AND (b.t_to IS NULL OR b.t_to > $1)
LEFT JOIN devices d ON d.id = b.device AND {belonging.among("d.id", "$2")}
LEFT JOIN LATERAL (
  SELECT starts, ends FROM shifts WHERE officer = o.id AND ends > $1 ORDER BY starts LIMIT 1) s ON true
WHERE (o.valid_to IS NULL OR o.valid_to > $1) AND {belonging.among("o.unit", "$3", "text")}
  AND ($4::text IS NULL OR o.badge > $4)
ORDER BY o.badge LIMIT $5
"""  # noqa: S608 - our own texts
_RETIRE = """
UPDATE officers SET valid_to = $2 WHERE badge = $1 AND (valid_to IS NULL OR valid_to > $2) RETURNING id
"""
_BINDINGS = f"""
SELECT b.id, d.name AS device, o.badge, o.name, b.t_from, b.t_to, b.made_by
FROM bindings b JOIN devices d ON d.id = b.device JOIN officers o ON o.id = b.officer
WHERE {belonging.among("d.id", "$1")} AND {belonging.among("o.unit", "$2", "text")}
  AND ($3::text IS NULL OR d.name = $3) AND ($4::text IS NULL OR o.badge = $4) AND ($5::bigint IS NULL OR b.id < $5)
ORDER BY b.id DESC LIMIT $6
"""  # noqa: S608 - our own texts
_SHIFTS = f"""
SELECT s.id, o.badge, o.name, s.area, s.starts, s.ends, s.kind FROM shifts s JOIN officers o ON o.id = s.officer
WHERE s.ends > $1 AND ($2::timestamptz IS NULL OR s.starts < $2) AND {belonging.among("o.unit", "$3", "text")}
  AND ($4::text IS NULL OR o.badge = $4) AND ($5::bigint IS NULL OR s.id > $5)
ORDER BY s.id LIMIT $6
"""  # noqa: S608 - our own texts
_REMOVE = f"""
DELETE FROM shifts s USING officers o WHERE o.id = s.officer AND s.id = $1
  AND {belonging.among("o.unit", "$2", "text")} RETURNING s.id
"""  # noqa: S608 - our own texts


async def units(conn: db.Connection, see: Sight, after: str | None, limit: int) -> list[models.Unit]:
    """Units by code."""
    rows = await conn.fetch(_UNITS, see.unit_codes, after, limit)
    return [models.Unit(**dict(row)) for row in rows]


async def officers(conn: db.Connection, see: Sight, after: str | None, limit: int) -> list[models.Officer]:
    """Officers in service by badge, with the present device and the current or next shift."""
    rows = await conn.fetch(_OFFICERS, datetime.now(UTC), see.device_ids, see.unit_codes, after, limit)
    return [models.Officer(**dict(row)) for row in rows]


async def retire(conn: db.Connection, badge: str) -> bool:
    """Take an officer out of service from now on, and the device out of the officer's hands; False: there is none."""
    now = datetime.now(UTC)
    async with conn.transaction():
        officer = await conn.fetchval(_RETIRE, badge, now)
        if officer is None:
            return False
        for row in await conn.fetch("SELECT device FROM bindings WHERE officer = $1 AND t_to IS NULL", officer):
            await people_store.unbind(conn, row["device"], db.millis(now))
        await conn.execute("DELETE FROM shifts WHERE officer = $1 AND starts > $2", officer, now)
    return True


async def carry(conn: db.Connection, see: Sight, device: str, badge: str | None, by: str) -> None:
    """Bind an officer to a device from now on; `badge` None: nobody.

    Raises:
        ProblemError: the device or officer does not exist, or is not in sight.
    """
    slot = await conn.fetchval("SELECT id FROM devices WHERE name = $1", device)
    if slot is None or not see.sees_device(slot):
        raise problems.not_found(f"Device {device}")
    now = db.millis(datetime.now(UTC))
    if badge is None:
        await people_store.unbind(conn, slot, now)
        return
    officer = await people_store.by_badge(conn, badge)
    if officer is None or not see.sees_unit(officer.unit):
        raise problems.ProblemError(422, f"There is no officer {badge} in service: add the officer first.")
    await people_store.bind(conn, slot, officer.id, now, by)


async def bindings(
    conn: db.Connection, see: Sight, *, device: str | None, badge: str | None, before: int | None, limit: int
) -> list[models.Binding]:
    """Carriers of devices, newest first."""
    rows = await conn.fetch(_BINDINGS, see.device_ids, see.unit_codes, device, badge, before, limit)
    return [models.Binding(**dict(row)) for row in rows]


async def shifts(
    conn: db.Connection,
    see: Sight,
    *,
    start: datetime,
    end: datetime | None,
    badge: str | None,
    after: int | None,
    limit: int,
) -> list[models.Shift]:
    """Shifts that touch the period, in the order they were planned."""
    rows = await conn.fetch(_SHIFTS, start, end, see.unit_codes, badge, after, limit)
    return [models.Shift(**dict(row)) for row in rows]


async def plan(conn: db.Connection, see: Sight, wanted: Sequence[models.ShiftGiven]) -> int:
    """Plan shifts, all or none; returns how many are new.

    Raises:
        ProblemError: an officer or area does not exist or is not in sight, or a shift ends before it begins.
    """
    rows = []
    for at, shift in enumerate(wanted):
        if shift.ends <= shift.starts:
            raise problems.invalid_value(f"shifts.{at}.ends", "must be after starts")
        officer = await people_store.by_badge(conn, shift.badge)
        if officer is None or not see.sees_unit(officer.unit):
            raise problems.invalid_value(
                f"shifts.{at}.badge", "there is no such officer in service: add the officer first"
            )
        known = shift.area is None or await conn.fetchval("SELECT true FROM areas WHERE code = $1", shift.area)
        if not known or (shift.area is not None and not see.sees_area(shift.area)):
            raise problems.invalid_value(f"shifts.{at}.area", "there is no such grid or street")
        rows.append((officer.id, shift.area, db.millis(shift.starts), db.millis(shift.ends), shift.kind))
    async with conn.transaction():
        return len(await people_store.add_shifts(conn, rows))


async def drop(conn: db.Connection, see: Sight, number: int) -> bool:
    """Remove a shift; False: none with this number is in sight."""
    return await conn.fetchval(_REMOVE, number, see.unit_codes) is not None
