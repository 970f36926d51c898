"""Import of roads and checkpoints over REST: put in force, checked in a dry run, or refused with all faults."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from runtime import db
from schemas import imports as models
from tracking.geometry.lookup import CityGrid
from tracking.routes import route_file
from tracking.store.city import route_store
from web import context, problems
from web.api.city.grid_import import MOST_BYTES
from web.context import Context
from web.http import imports
from web.store import coverage

router = APIRouter(tags=["coverage"])

Here = Annotated[Context, Depends(context.context)]
_FORMS: dict[str, route_file.Form] = {
    "application/geo+json": "geojson", "application/json": "geojson", "text/csv": "csv",
}  # fmt: skip
_one_at_a_time = asyncio.Semaphore(1)


@router.post(
    "/roads/import",
    max_body_size=MOST_BYTES,
    responses=imports.REFUSES,
    openapi_extra={"requestBody": {"required": True, "content": {"application/geo+json": {"schema": {}}}}},
)
async def roads(request: Request, here: Here, dry_run: imports.DryRun = False) -> models.RoadImport:  # noqa: FBT002
    """Import the roads of the city (docs/grid-format.md), replacing the present ones, or check them in a dry run."""
    data = await request.body()
    async with _one_at_a_time, here.database.pool.acquire() as conn:
        read = await asyncio.to_thread(route_file.roads, data, await _grid(conn, here))
        if isinstance(read, route_file.FileFaults):
            raise imports.refused(read.faults)
        async with db.trial_transaction(conn, dry_run=dry_run):
            result = await route_store.import_roads(conn, read.pieces)
    return models.RoadImport(
        done=not dry_run,
        length_m=float(read.pieces.length_m.sum()),
        inside_m=read.inside_m,
        pieces=len(read.pieces),
        added=result.added,
        ended=result.ended,
    )


@router.post(
    "/checkpoints/import",
    max_body_size=MOST_BYTES,
    responses=imports.REFUSES,
    openapi_extra={"requestBody": {"required": True, "content": {form: {"schema": {}} for form in _FORMS}}},
)
async def checkpoints(request: Request, here: Here, dry_run: imports.DryRun = False) -> models.CheckpointImport:  # noqa: FBT002
    """Import the checkpoints of the city, replacing the present ones; GeoJSON or CSV by the Content-Type."""
    form = _FORMS.get(request.headers.get("content-type", "").split(";")[0].strip().lower())
    if form is None:
        raise problems.ProblemError(415, f"Send one of {', '.join(_FORMS)} as Content-Type.")
    data = await request.body()
    async with _one_at_a_time, here.database.pool.acquire() as conn:
        read = await asyncio.to_thread(route_file.checkpoints, data, form, await _grid(conn, here))
        if isinstance(read, route_file.FileFaults):
            raise imports.refused(read.faults)
        async with db.trial_transaction(conn, dry_run=dry_run):
            result = await route_store.import_checkpoints(conn, read)
    return models.CheckpointImport(done=not dry_run, checkpoints=len(read), added=result.added, ended=result.ended)


async def _grid(conn: db.Connection, here: Context) -> CityGrid:
    """The cells in force."""
    return (await coverage.load_place(conn, here.hub.judging.place)).city.grid
