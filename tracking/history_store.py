"""What is kept of the past beside the projections: days of devices, and for how long earlier states are remembered."""

from datetime import datetime, timedelta

from tracking import db

KEPT = timedelta(days=90)
"""What was shown is known for so long, to the step; corrections with their reasons stay as long as the stays do."""

_DAYS = "SELECT day, fixes, late FROM device_days WHERE device = $1 AND day >= $2 AND day < $3 ORDER BY day"
_FORGET = (
    "DELETE FROM stay_growth WHERE known_to < $1",
    "DELETE FROM run_history WHERE known_to < $1",
)


async def days(conn: db.Connection, device: int, t_from: datetime, t_to: datetime) -> list[tuple[datetime, int, int]]:
    """Days (UTC) of a device with the fixes that came, and how many of them late; never by scanning fixes."""
    return [(row["day"], row["fixes"], row["late"]) for row in await conn.fetch(_DAYS, device, t_from, t_to)]


async def forget(conn: db.Connection, now: int, kept: timedelta = KEPT) -> None:
    """Drop the earlier states of stays and runs that nobody can ask for any more."""
    before = db.moment(now) - kept
    for statement in _FORGET:
        await conn.execute(statement, before)
