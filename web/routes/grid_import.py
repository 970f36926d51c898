"""Import of a grid file over REST: tried first, with every fault named, then put in force."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from schemas import imports as models
from tracking import db, grid_store, grids
from tracking.grid_faults import GridFault
from web import context, imports

router = APIRouter(prefix="/grids", tags=["coverage"])

Pool = Annotated[db.Pool, Depends(context.pool)]

MOST_BYTES = 64 << 20
"""Fifteen thousand cells of eighty vertices are 50 MB."""
_one_at_a_time = asyncio.Semaphore(1)


@router.post(
    "/import",
    max_body_size=MOST_BYTES,
    openapi_extra={"requestBody": {"required": True, "content": {"application/geo+json": {"schema": {}}}}},
)
async def imported(
    request: Request,
    pool: Pool,
    dry_run: imports.DryRun = True,  # noqa: FBT002
) -> models.GridImport:
    """Check a grid file (docs/grid-format.md) and, unless it is a trial, put it in force; one with faults never is."""
    data = await request.body()
    async with _one_at_a_time:
        return await _import(pool, data, dry_run=dry_run)


async def _import(pool: db.Pool, data: bytes, *, dry_run: bool) -> models.GridImport:
    async with pool.acquire() as conn:
        classes = {row["class"] for row in await conn.fetch("SELECT class FROM cell_classes")}
    grid = await asyncio.to_thread(grids.parse, data, classes=classes)
    if isinstance(grid, list):
        return _refused(grid)
    async with pool.acquire() as conn, db.tried(conn, dry_run=dry_run):
        result = await grid_store.import_grid(conn, grid)
    if isinstance(result, list):
        return _refused(result)
    return models.GridImport(
        done=not dry_run,
        cells=result.cells,
        added=result.added,
        changed=result.changed,
        ended=result.ended,
        areas=result.areas,
        faults=[],
    )


def _refused(faults: list[GridFault]) -> models.GridImport:
    return models.GridImport(done=False, cells=0, added=0, changed=0, ended=0, areas=0, faults=imports.faults(faults))
