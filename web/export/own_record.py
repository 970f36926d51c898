"""All that is stored about one officer, for that officer: lines of JSON, made piece by piece from the bindings."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from runtime import db
from schemas import rest
from tracking.store.tracks import fix_store
from web.audit.store import looks
from web.export import tracks
from web.export.marks import Mark

PAGE = 1_000

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


async def lines(pool: db.Pool, officer: int, mark: Mark) -> AsyncIterator[bytes]:
    """Spell the record; each line says in `type` what it is."""
    yield _line("export", {"text": mark.text()})
    async with pool.acquire() as conn:
        yield _line("officer", dict(await conn.fetchrow(_OFFICER, officer) or {}))
        for kind, query in (("shift", _SHIFTS), ("alert", _ALERTS)):
            for row in await conn.fetch(query, officer):
                yield _line(kind, dict(row))
        bindings = await conn.fetch(_BINDINGS, officer)
    for binding in bindings:
        async for line in _carried(pool, dict(binding)):
            yield line
    yield _line("end", {})


async def _carried(pool: db.Pool, binding: dict[str, Any]) -> AsyncIterator[bytes]:
    """What a device stored while the officer carried it."""
    slot, start, end = binding.pop("slot"), binding["t_from"], binding["t_to"] or datetime.now(UTC)
    yield _line("binding", binding)
    async with pool.acquire() as conn:
        for kind, query in (("stay", _STAYS), ("event", _EVENTS)):
            for row in await conn.fetch(query, slot, start, end):
                yield _line(kind, dict(row))
        for look in await looks.at(conn, binding["device"], start, end):
            yield _line("look", look)
    async for page in fix_store.track(pool, slot, db.millis(start), db.millis(end) - 1, page=PAGE):
        for fix in tracks.rows(page):
            yield _line("fix", {"device": binding["device"], **fix})


def _line(kind: str, fields: dict[str, Any]) -> bytes:
    if "facts" in fields:
        fields["facts"] = json.loads(fields["facts"])
    return msgspec.json.encode({"type": kind, **{name: _plain(value) for name, value in fields.items()}}) + b"\n"


def _plain(value: Any) -> Any:
    return rest.rfc3339(value) if isinstance(value, datetime) else value
