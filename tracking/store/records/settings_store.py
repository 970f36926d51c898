"""Settings of the city in the database."""

import json
from zoneinfo import ZoneInfo

from runtime import db

_TIME_ZONE = "SELECT value FROM settings WHERE key = 'time_zone'"


async def time_zone(conn: db.Connection) -> ZoneInfo:
    """The time zone of the city: of its days, duty times and texts."""
    return ZoneInfo(json.loads(await conn.fetchval(_TIME_ZONE)))
