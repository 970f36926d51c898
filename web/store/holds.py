"""Legal holds and retention as people set them, over REST and from the command line: recorded with who did it."""

from datetime import datetime

from runtime import db
from schemas import holds as models
from tracking.records import retention
from tracking.records.retention import DataClass
from tracking.store.records import hold_store, retention_store
from web import problems
from web.audit.store import audit_log


async def place(conn: db.Connection, hold: models.HoldGiven, actor: str, now: datetime) -> models.Hold:
    """Place a hold.

    Raises:
        ProblemError: it is not valid; says why.
    """
    try:
        async with conn.transaction():
            number = await hold_store.place(conn, hold_store.NewHold(**hold.model_dump()), actor, now)
            detail = hold.model_dump(mode="json", exclude_none=True)
            await audit_log.record(conn, actor, "hold.place", str(number), detail)
    except hold_store.HoldError as error:
        raise problems.ProblemError(422, str(error)) from error
    return await by_number(conn, number, now)


async def release(conn: db.Connection, number: int, why: str, actor: str, now: datetime) -> models.Hold:
    """End a hold.

    Raises:
        ProblemError: there is none, or it was released before.
    """
    before = await by_number(conn, number, now)
    async with conn.transaction():
        if not await hold_store.release(conn, number, why, actor, now):
            raise problems.ProblemError(409, f"Hold {number} was released by {before.released_by} already.")
        await audit_log.record(conn, actor, "hold.release", str(number), {"why": why})
    return await by_number(conn, number, now)


async def by_number(conn: db.Connection, number: int, now: datetime) -> models.Hold:
    """A hold.

    Raises:
        ProblemError: there is none.
    """
    hold = await hold_store.by_number(conn, number, now)
    if hold is None:
        raise problems.not_found(f"Hold {number}")
    return models.Hold(**hold)


async def listed(
    conn: db.Connection, now: datetime, *, ended: bool, before: int | None = None, limit: int = 1_000
) -> list[models.Hold]:
    """Holds, the newest first."""
    return [models.Hold(**row) for row in await hold_store.listed(conn, now, ended=ended, before=before, limit=limit)]


async def retentions(conn: db.Connection) -> list[models.Retention]:
    """Retention of each class."""
    return [
        models.Retention(
            data=data_class.cls.value,
            name_zh=(terms := retention.TERMS[data_class.cls]).zh,
            name_en=terms.en,
            days=data_class.days,
            least_days=terms.least_days,
            why=terms.why,
            floor=None if data_class.floor == retention.NEVER else db.moment(data_class.floor),
            ran_at=db.moment(data_class.ran_at),
            dropped=data_class.dropped,
            fault=data_class.fault,
            set_by=data_class.set_by,
            set_at=db.moment(data_class.set_at),
        )
        for data_class in await retention_store.listed(conn)
    ]


async def set_retention(conn: db.Connection, data: str, days: int | None, actor: str) -> models.Retention:
    """Keep a class for `days`, None for ever, from the next pass on.

    Raises:
        ProblemError: there is no such class, or it must be kept longer.
    """
    if data not in {known.value for known in DataClass}:
        raise problems.not_found(f"Class of data {data}")
    try:
        async with conn.transaction():
            await retention_store.set_days(conn, DataClass(data), days, actor)
            await audit_log.record(conn, actor, "retention.set", data, {"days": days})
    except retention_store.RetentionError as error:
        raise problems.ProblemError(422, str(error)) from error
    return next(item for item in await retentions(conn) if item.data == data)
