"""The part of the cleaning that compares the ways of devices with the roads and checkpoints, hour by hour."""

import asyncio

from runtime import db
from tracking.presence import suspects
from tracking.routes.model import LEAD_MS, PatrolRoutes
from tracking.store.city import route_hours
from tracking.store.city.route_hours import HOUR_MS
from tracking.store.presence import suspect_store
from tracking.store.tracks import fix_store

LOOK_BACK_MS = 7 * 86_400_000
"""Hours so old are looked at by themselves when fixes came for them; older ones by their late windows."""
_MOST_HOURS = 2_000
"""Of one pass, the newest: a new map of roads must not hold up what else is to be found."""
_MOST_FIXES = 50_000


async def review(conn: db.Connection, routes: PatrolRoutes, now: int) -> int:
    """Go over the hours whose fixes, or what is believed of them, have changed; how many came out otherwise."""
    changed = 0
    for device, hour in await route_hours.waiting(conn, now - LOOK_BACK_MS, _MOST_HOURS):
        async with conn.transaction():
            await route_hours.take(conn, device, hour)
            changed += await compare(conn, routes, device, hour)
    return changed


async def compare(conn: db.Connection, routes: PatrolRoutes, device: int, hour: int) -> bool:
    """Compute an hour of a device from its fixes and store it, inside the caller's transaction; whether it changed."""
    lo, hi = hour - LEAD_MS, hour + HOUR_MS - 1
    fixes = await fix_store.page_of(conn, device, lo, hi, _MOST_FIXES)
    marked = suspects.marked(fixes, {device: await suspect_store.of_device(conn, device, lo, hi)})
    # In a thread: the messages that come in meanwhile must not wait.
    did = await asyncio.to_thread(routes.hour, marked, hour, hour + HOUR_MS)
    return await route_hours.put(conn, routes, device, hour, int((fixes.t >= hour).sum()), did)
