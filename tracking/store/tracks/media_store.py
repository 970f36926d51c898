"""Photographs and recordings, and the events they belong to; the bytes are in `media_files`.

A file belongs to an event once a sender with rights for that event has sent its bytes: knowing a hash gives no access.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from runtime import db
from tracking.store.city import belonging
from tracking.store.city.belonging import SightFilter

_ANNOUNCED = f"""
SELECT DISTINCT e.id AS event, m.mime, m.bytes, l.sha256 IS NOT NULL AS sent
FROM events e CROSS JOIN LATERAL jsonb_to_recordset(e.media) AS m(sha256 text, mime text, bytes bigint)
LEFT JOIN media_of_events l ON l.event = e.id AND l.sha256 = $1
WHERE e.media <> '[]' AND e.media @> $2::jsonb AND m.sha256 = $1
  AND CASE WHEN $3::int IS NULL THEN {belonging.event("$4", "$5")} ELSE e.device = $3 END
ORDER BY e.id
"""  # noqa: S608 - our own texts
_SEEN = f"""
SELECT m.mime, m.bytes, e.id AS event, {belonging.name("$3")} AS device
FROM media m JOIN media_of_events l ON l.sha256 = m.sha256 JOIN events e ON e.id = l.event
JOIN devices d ON d.id = e.device
WHERE m.sha256 = $1 AND {belonging.event("$2", "$3")} ORDER BY e.t LIMIT 1
"""  # noqa: S608 - our own texts
_ONE = "SELECT mime, bytes FROM media WHERE sha256 = $1 FOR SHARE"
_INSERT = """
INSERT INTO media (sha256, mime, bytes, stored_at) VALUES ($1, $2, $3, now())
ON CONFLICT (sha256) DO UPDATE SET bytes = excluded.bytes RETURNING mime, bytes
"""
_LINK = """
INSERT INTO media_of_events (event, sha256) SELECT e.id, $2 FROM events e WHERE e.id = ANY ($1) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSender:
    """Events for which a sender may send files."""

    device: int | None
    """A device: for its own. None: for those in sight."""
    seen: SightFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A file named by an event."""

    event: str
    mime: str
    bytes: int
    sent: bool
    """It was sent for this event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMedia:
    """A stored file."""

    mime: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file and an event for which it is shown."""

    mime: str
    bytes: int
    event: str
    device: str | None
    """None: not in sight."""


async def announced(conn: db.Connection, sha256: str, sender: MediaSender) -> list[Announced]:
    """Mentions of a file in events of the sender; empty: none."""
    named = json.dumps([{"sha256": sha256}])
    rows = await conn.fetch(_ANNOUNCED, sha256, named, sender.device, sender.seen.cells, sender.seen.devices)
    return [Announced(**row) for row in rows]


async def of(conn: db.Connection, sha256: str) -> StoredMedia | None:
    """The stored file with a hash, regardless of rights; it is not deleted before the caller's transaction ends."""
    row = await conn.fetchrow(_ONE, sha256)
    return None if row is None else StoredMedia(**row)


async def put(conn: db.Connection, sha256: str, stored: StoredMedia) -> StoredMedia:
    """Record a file, within the transaction that moves it to its place; waits for a concurrent deletion."""
    row = await conn.fetchrow(_INSERT, sha256, stored.mime, stored.bytes)
    assert row is not None  # noqa: S101 - an upsert gives its row
    return StoredMedia(**row)


async def link(conn: db.Connection, sha256: str, events: Sequence[str]) -> None:
    """Record that a file was sent for these events; deleted events are skipped."""
    await conn.execute(_LINK, list(events), sha256)


async def shown(conn: db.Connection, sha256: str, seen: SightFilter) -> Shown | None:
    """A file as a caller may see it; None: there is none, or it belongs to no event in sight."""
    row = await conn.fetchrow(_SEEN, sha256, seen.cells, seen.devices)
    return None if row is None else Shown(**row)
