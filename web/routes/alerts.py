"""Alerts: what a person must see, and every step each took."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request

from alerts import shown
from schemas import pages, rest
from tracking import db
from web import access, context, cursors, params, problems, redaction
from web.access import Sight

router = APIRouter(prefix="/alerts", tags=["alerts"])

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]


@router.get("", response_model=pages.Alerts)
async def listed(
    request: Request,
    pool: Pool,
    see: See,
    state: Annotated[Literal["open", "resolved", "withdrawn", "closed"] | None, Query()] = None,
    level: Annotated[Literal["blue", "yellow", "orange", "red"] | None, Query()] = None,
    cell: params.CellFilter = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Alerts:
    """Alerts, newest first."""
    after = params.stored_number(cursors.decode(cursor, int))
    which = shown.Filter(state=state, level=level, kind=None, cell=cell, device=None, areas=None, seen=see.seen)
    async with pool.acquire() as connection:
        items = await shown.page(connection, which, after, limit)
    end = cursors.encode(items[-1].id) if len(items) == limit else None
    hidden = await access.hidden(request)
    return pages.Alerts(items=[redaction.alert(item, hidden) for item in items], next=end)


@router.get("/{number}", response_model=rest.Alert)
async def one(request: Request, pool: Pool, see: See, number: params.Number) -> rest.Alert:
    """One alert with its steps."""
    async with pool.acquire() as connection:
        found = await shown.with_steps(connection, number, see.seen)
    if found is None:
        raise problems.not_found(f"Alert {number}")
    return redaction.alert(found, await access.hidden(request))
