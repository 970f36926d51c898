"""Accesses to the data of a device in a period, from the audit record."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from runtime import db
from web.moments import parse_time

_DEFAULT = timedelta(hours=24)
"""Period of a track that was requested without one."""
_LONGEST_WATCH = timedelta(hours=24)
"""Longest session: watching that began earlier has ended."""
_MOMENT = timedelta(microseconds=1)
# Watching that began before the period may have continued into it.
_LOOKS = """
SELECT at, actor, action, object, detail FROM audit
WHERE at >= $3 AND (at >= $2 OR starts_with(action, 'live.'))
  AND action IN ('look', 'export', 'live.watch', 'live.unwatch') AND (
    object = '/api/v1/devices/' || $1 OR starts_with(object, '/api/v1/devices/' || $1 || '/')
    OR starts_with(action, 'live.') AND $1 = ANY (string_to_array(object, ', '))
    OR $1 = ANY (string_to_array(detail::jsonb -> 'query' ->> 'device', ','))
    OR detail::jsonb -> 'devices' ? $1)
ORDER BY n
"""


async def looks_at_device(conn: db.Connection, device: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Accesses that can have shown data of the device between `start` and `end`, including later ones.

    Each has `at`, `actor`, `action` and `object`; live watching also has `until`, null if no end was recorded.
    """
    rows = await conn.fetch(_LOOKS, device, start, start - _LONGEST_WATCH)
    requests = [row for row in rows if not row["action"].startswith("live.")]
    watched = [row for row in rows if row["action"].startswith("live.")]
    looks = [*_asked(requests, start, end), *_watched(watched, device, start, end)]
    return sorted(looks, key=lambda look: look["at"])


def _asked(rows: Sequence[Any], start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    for row in rows:
        detail = json.loads(row["detail"])
        query = {**detail.get("query", {}), **detail}
        upto = _time(query.get("to")) or row["at"] + _MOMENT
        since = _time(query.get("from")) or upto - _DEFAULT
        if since < end and upto > start:
            yield {name: row[name] for name in ("at", "actor", "action", "object")}


def _watched(rows: Sequence[Any], device: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """One access per period of watching, without the names of other watched devices."""
    begun: dict[tuple[str, str], datetime] = {}
    for row in rows:
        who, at = (row["actor"], row["object"]), row["at"]
        if row["action"] == "live.watch":
            begun[who] = at
            continue
        since = begun.pop(who, at - timedelta(seconds=json.loads(row["detail"]).get("seconds", 0)))
        if since < end and at >= start:
            yield {"at": since, "until": at, "actor": who[0], "action": "live.watch", "object": device}
    for (actor, _), since in begun.items():
        if since < end and since + _LONGEST_WATCH > start:
            yield {"at": since, "until": None, "actor": actor, "action": "live.watch", "object": device}


def _time(text: Any) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
