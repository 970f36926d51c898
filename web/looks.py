"""Who looked at what a device was and did in a period, out of the audit record."""

import json
from datetime import datetime, timedelta
from typing import Any

from tracking import db
from web import params

_DEFAULT = timedelta(hours=24)
"""What a track covers that was asked for without a period."""
_LOOKS = """
SELECT at, actor, action, object, detail FROM audit
WHERE at >= $2 AND action IN ('look', 'export', 'live.watch', 'live.unwatch') AND (
  starts_with(object, '/api/v1/devices/' || $1 || '/')
  OR starts_with(action, 'live.') AND $1 = ANY (string_to_array(object, ', '))
  OR $1 = ANY (string_to_array(detail::jsonb -> 'query' ->> 'device', ','))
  OR detail::jsonb -> 'devices' ? $1)
ORDER BY n
"""


async def at(conn: db.Connection, device: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Looks that can have shown anything of the device between `start` and `end`, also those that came later."""
    found: list[dict[str, Any]] = []
    for row in await conn.fetch(_LOOKS, device, start):
        looked = dict(row)
        asked = _period(looked["at"], looked["action"], json.loads(looked.pop("detail")))
        if asked[0] < end and asked[1] > start:
            found.append(looked)
    return found


def _period(moment: datetime, action: str, detail: dict[str, Any]) -> tuple[datetime, datetime]:
    """What a look looked at."""
    if action.startswith("live."):
        return moment, moment + timedelta(microseconds=1)
    asked = {**detail.get("query", {}), **detail}
    end = _time(asked.get("to")) or moment + timedelta(microseconds=1)
    return _time(asked.get("from")) or end - _DEFAULT, end


def _time(text: Any) -> datetime | None:
    try:
        return params.parse_time(text)
    except ValueError:
        return None
