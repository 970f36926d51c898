"""All data stored about one officer, for that officer: lines of JSON, produced by binding."""

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
from web.export.marks import FileMark
from web.store import own_record

PAGE = 1_000


async def lines(pool: db.Pool, officer: int, mark: FileMark) -> AsyncIterator[bytes]:
    """Write the record; `type` is the kind of each line."""
    yield _line("export", {"text": mark.text()})
    async with pool.acquire() as conn:
        yield _line("officer", await own_record.officer(conn, officer))
        for kind, rows in await own_record.of_person(conn, officer):
            for row in rows:
                yield _line(kind, dict(row))
        bindings = await own_record.bindings(conn, officer)
    for binding in bindings:
        async for line in _carried(pool, dict(binding)):
            yield line
    yield _line("end", {})


async def _carried(pool: db.Pool, binding: dict[str, Any]) -> AsyncIterator[bytes]:
    """Data of a device while the officer carried it."""
    slot, start, end = binding.pop("slot"), binding["t_from"], binding["t_to"] or datetime.now(UTC)
    yield _line("binding", binding)
    async with pool.acquire() as conn:
        for kind, rows in await own_record.of_device(conn, slot, start, end):
            for row in rows:
                yield _line(kind, dict(row))
        for look in await looks.looks_at_device(conn, binding["device"], start, end):
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
