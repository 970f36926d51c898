"""Import of a grid file over REST: put in force, checked in a dry run, or refused with all its faults."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from runtime import db
from schemas import imports as models
from tracking.city import grids
from tracking.store.city import division_store, grid_store
from web import context
from web.http import imports, params

router = APIRouter(prefix="/grids", tags=["coverage"])

Pool = Annotated[db.Pool, Depends(context.pool)]

MOST_BYTES = 64 << 20
"""Fifteen thousand cells of eighty vertices are 50 MB."""
_one_at_a_time = asyncio.Semaphore(1)


@router.post(
    "/import",
    max_body_size=MOST_BYTES,
    responses=imports.REFUSES,
    openapi_extra={"requestBody": {"required": True, "content": {"application/geo+json": {"schema": {}}}}},
)
async def imported(
    request: Request,
    pool: Pool,
    dry_run: imports.DryRun = False,  # noqa: FBT002
    valid_from: Annotated[
        params.Time | None, Query(description="Start of validity, in the past or future; default: now.")
    ] = None,
) -> models.GridImport:
    """Import a grid file (docs/grid-format.md), or check it in a dry run; a file with faults is refused."""
    data = await request.body()
    begins = None if valid_from is None else db.millis(valid_from)
    async with _one_at_a_time:
        return await _import(pool, data, begins, dry_run=dry_run)


async def _import(pool: db.Pool, data: bytes, begins: int | None, *, dry_run: bool) -> models.GridImport:
    async with pool.acquire() as conn:
        classes = await division_store.classes(conn)
    grid = await asyncio.to_thread(grids.parse, data, classes=classes)
    if isinstance(grid, list):
        raise imports.refused(grid)
    async with pool.acquire() as conn, db.trial_transaction(conn, dry_run=dry_run):
        result = await grid_store.import_grid(conn, grid, valid_from=begins)
    if isinstance(result, list):
        raise imports.refused(result)
    return models.GridImport(
        done=not dry_run,
        cells=result.cells,
        added=result.added,
        changed=result.changed,
        ended=result.ended,
        areas=result.areas,
    )
