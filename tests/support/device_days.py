"""Days of a device as they are added up from its hours."""

from datetime import datetime

from runtime import db

_DAYS = "SELECT day, fixes, late FROM device_days WHERE device = $1 AND day >= $2 AND day < $3 ORDER BY day"


async def days(conn: db.Connection, device: int, t_from: datetime, t_to: datetime) -> list[tuple[datetime, int, int]]:
    """Days (UTC) with the fixes that came, and how many of them late."""
    return [(row["day"], row["fixes"], row["late"]) for row in await conn.fetch(_DAYS, device, t_from, t_to)]
