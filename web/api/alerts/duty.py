"""Orders to officers, and duty rosters."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from alerts.store import rosters, tasks
from runtime import db
from runtime.clock import wall_clock
from schemas import alerting, pages
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.http import cursors, params

router = APIRouter(tags=["alerts"])

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]


@router.get("/tasks", response_model=pages.Tasks)
async def listed(
    pool: Pool,
    see: See,
    device: params.DeviceFilter = None,
    alert: Annotated[int | None, Query(ge=1, le=(1 << 63) - 1)] = None,
    standing: Annotated[bool | None, Query(description="Open or ended ones; default: all.")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Tasks:
    """Officers sent to alerts, newest first."""
    after = cursors.decode(cursor, tuple[datetime, str])
    if after is not None:
        after = (params.stored_time(after[0]), params.stored_text(after[1]) or "")
    async with pool.acquire() as conn:
        items = await tasks.listed(
            conn, device=device, alert=alert, standing=standing, seen=see.seen, after=after, limit=limit
        )
    end = cursors.encode((items[-1].made_at, items[-1].id)) if len(items) == limit else None
    return pages.Tasks(items=items, next=end)


@router.get("/duty-rosters", response_model=pages.DutyRosters)
async def rostered(
    pool: Pool,
    see: See,
    period: params.Between,
    account: Annotated[str | None, Query(min_length=1, max_length=64, pattern=r"^[^\x00]+$")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.DutyRosters:
    """Duties by street; without `from` the current and future ones."""
    after = params.stored_number(cursors.decode(cursor, int))
    start = wall_clock() if period.start_ms is None else period.start_ms
    async with pool.acquire() as conn:
        items = await rosters.listed(
            conn, account=account, start=start, end=period.end_ms, areas=see.area_codes, after=after, limit=limit
        )
    return pages.DutyRosters(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.post("/duty-rosters", response_model=alerting.DutyRoster, status_code=201)
async def put(request: Request, pool: Pool, see: See, entry: alerting.DutyRosterGiven) -> alerting.DutyRoster:
    """Add a duty; an existing one with the same account, area, level and start gets the new end."""
    if entry.ends <= entry.starts:
        raise problems.ProblemError(422, "ends must be after starts.")
    if not see.sees_area(entry.area):
        raise problems.ProblemError(403, "You may plan duties in your own area only; name one of its streets.")
    async with pool.acquire() as conn:
        known = await rosters.known_to(conn, entry.account, see.area_codes)
        stored = await rosters.put(conn, entry, context.principal(request).name) if known else None
    if stored is None:
        raise problems.not_found(f"Account {entry.account} or area {entry.area}")
    return stored


@router.delete("/duty-rosters/{number}", status_code=204)
async def remove(pool: Pool, see: See, number: params.Number) -> Response:
    """Delete a duty."""
    async with pool.acquire() as conn:
        if not await rosters.remove(conn, number, see.area_codes):
            raise problems.not_found(f"Duty {number}")
    return Response(status_code=204)
