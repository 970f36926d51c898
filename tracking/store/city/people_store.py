"""Units, officers, shifts and bindings in the database. Times are ms since 1970-01-01 UTC."""

from collections.abc import Iterable, Sequence

import asyncpg

from runtime import db
from schemas import wire
from tracking.city.people import Binding, Officer, Shift, Sign, Unit
from tracking.store.city import judging

# A unit with the code of an area is responsible for that area; what a person has set for a unit stays.
_UNITS = """
INSERT INTO units (code, name, area)
SELECT u.code, coalesce(a.name, u.code), a.code
FROM (SELECT DISTINCT code FROM unnest($1::text[]) AS u (code)) u LEFT JOIN areas a ON a.code = u.code
ON CONFLICT (code) DO UPDATE SET name = excluded.name, area = excluded.area
WHERE units.area IS NULL AND excluded.area IS NOT NULL AND units.name = units.code
RETURNING 'unit:' || code AS scope
"""
_PLANNED = "SELECT EXISTS (SELECT FROM rule_versions WHERE kind = 'plan' AND scope = ANY ($1::text[]))"
_OFFICER = "SELECT id, badge, name, unit FROM officers"
_BOUND = """
SELECT device, officer, t_from, t_to FROM bindings WHERE t_from <= $1 AND (t_to IS NULL OR t_to > $1)
"""
_CARRIES = f"{_OFFICER} WHERE id = (SELECT officer FROM ({_BOUND}) b WHERE device = $2 ORDER BY t_from DESC LIMIT 1)"  # noqa: S608 - built from constants of this file
_SHIFTS = """
SELECT id, officer, area, starts, ends, kind FROM shifts
WHERE starts < $2 AND ends > $1 ORDER BY starts, id
"""
# What ends a binding that begins at $3: whatever next happens to its device or its officer. A sign-out that was heard
# before the sign-in it follows has ended nothing then; it is found among the events.
_NEXT = """
SELECT min(t) FROM (
  SELECT t_from AS t FROM bindings WHERE (device = $1 OR officer = $2) AND t_from > $3
  UNION ALL SELECT t FROM events WHERE device = $1 AND t > $3 AND type = ANY ($4::text[])
) AS later
"""
_END = """
UPDATE bindings SET t_to = $3 WHERE (device = $1 OR officer = $2) AND t_from < $3 AND (t_to IS NULL OR t_to > $3)
"""
_BEGIN = """
INSERT INTO bindings (device, officer, t_from, t_to, made_by) SELECT $1, $2, $3, $4, $5
WHERE NOT EXISTS (SELECT FROM bindings WHERE device = $1 AND officer = $2 AND t_from = $3)
"""
_SIGNS = [wire.Signal.SIGN_IN.value, wire.Signal.SIGN_OUT.value]


async def ensure_units(conn: db.Connection, codes: Iterable[str]) -> None:
    """Create missing units; one with the code of an area is responsible for it."""
    async with conn.transaction():
        placed = [row["scope"] for row in await conn.fetch(_UNITS, sorted(set(codes)))]
        if placed and await conn.fetchval(_PLANNED, placed):
            # The plan of a unit holds where its area is, and always did: who answered for it when is not kept.
            await judging.mark_changed(conn, 0, db.millis(await conn.fetchval("SELECT now()")))


async def units(conn: db.Connection) -> dict[str, Unit]:
    """Every unit by its code."""
    rows = await conn.fetch("SELECT code, name, area FROM units ORDER BY code")
    return {row["code"]: Unit(code=row["code"], name=row["name"], area=row["area"]) for row in rows}


async def officers(conn: db.Connection) -> dict[int, Officer]:
    """Officers in service by their number."""
    rows = await conn.fetch(_OFFICER + " WHERE valid_to IS NULL OR valid_to > now() ORDER BY id")
    return {row["id"]: _officer(row) for row in rows}


async def by_badge(conn: db.Connection, badge: str) -> Officer | None:
    """The officer in service with this badge."""
    row = await conn.fetchrow(_OFFICER + " WHERE badge = $1 AND (valid_to IS NULL OR valid_to > now())", badge)
    return None if row is None else _officer(row)


async def officer_of(conn: db.Connection, device: int, at: int) -> Officer | None:
    """Officer who carries the device at `at`; None: not known."""
    row = await conn.fetchrow(_CARRIES, db.moment(at), device)
    return None if row is None else _officer(row)


