"""Which photographs and recordings there are, and to which events they belong; the bytes are in `media_files`.

A file belongs to an event once somebody who may send for that event has sent its bytes: to know a hash opens nothing.
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
    """For whose events somebody may send files."""

    device: int | None
    """A device: for its own. None: for those in sight."""
    seen: SightFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What an event says of a file."""

    event: str
    mime: str
    bytes: int
    sent: bool
    """Somebody sent it for this event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMedia:
    """A file that is there."""

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
    """What the sender's events say of a file; empty: none of them names it."""
    named = json.dumps([{"sha256": sha256}])
    rows = await conn.fetch(_ANNOUNCED, sha256, named, sender.device, sender.seen.cells, sender.seen.devices)
    return [Announced(**row) for row in rows]


async def of(conn: db.Connection, sha256: str) -> StoredMedia | None:
    """What is there under a hash, whoever may see it; it stays to the end of the caller's transaction."""
    row = await conn.fetchrow(_ONE, sha256)
    return None if row is None else StoredMedia(**row)


async def put(conn: db.Connection, sha256: str, stored: StoredMedia) -> StoredMedia:
    """Note a file, within the transaction that gives it its place; waits for one that is dropped meanwhile."""
    row = await conn.fetchrow(_INSERT, sha256, stored.mime, stored.bytes)
    assert row is not None  # noqa: S101 - an upsert gives its row
    return StoredMedia(**row)


async def link(conn: db.Connection, sha256: str, events: Sequence[str]) -> None:
    """Say that a file was sent for these events; those that are gone meanwhile are passed over."""
    await conn.execute(_LINK, list(events), sha256)


async def shown(conn: db.Connection, sha256: str, seen: SightFilter) -> Shown | None:
    """A file as somebody sees it; None: there is none, or it belongs to no event in sight."""
    row = await conn.fetchrow(_SEEN, sha256, seen.cells, seen.devices)
    return None if row is None else Shown(**row)
