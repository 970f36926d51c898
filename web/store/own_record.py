"""What is stored about one officer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from runtime import db

_OFFICER = """
SELECT o.badge, o.name, o.unit, u.name AS unit_name, o.valid_to FROM officers o JOIN units u ON u.code = o.unit
WHERE o.id = $1
"""
_SHIFTS = "SELECT starts, ends, kind, area FROM shifts WHERE officer = $1 ORDER BY starts"
_ALERTS = """
SELECT kind, level, state, opened_at, ended_at, facts::text AS facts FROM alerts WHERE officer = $1 ORDER BY opened_at
"""
_BINDINGS = """
SELECT b.device AS slot, d.name AS device, b.t_from, b.t_to, b.made_by FROM bindings b JOIN devices d ON d.id = b.device
WHERE b.officer = $1 ORDER BY b.t_from
"""
_STAYS = """
SELECT c.code AS cell, s.t_in, s.t_out, s.dwell_ms, s.path_m, s.kind, o.code AS other
FROM stays s JOIN cells c ON c.id = s.cell LEFT JOIN cells o ON o.id = s.other
WHERE s.device = $1 AND s.known_to IS NULL AND s.t_in >= $2 AND s.t_in < $3 ORDER BY s.t_in
"""
_EVENTS = """
SELECT id, t, received, lat, lon, acc, type, text, case_id AS case FROM events
WHERE device = $1 AND t >= $2 AND t < $3 ORDER BY t
"""


async def officer(conn: db.Connection, number: int) -> dict[str, Any]:
    """Master data of the officer."""
    return dict(await conn.fetchrow(_OFFICER, number) or {})


async def of_person(conn: db.Connection, officer: int) -> list[tuple[str, Sequence["asyncpg.Record"]]]:
    """Kinds of rows that name the officer, with the rows."""
    return [(kind, await conn.fetch(query, officer)) for kind, query in (("shift", _SHIFTS), ("alert", _ALERTS))]


async def bindings(conn: db.Connection, officer: int) -> Sequence["asyncpg.Record"]:
    """Which devices the officer carried, when."""
    return await conn.fetch(_BINDINGS, officer)


async def of_device(
    conn: db.Connection, slot: int, start: datetime, end: datetime
) -> list[tuple[str, Sequence["asyncpg.Record"]]]:
    """Kinds of rows that a device left between two moments, with the rows."""
    return [(kind, await conn.fetch(query, slot, start, end)) for kind, query in (("stay", _STAYS), ("event", _EVENTS))]
