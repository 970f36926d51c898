"""The projections of the fixes, stays and runs, loaded and changed together."""

from tracking import db, lane, run_store, stay_store
from tracking.stays import Changes, Stored


async def load(conn: db.Connection, device: int, t_from: int, t_to: int) -> Stored:
    """What is stored of the device's stretch from `t_from` to `t_to`, ms, ends included."""
    return Stored(
        await stay_store.load(conn, device, t_from, t_to),
        await run_store.load(conn, device, t_from, t_to),
    )


async def apply(conn: db.Connection, changes: Changes, now: int) -> list[lane.Item]:
    """Store `changes`, which became known at `now` (ms), inside the caller's transaction; returns what viewers hear."""
    await run_store.apply(conn, changes.runs, now)
    return await stay_store.apply(conn, changes.stays, now)
