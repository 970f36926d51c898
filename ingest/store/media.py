"""Drops old photographs and recordings, the row and the file, unless an event of them must be kept.

Files of a recent event, of a case or of a held event are kept; files without an event are not.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from ingest.store import rows, targets
from ingest.store.held import HoldTables
from runtime import db
from tracking.store.tracks.media_files import MediaFiles

_OF = "EXISTS (SELECT FROM media_of_events l JOIN events r ON r.id = l.event WHERE l.sha256 = m.sha256 AND {which})"
_YOUNG = _OF.format(which="(r.t >= $1 OR r.case_id IS NOT NULL)")
_HELD = _OF.format(which=targets.EVENT_HELD)
_OLD = f"""
SELECT m.sha256 FROM media m WHERE m.stored_at < $1 AND m.sha256 > $2 AND NOT {_YOUNG} AND NOT {_HELD}
ORDER BY m.sha256 LIMIT $3 FOR UPDATE
"""
_COUNTED = f"""
SELECT count(*) FILTER (WHERE NOT held), count(*) FILTER (WHERE held)
FROM (SELECT {_HELD} AS held FROM media m WHERE m.stored_at < $1 AND NOT {_YOUNG}) x
"""
_DELETE = "DELETE FROM media WHERE sha256 = ANY ($1)"
_WITHOUT_ROW = """
SELECT h.sha256 FROM unnest($1::text[]) AS h (sha256) WHERE NOT EXISTS (SELECT FROM media m WHERE m.sha256 = h.sha256)
"""


async def drop(
    held: HoldTables, files: MediaFiles, cutoff: datetime, now: datetime, *, batch: int
) -> AsyncIterator[int]:
    """Drop files older than `cutoff`; yields the number of each committed transaction."""
    conn, after = held.conn, ""
    while True:
        async with conn.transaction():
            await held.lock(now, whole=not after)
            old = [row["sha256"] for row in await conn.fetch(_OLD, cutoff, after, batch)]
            if not old:
                break
            await conn.execute(_DELETE, old)
            # Before the commit: a new upload of the file waits for it, and restores the file afterwards.
            await asyncio.to_thread(files.drop, old)
        yield len(old)
        after = old[-1]
        await asyncio.sleep(rows.PAUSE_S)
    await _sweep(conn, files, cutoff)


async def counted(conn: db.Connection, cutoff: datetime) -> tuple[int, int]:
    """Number of files to drop, and of held ones."""
    row = await conn.fetchrow(_COUNTED, cutoff)
    return (0, 0) if row is None else (row[0], row[1])


async def _sweep(conn: db.Connection, files: MediaFiles, cutoff: datetime) -> None:
    """Delete leftovers: incomplete files, and old ones without a row."""
    await asyncio.to_thread(files.forgotten)
    for folder in await asyncio.to_thread(files.folders):
        names = await asyncio.to_thread(files.older, folder, cutoff.timestamp())
        lost = [row["sha256"] for row in await conn.fetch(_WITHOUT_ROW, names)]
        await asyncio.to_thread(files.drop, lost)
