"""Fixes in the database: stored once each, read as columns. Times are ms since 1970-01-01 UTC."""

import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from runtime import db
from tracking.presence.fixes import ABSENT, Bool, FixColumns
from tracking.store.tracks import fix_copy

SETTLED_MS = 6 * 86_400_000
"""Fixes older than this at receipt may belong to compressed chunks, where only ON CONFLICT is fast."""

_PAGE = 5_000
_LEAST_PAGE = 64
"""Most fixes read beyond a gap before it is noticed, however long the history is."""

_INSERT = """
INSERT INTO fixes (device, t, received, lat, lon, raw_lat, raw_lon, acc, spd, hdg, alt, bat, sat, src, duty, flags,
                   seq, boot)
SELECT device, 'epoch'::timestamptz + t * interval '1 ms', 'epoch'::timestamptz + received * interval '1 ms', lat, lon,
       nullif(raw_lat, 'NaN'), nullif(raw_lon, 'NaN'), nullif(acc, 'NaN'), nullif(spd, 'NaN'), nullif(hdg, 'NaN'),
       nullif(alt, 'NaN'), nullif(bat, 'NaN'), nullif(sat, -1), src, duty, flags, nullif(seq, -1), boot
FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::float8[], $5::float8[], $6::float8[], $7::float8[],
            $8::real[], $9::real[], $10::real[], $11::real[], $12::real[], $13::smallint[], $14::smallint[],
            $15::smallint[], $16::smallint[], $17::bigint[], $18::text[])
     AS f(device, t, received, lat, lon, raw_lat, raw_lon, acc, spd, hdg, alt, bat, sat, src, duty, flags, seq, boot)
ON CONFLICT DO NOTHING
RETURNING device, t
"""
_SELECT = """
SELECT t, received, lat, lon, raw_lat, raw_lon, acc, spd, hdg, alt, bat, sat, src, duty, flags, seq, boot
FROM fixes WHERE device = $1 AND t >= $2 AND t <= $3 ORDER BY t LIMIT $4
"""
_BEFORE = "SELECT t FROM fixes WHERE device = $1 AND t < $2 ORDER BY t DESC LIMIT $3"
_AFTER = "SELECT t FROM fixes WHERE device = $1 AND t > $2 ORDER BY t LIMIT $3"
# One short index scan for each device; max(t) over the table would read all of it.
_NEWEST = """
SELECT d.id, f.t FROM devices d
CROSS JOIN LATERAL (SELECT t FROM fixes WHERE device = d.id ORDER BY t DESC LIMIT 1) f
WHERE $1::int[] IS NULL OR d.id = ANY ($1)
"""


async def insert(conn: db.Connection, fixes: FixColumns, *, copy: bool = True, settled_ms: int = SETTLED_MS) -> Bool:
    """Store new fixes, inside the caller's transaction.

    Args:
        conn: within a transaction.
        fixes: in any order; of equal keys the first is stored.
        copy: try a binary COPY first; a TimescaleDB in WebAssembly cannot.
        settled_ms: age at receipt beyond which COPY is not tried.

    Returns:
        Per row: True when it was stored now.
    """
    new = np.zeros(len(fixes), np.bool_)
    if not len(fixes):
        return new
    # In order of the key, so that neighbours come to one page of it.
    first = firsts(fixes)
    distinct = fixes.take(first)
    if copy and int((distinct.received - distinct.t).max()) < settled_ms and await _copy(conn, distinct):
        new[first] = True
        return new
    stored = await conn.fetch(_INSERT, *(getattr(distinct, name).tolist() for name in fix_copy.COLUMNS))
    keys = {(row["device"], db.millis(row["t"])) for row in stored}
    pairs = zip(distinct.device.tolist(), distinct.t.tolist(), strict=True)
    new[first] = np.fromiter((pair in keys for pair in pairs), np.bool_, len(distinct))
    return new


