"""Imported days in the database: holidays and make-up workdays."""

from collections.abc import Sequence
from datetime import date

from runtime import db
from tracking.plans.calendar_file import Day
from tracking.plans.holidays import DayMark, Holidays

_PUT = """
INSERT INTO calendar_days (day, workday, name, source, made_by)
SELECT day, workday, name, $4, $5 FROM unnest($1::date[], $2::bool[], $3::text[]) AS d(day, workday, name)
ON CONFLICT (day) DO UPDATE SET workday = excluded.workday, name = excluded.name, source = excluded.source,
  made_at = now(), made_by = excluded.made_by
WHERE (calendar_days.workday, calendar_days.name) IS DISTINCT FROM (excluded.workday, excluded.name)
"""


async def holidays(conn: db.Connection) -> Holidays:
    """All imported days, which override the built-in ones."""
    rows = await conn.fetch("SELECT day, workday, name FROM calendar_days")
    return Holidays({row["day"]: DayMark(workday=row["workday"], name=row["name"]) for row in rows})


async def sources(conn: db.Connection, start: date, end: date) -> dict[date, str]:
    """Where imported days from `start` to `end`, ends included, came from."""
    rows = await conn.fetch("SELECT day, source FROM calendar_days WHERE day BETWEEN $1 AND $2", start, end)
    return {row["day"]: row["source"] for row in rows}


async def put(conn: db.Connection, days: Sequence[Day], source: str, made_by: str) -> int:
    """Store days; existing ones are replaced. Returns how many changed."""
    columns = [day.day for day in days], [day.workday for day in days], [day.name for day in days]
    done = await conn.execute(_PUT, *columns, source, made_by)
    return int(done.rsplit(" ", 1)[1])
