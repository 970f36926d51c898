"""Alerts: what a person must see, and every step each took."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from alerts import past
from alerts.store import AlertStore
from schemas import pages, rest
from tracking import db
from web import context, cursors, params, problems

router = APIRouter(prefix="/alerts", tags=["alerts"])

Pool = Annotated[db.Pool, Depends(context.pool)]


@router.get("", response_model=pages.Alerts)
async def listed(
    pool: Pool,
    state: Annotated[Literal["open", "resolved", "withdrawn", "closed"] | None, Query()] = None,
    level: Annotated[Literal["blue", "yellow", "orange", "red"] | None, Query()] = None,
    cell: params.CellFilter = None,
    at: Annotated[params.Time | None, Query(description="Those that stood then, as they were known then.")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Alerts:
    """Alerts, newest first."""
    after = params.stored_number(cursors.decode(cursor, int))
    if at is not None:
        if state is not None:
            raise problems.ProblemError(422, "at asks for the alerts that stood then; leave state out.")
        async with pool.acquire() as conn:
            items, end = await past.standing(conn, db.millis(at), level=level, cell=cell, cursor=after, limit=limit)
        return pages.Alerts(items=items, next=None if end is None else cursors.encode(end))
    items, end = await AlertStore(pool).list(state=state, level=level, cell=cell, cursor=after, limit=limit)
    return pages.Alerts(items=items, next=None if end is None else cursors.encode(end))


@router.get("/{number}", response_model=rest.Alert)
async def one(pool: Pool, number: params.Number) -> rest.Alert:
    """One alert with its steps."""
    found = await AlertStore(pool).get(number)
    if found is None:
        raise problems.not_found(f"Alert {number}")
    return found