async def bindings(conn: db.Connection, at: int) -> dict[int, Binding]:
    """Bindings in force at `at`, by device."""
    rows = await conn.fetch(_BOUND + " ORDER BY t_from", db.moment(at))
    return {
        row["device"]: Binding(
            device=row["device"],
            officer=row["officer"],
            t_from=db.millis(row["t_from"]),
            t_to=None if row["t_to"] is None else db.millis(row["t_to"]),
        )
        for row in rows
    }


async def shifts(conn: db.Connection, start: int, end: int) -> list[Shift]:
    """Shifts that touch start..end, in order."""
    return [_shift(row) for row in await conn.fetch(_SHIFTS, db.moment(start), db.moment(end))]


async def add_officers(conn: db.Connection, rows: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Add officers as (badge, name, unit); those with a known badge get the new name and unit.

    Returns:
        Number of each by badge.
    """
    await ensure_units(conn, [unit for _, _, unit in rows])
    stored = await conn.fetch(
        """
        INSERT INTO officers (badge, name, unit) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
        ON CONFLICT (badge) DO UPDATE SET name = excluded.name, unit = excluded.unit, valid_to = NULL
        RETURNING badge, id
        """,
        *([row[k] for row in rows] for k in range(3)),
    )
    return {row["badge"]: row["id"] for row in stored}


async def add_shifts(conn: db.Connection, rows: Sequence[tuple[int, str | None, int, int, str]]) -> list[int]:
    """Plan shifts, as (officer, area, starts, ends, kind); if the officer has one with this start, it stays.

    Returns:
        Numbers of the new ones.
    """
    stored = await conn.fetch(
        """
        INSERT INTO shifts (officer, area, starts, ends, kind)
        SELECT * FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[])
               AS n (officer, area, starts, ends, kind)
        WHERE NOT EXISTS (SELECT FROM shifts s WHERE s.officer = n.officer AND s.starts = n.starts) RETURNING id
        """,
        [row[0] for row in rows],
        [row[1] for row in rows],
        [db.moment(row[2]) for row in rows],
        [db.moment(row[3]) for row in rows],
        [row[4] for row in rows],
    )
    return [row["id"] for row in stored]


async def bind(conn: db.Connection, device: int, officer: int, t: int, made_by: str) -> None:
    """Bind an officer to a device from `t` on; earlier bindings of either end.

    The result does not depend on the order of the changes.
    """
    async with conn.transaction():
        await _lock(conn)
        until = await conn.fetchval(_NEXT, device, officer, db.moment(t), _SIGNS)
        await conn.execute(_END, device, officer, db.moment(t))
        await conn.execute(_BEGIN, device, officer, db.moment(t), until, made_by)


async def unbind(conn: db.Connection, device: int, t: int) -> None:
    """End the binding of the device at `t`, if any."""
    async with conn.transaction():
        await _lock(conn)
        await conn.execute(_END, device, None, db.moment(t))


async def apply_signs(conn: db.Connection, signs: Sequence[Sign]) -> list[str]:
    """Bind and unbind as devices report; returns badges that no officer in service has."""
    unknown = []
    for sign in signs:
        if sign.badge is None:
            await unbind(conn, sign.device, sign.t)
            continue
        officer = await by_badge(conn, sign.badge)
        if officer is None:
            unknown.append(sign.badge)
        else:
            await bind(conn, sign.device, officer.id, sign.t, "device")
    return unknown


async def bind_first(conn: db.Connection, device: int, officer: int, t: int, made_by: str) -> None:
    """Bind from `t` on, unless the device or officer was ever bound."""
    bound = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM bindings WHERE device = $1 OR officer = $2)", device, officer
    )
    if not bound:
        await bind(conn, device, officer, t, made_by)


async def _lock(conn: db.Connection) -> None:
    """One change of bindings at a time: concurrent ones could both find the officer free."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('patrol.bindings'))")


def _officer(row: asyncpg.Record) -> Officer:
    return Officer(id=row["id"], badge=row["badge"], name=row["name"], unit=row["unit"])


def _shift(row: asyncpg.Record) -> Shift:
    return Shift(
        id=row["id"],
        officer=row["officer"],
        area=row["area"],
        starts=db.millis(row["starts"]),
        ends=db.millis(row["ends"]),
        kind=row["kind"],
    )
