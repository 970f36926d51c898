"""Legal holds, and how long data is kept."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, status

from runtime import db
from schemas import holds as models
from web import context
from web.http import cursors, params
from web.store import holds

router = APIRouter(tags=["retention"])

Pool = Annotated[db.Pool, Depends(context.pool)]
DataName = Annotated[str, Path(pattern=r"^[a-z]{1,20}$", description="Class of data.")]


@router.get("/holds")
async def listed(
    pool: Pool,
    *,
    ended: Annotated[bool, Query(description="Also released and ended ones.")] = False,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> models.Holds:
    """Legal holds, the latest first."""
    before = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as conn:
        items = await holds.listed(conn, datetime.now(UTC), ended=ended, before=before, limit=limit)
    return models.Holds(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.post("/holds", status_code=status.HTTP_201_CREATED)
async def place(request: Request, pool: Pool, hold: models.HoldGiven) -> models.Hold:
    """Place a legal hold; from the answer on none of its data is dropped."""
    async with pool.acquire() as conn:
        return await holds.place(conn, hold, context.principal(request).name, datetime.now(UTC))


@router.post("/holds/{number}/release")
async def release(request: Request, pool: Pool, number: params.Number, released: models.ReleaseGiven) -> models.Hold:
    """Release a legal hold; expired data is dropped at the next pass."""
    async with pool.acquire() as conn:
        return await holds.release(conn, number, released.why, context.principal(request).name, datetime.now(UTC))


@router.get("/retention")
async def kept(pool: Pool) -> models.Retentions:
    """Retention of each class of data, and the result of the last pass."""
    async with pool.acquire() as conn:
        return models.Retentions(items=await holds.retentions(conn), next=None)


@router.put("/retention/{data}")
async def keep(request: Request, pool: Pool, data: DataName, period: models.RetentionGiven) -> models.Retention:
    """Set the retention of a class of data, from the next pass on."""
    async with pool.acquire() as conn:
        return await holds.set_retention(conn, data, period.days, context.principal(request).name)