def firsts(fixes: FixColumns) -> NDArray[np.intp]:
    """Rows without an earlier one of the same (device, t), in order of that."""
    # A stable sort leaves equal keys in order of arrival.
    order = np.lexsort((fixes.t, fixes.device))
    device, t = fixes.device[order], fixes.t[order]
    first = np.ones(len(fixes), np.bool_)
    first[1:] = (device[1:] != device[:-1]) | (t[1:] != t[:-1])
    return order[first]


async def _copy(conn: db.Connection, fixes: FixColumns) -> bool:
    """COPY all or nothing; False when a key is stored already."""
    try:
        async with conn.transaction():  # a savepoint, so that a conflict leaves the caller's transaction usable
            source = io.BytesIO(fix_copy.encode(fixes))
            await conn.copy_to_table("fixes", source=source, columns=list(fix_copy.COLUMNS), format="binary")
    except asyncpg.UniqueViolationError:
        return False
    return True


async def newest(conn: db.Connection, devices: Sequence[int] | None = None) -> dict[int, int]:
    """Time (ms) of the newest stored fix of each of `devices` (None: of all) that has one."""
    return {row["id"]: db.millis(row["t"]) for row in await conn.fetch(_NEWEST, devices)}


async def last_of(conn: db.Connection, device: int) -> int | None:
    """Time of the newest stored fix of a device, ms."""
    t = await conn.fetchval("SELECT t FROM fixes WHERE device = $1 ORDER BY t DESC LIMIT 1", device)
    return None if t is None else db.millis(t)


async def first_of(conn: db.Connection, device: int, t_from: int) -> int | None:
    """Time of the first stored fix of a device from `t_from` on, ms."""
    t = await conn.fetchval(
        "SELECT t FROM fixes WHERE device = $1 AND t >= $2 ORDER BY t LIMIT 1", device, db.moment(t_from)
    )
    return None if t is None else db.millis(t)


async def load_runs(
    conn: db.Connection, device: int, lo: int, hi: int, *, gap_ms: int, page: int = _PAGE
) -> FixColumns:
    """All fixes of the runs that touch lo..hi: outwards from there to the first gap longer than `gap_ms`."""
    first = await _reach(conn, _BEFORE, device, lo, gap_ms, page)
    last = await _reach(conn, _AFTER, device, hi, gap_ms, page)
    parts: list[FixColumns] = []
    while True:
        parts.append(await page_of(conn, device, first, last, page))
        if len(parts[-1]) < page:
            return FixColumns.concat(parts)
        first = int(parts[-1].t[-1]) + 1


async def _reach(conn: db.Connection, query: str, device: int, start: int, gap_ms: int, most: int) -> int:
    reached, page = start, min(_LEAST_PAGE, most)
    while True:
        rows = await conn.fetch(query, device, db.moment(reached), page)
        for row in rows:
            t = db.millis(row["t"])
            if abs(t - reached) > gap_ms:
                return reached
            reached = t
        if len(rows) < page:
            return reached
        page = min(4 * page, most)


async def track(pool: db.Pool, device: int, t_from: int, t_to: int, *, page: int = 5_000) -> AsyncIterator[FixColumns]:
    """The device's fixes from `t_from` to `t_to` in order, `page` at a time.

    No connection is held between pages, so slow readers only cost the memory of their page.
    """
    after = t_from
    while True:
        async with pool.acquire() as conn:
            part = await page_of(conn, device, after, t_to, page)
        if len(part):
            yield part
            after = int(part.t[-1]) + 1
        if len(part) < page:
            return


async def page_of(conn: db.Connection, device: int, t_from: int, t_to: int, page: int) -> FixColumns:
    """The first `page` of the device's fixes from `t_from` to `t_to`, ends included, in order of time."""
    rows = await conn.fetch(_SELECT, device, db.moment(t_from), db.moment(t_to), page)
    return _columns(device, rows)


def _columns(device: int, rows: "list[asyncpg.Record]") -> FixColumns:
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in fix_copy.COLUMNS[3:]}
    columns |= {name: [db.millis(row[name]) for row in rows] for name in ("t", "received")}
    for name in ("sat", "seq"):
        columns[name] = [ABSENT if value is None else value for value in columns[name]]
    return FixColumns.from_columns(len(rows), device=[device] * len(rows), **columns)
