"""Compares the tracks of devices with roads and checkpoints, hour by hour."""

import asyncio

from runtime import db
from tracking.presence import suspects
from tracking.routes.model import LEAD_MS, PatrolRoutes
from tracking.store.city import route_hours
from tracking.store.city.route_hours import HOUR_MS
from tracking.store.presence import suspect_store
from tracking.store.tracks import fix_store

LOOK_BACK_MS = 7 * 86_400_000
"""Age of hours compared when their fixes change; older ones are compared by late windows."""
_MOST_HOURS = 2_000
"""Hours of one pass, the newest first, so that new roads do not delay other findings."""
_MOST_FIXES = 50_000


async def review(conn: db.Connection, routes: PatrolRoutes, now: int) -> int:
    """Process hours with changed fixes or suspect intervals; returns the number of changed results."""
    changed = 0
    for device, hour in await route_hours.waiting(conn, now - LOOK_BACK_MS, _MOST_HOURS):
        async with conn.transaction():
            await route_hours.take(conn, device, hour)
            changed += await compare(conn, routes, device, hour)
    return changed


async def compare(conn: db.Connection, routes: PatrolRoutes, device: int, hour: int) -> bool:
    """Compute and store an hour of a device within the caller's transaction; returns whether it changed."""
    lo, hi = hour - LEAD_MS, hour + HOUR_MS - 1
    fixes = await fix_store.page_of(conn, device, lo, hi, _MOST_FIXES)
    marked = suspects.marked(fixes, {device: await suspect_store.of_device(conn, device, lo, hi)})
    # In a thread: incoming messages must not wait.
    did = await asyncio.to_thread(routes.hour, marked, hour, hour + HOUR_MS)
    return await route_hours.put(conn, routes, device, hour, int((fixes.t >= hour).sum()), did)
