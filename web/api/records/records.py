"""Stays, enforcement events and refused messages."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from runtime import db
from schemas import pages, rest
from schemas.refusals import Refusal
from tracking.presence.stays import StayKind
from tracking.store.presence import stay_store
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.http import cursors, params
from web.store import queries

router = APIRouter(tags=["records"])

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]


@router.get("/visits", response_model=pages.Stays)
async def visits(  # noqa: PLR0913, PLR0917 - the parameters of the query, each documented
    pool: Pool,
    see: See,
    period: params.Between,
    cell: params.CellFilter = None,
    device: params.DeviceFilter = None,
    kind: Annotated[StayKind | None, Query(description="Default: every kind of stay.")] = None,
    known: Annotated[params.Time | None, Query(description="As known then; default: as known now.")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Stays:
    """Stays that touch the period, newest first."""
    which = stay_store.StayFilter(
        cell=cell,
        device=device,
        t_from=period.start_ms,
        t_to=period.end_ms,
        kind=kind,
        known_at=None if known is None else db.millis(known),
        seen=see.seen,
    )
    after = params.stored_key(cursors.decode(cursor, tuple[int, int]))
    async with pool.acquire() as conn:
        items = await stay_store.listed(conn, which, limit=limit, after=after)
    end = cursors.encode((db.millis(items[-1].t_in), items[-1].id)) if len(items) == limit else None
    return pages.Stays(items=items, next=end)


@router.get("/events", response_model=pages.Events)
async def events(
    pool: Pool,
    see: See,
    period: params.Between,
    device: params.DeviceFilter = None,
    cell: params.CellFilter = None,
    kind: Annotated[str | None, Query(alias="type", pattern=r"^[0-9A-Za-z._-]{1,32}$")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Events:
    """Enforcement events, newest first."""
    after = cursors.decode(cursor, tuple[datetime, str])
    if after is not None:
        after = (params.stored_time(after[0]), params.stored_text(after[1]) or "")
    async with pool.acquire() as connection:
        items = await queries.events(
            connection, see=see, device=device, cell=cell, kind=kind, period=period, after=after, limit=limit
        )
    end = cursors.encode((items[-1].t, items[-1].id)) if len(items) == limit else None
    return pages.Events(items=items, next=end)


@router.get("/events/{key}", response_model=rest.Event)
async def event(pool: Pool, see: See, key: Annotated[str, Path(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]) -> rest.Event:
    """A single enforcement event by its ULID."""
    async with pool.acquire() as connection:
        event = await queries.event(connection, key, see)
    if event is None:
        raise problems.not_found(f"Event {key}")
    return event


@router.get("/refusals", response_model=pages.Refusals)
async def refusals(
    pool: Pool,
    reason: Annotated[Refusal | None, Query()] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Refusals:
    """Latest refused messages, newest first."""
    after = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as connection:
        items = await queries.refusals(connection, reason=reason, after=after, limit=limit)
    return pages.Refusals(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)
