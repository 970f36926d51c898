"""Units, officers, carriers of devices, and shifts."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from runtime import db
from schemas import people as models
from schemas import topics
from tracking.store.city import people_store
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.http import cursors, params
from web.store import people

router = APIRouter(tags=["people"])

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]
_BADGE = r"^[^\x00-\x1f/]{1,64}$"
BadgeFilter = Annotated[str | None, Query(pattern=_BADGE, description="Badge of the officer.")]


@router.get("/units")
async def units(
    pool: Pool, see: See, cursor: params.Cursor = None, limit: params.Limit = params.DEFAULT_LIMIT
) -> models.Units:
    """Units by code."""
    after = params.stored_text(cursors.decode(cursor, str))
    async with pool.acquire() as conn:
        items = await people.units(conn, see, after, limit)
    return models.Units(items=items, next=cursors.encode(items[-1].code) if len(items) == limit else None)


@router.get("/officers")
async def officers(
    pool: Pool, see: See, cursor: params.Cursor = None, limit: params.Limit = params.DEFAULT_LIMIT
) -> models.Officers:
    """Officers in service by badge, with the present device and the current or next shift."""
    after = params.stored_text(cursors.decode(cursor, str))
    async with pool.acquire() as conn:
        items = await people.officers(conn, see, after, limit)
    return models.Officers(items=items, next=cursors.encode(items[-1].badge) if len(items) == limit else None)


@router.post("/officers", status_code=204)
async def employ(pool: Pool, officer: models.OfficerGiven) -> Response:
    """Add an officer; an existing badge gets the new name and unit."""
    if topics.is_reserved(officer.unit):
        raise problems.ProblemError(422, f"The unit name {officer.unit} is reserved for the server; choose another.")
    async with pool.acquire() as conn:
        await people_store.add_officers(conn, [(officer.badge, officer.name, officer.unit)])
    return Response(status_code=204)


@router.delete("/officers/{badge}", status_code=204)
async def retire(pool: Pool, badge: Annotated[str, Path(pattern=_BADGE)]) -> Response:
    """Retire an officer: the device is released, future shifts are dropped, the past stays."""
    async with pool.acquire() as conn:
        if not await people.retire(conn, badge):
            raise problems.not_found(f"Officer {badge}")
    return Response(status_code=204)


@router.put("/devices/{name}/officer", status_code=204)
async def carry(
    request: Request, pool: Pool, see: See, name: params.DeviceName, carrier: models.CarrierGiven
) -> Response:
    """Set the carrier of a device without sign-in; earlier bindings of both end."""
    async with pool.acquire() as conn:
        await people.carry(conn, see, name, carrier.badge, context.principal(request).name)
    return Response(status_code=204)


@router.get("/bindings")
async def bindings(
    pool: Pool,
    see: See,
    device: params.DeviceFilter = None,
    badge: BadgeFilter = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> models.Bindings:
    """Carriers of devices, newest first."""
    before = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as conn:
        items = await people.bindings(conn, see, device=device, badge=badge, before=before, limit=limit)
    return models.Bindings(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.get("/shifts")
async def shifts(
    pool: Pool,
    see: See,
    period: params.Between,
    badge: BadgeFilter = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> models.Shifts:
    """Shifts of officers; without `from` the current and future ones."""
    after = params.stored_number(cursors.decode(cursor, int))
    start = period.start or datetime.now(UTC)
    async with pool.acquire() as conn:
        items = await people.shifts(conn, see, start=start, end=period.end, badge=badge, after=after, limit=limit)
    return models.Shifts(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.post("/shifts", status_code=201)
async def plan(pool: Pool, see: See, planned: models.ShiftsGiven) -> models.Planned:
    """Add shifts, all or none; an existing shift with the same start stays."""
    async with pool.acquire() as conn:
        return models.Planned(added=await people.plan(conn, see, planned.shifts))


@router.delete("/shifts/{number}", status_code=204)
async def drop(pool: Pool, see: See, number: params.Number) -> Response:
    """Delete a shift."""
    async with pool.acquire() as conn:
        if not await people.drop(conn, see, number):
            raise problems.not_found(f"Shift {number}")
    return Response(status_code=204)
