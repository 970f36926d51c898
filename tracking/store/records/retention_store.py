"""Retention in the database: settings and floors. Times are ms since 1970-01-01 UTC."""

from dataclasses import dataclass

from runtime import db
from tracking.records import retention
from tracking.records.retention import DataClass, Horizons

_ALL = "SELECT class, days, floor, ran_at, dropped, fault, set_by, set_at FROM retention"
_FLOOR = "SELECT floor FROM retention WHERE class = $1"
_SET = "UPDATE retention SET days = $2, set_by = $3, set_at = now() WHERE class = $1"
_RAISE = "UPDATE retention SET floor = $2 WHERE class = $1 AND (floor IS NULL OR floor < $2)"
_RAN = "UPDATE retention SET ran_at = $2, dropped = dropped + $3, fault = $4 WHERE class = $1"


class RetentionError(Exception):
    """The retention is not allowed; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRetention:
    """Retention of one class."""

    cls: DataClass
    days: int | None
    """None: for ever."""
    floor: int
    """Older data is refused."""
    ran_at: int
    dropped: int
    """Rows deleted so far."""
    fault: str | None
    """Why the last pass failed."""
    set_by: str
    set_at: int


async def listed(conn: db.Connection) -> list[ClassRetention]:
    """Every class, in the order of `DataClass`."""
    rows = {row["class"]: row for row in await conn.fetch(_ALL)}
    return [
        ClassRetention(
            cls=cls,
            days=row["days"],
            floor=retention.NEVER if row["floor"] is None else db.millis(row["floor"]),
            ran_at=db.millis(row["ran_at"]),
            dropped=row["dropped"],
            fault=row["fault"],
            set_by=row["set_by"],
            set_at=db.millis(row["set_at"]),
        )
        for cls in DataClass
        if (row := rows.get(cls.value)) is not None
    ]


async def floor(conn: db.Connection, cls: DataClass) -> int:
    """Floor of a class: older data is refused."""
    floor = await conn.fetchval(_FLOOR, cls.value)
    return retention.NEVER if floor is None else db.millis(floor)


async def horizons(conn: db.Connection) -> Horizons:
    """Limits by which ingest refuses data as too old."""
    of = {kept.cls: retention.horizon(kept.days, kept.floor) for kept in await listed(conn)}
    return Horizons(fixes=of[DataClass.FIXES], events=of[DataClass.EVENTS])


async def set_days(conn: db.Connection, cls: DataClass, days: int | None, actor: str) -> None:
    """Keep a class for `days`, None for ever, from the next pass on; within the caller's transaction.

    Raises:
        RetentionError: the law or another class does not allow it.
    """
    await conn.execute("SELECT FROM retention FOR UPDATE")
    wanted = {kept.cls: kept.days for kept in await listed(conn)} | {cls: days}
    if (fault := retention.fault(wanted, cls)) is not None:
        raise RetentionError(fault)
    await conn.execute(_SET, cls.value, days, actor)


async def raise_floor(conn: db.Connection, cls: DataClass, to: int) -> None:
    """Refuse data older than `to` (ms) from now on."""
    await conn.execute(_RAISE, cls.value, db.moment(to))


async def note_pass(conn: db.Connection, cls: DataClass, now: int, dropped: int, fault: str | None = None) -> None:
    """Record the end of a pass over a class."""
    await conn.execute(_RAN, cls.value, db.moment(now), dropped, fault)
