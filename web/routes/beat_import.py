"""Import of roads and checkpoints over REST: tried first, with every fault named, then put in force."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from schemas import imports as models
from tracking import beat_file, beat_store, db
from tracking.geometry.lookup import CityGrid
from web import context, coverage, imports, problems
from web.context import Context
from web.routes.grid_import import MOST_BYTES

router = APIRouter(tags=["coverage"])

Here = Annotated[Context, Depends(context.context)]
_FORMS: dict[str, beat_file.Form] = {
    "application/geo+json": "geojson", "application/json": "geojson", "text/csv": "csv",
}  # fmt: skip
_one_at_a_time = asyncio.Semaphore(1)


@router.post(
    "/roads/import",
    max_body_size=MOST_BYTES,
    openapi_extra={"requestBody": {"required": True, "content": {"application/geo+json": {"schema": {}}}}},
)
async def roads(request: Request, here: Here, dry_run: imports.DryRun = True) -> models.RoadImport:  # noqa: FBT002
    """Check the roads of a city (docs/grid-format.md) and, unless it is a trial, put them in place of those before."""
    data = await request.body()
    async with _one_at_a_time, here.database.pool.acquire() as conn:
        read = await asyncio.to_thread(beat_file.roads, data, await _grid(conn, here))
        if isinstance(read, beat_file.Refused):
            return models.RoadImport(
                done=False, length_m=0, inside_m=0, pieces=0, added=0, ended=0, faults=imports.faults(read.faults)
            )
        async with db.tried(conn, dry_run=dry_run):
            result = await beat_store.import_roads(conn, read.pieces)
    return models.RoadImport(
        done=not dry_run,
        length_m=float(read.pieces.length_m.sum()),
        inside_m=read.inside_m,
        pieces=len(read.pieces),
        added=result.added,
        ended=result.ended,
        faults=[],
    )


@router.post(
    "/checkpoints/import",
    max_body_size=MOST_BYTES,
    openapi_extra={"requestBody": {"required": True, "content": {form: {"schema": {}} for form in _FORMS}}},
)
async def checkpoints(request: Request, here: Here, dry_run: imports.DryRun = True) -> models.CheckpointImport:  # noqa: FBT002
    """Check the checkpoints of a city, GeoJSON or CSV by the Content-Type, and put them in place of those before."""
    form = _FORMS.get(request.headers.get("content-type", "").split(";")[0].strip().lower())
    if form is None:
        raise problems.ProblemError(415, f"Send one of {', '.join(_FORMS)} as Content-Type.")
    data = await request.body()
    async with _one_at_a_time, here.database.pool.acquire() as conn:
        read = await asyncio.to_thread(beat_file.checkpoints, data, form, await _grid(conn, here))
        if isinstance(read, beat_file.Refused):
            return models.CheckpointImport(
                done=False, checkpoints=0, added=0, ended=0, faults=imports.faults(read.faults)
            )
        async with db.tried(conn, dry_run=dry_run):
            result = await beat_store.import_checkpoints(conn, read)
    return models.CheckpointImport(
        done=not dry_run, checkpoints=len(read), added=result.added, ended=result.ended, faults=[]
    )


async def _grid(conn: db.Connection, here: Context) -> CityGrid:
    """The cells in force."""
    return (await coverage.load_place(conn, here.hub.judging.place)).city.grid
