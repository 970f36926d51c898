"""Devices and their tracks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from runtime import db
from schemas import pages, rest
from tracking.presence.fixes import FixColumns
from tracking.store.tracks import fix_store
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.export import tracks
from web.export.marks import FileMark
from web.http import accept, cursors, params
from web.store import queries
from web.store.period import Period

router = APIRouter(prefix="/devices", tags=["devices"])

PAGE = 1_000
DEFAULT_PERIOD = timedelta(hours=24)
_OFFERS: dict[str, tracks.Format] = {
    "application/geo+json": "geojson",
    "application/json": "geojson",
    "text/csv": "csv",
    "application/gpx+xml": "gpx",
}

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]


@router.get("", response_model=pages.Devices)
async def listed(
    pool: Pool,
    see: See,
    unit: Annotated[str | None, Query(pattern=f"^{params.topics.NAME.pattern}$")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Devices:
    """Devices by name, each with its newest position."""
    async with pool.acquire() as connection:
        after = params.stored_text(cursors.decode(cursor, str))
        items = await queries.devices(connection, see=see, after=after, unit=unit, limit=limit)
    return pages.Devices(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.get("/{name}", response_model=rest.Device)
async def one(pool: Pool, see: See, name: params.DeviceName) -> rest.Device:
    """A single device with its newest position."""
    async with pool.acquire() as connection:
        device = await queries.device(connection, name, see)
    if device is None:
        raise problems.not_found(f"Device {name}")
    return device


@router.get(
    "/{name}/track",
    response_class=Response,
    responses={
        200: {
            "description": "The fixes in order of time: GeoJSON with one Point feature a fix, CSV, or GPX 1.1.",
            "content": {"application/geo+json": {}, "text/csv": {}, "application/gpx+xml": {}},
        }
    },
)
async def track(
    request: Request,
    pool: Pool,
    see: See,
    name: params.DeviceName,
    period: params.Between,
    form: Annotated[
        tracks.Format | None, Query(alias="format", description="Takes precedence over the Accept header.")
    ] = None,
    purpose: params.Purpose = None,
    simplify: Annotated[float | None, Query(gt=0, le=10_000, description="m; omit fixes nearer to the line.")] = None,
) -> Response:
    """Fixes of a device, streamed; without from and to those of the last 24 hours."""
    chosen = form or accept.choose(request.headers.get("accept", ""), _OFFERS)
    if chosen is None:
        raise problems.ProblemError(406, f"A track is available as {', '.join(_OFFERS)}.")
    async with pool.acquire() as connection:
        slot = await queries.device_slot(connection, name, see)
    if slot is None:
        raise problems.not_found(f"Device {name}")
    pages = await _begun(fix_store.track(pool, slot, *_ends(period), page=PAGE))
    if simplify is not None:
        pages = tracks.simplified(pages, simplify)
    mark = FileMark(by=context.principal(request).name, at=datetime.now(UTC), purpose=purpose)
    headers = {"Content-Disposition": f'inline; filename="track.{chosen}"', "Vary": "Accept"}
    return StreamingResponse(
        tracks.encoded(pages, chosen, name, mark), media_type=tracks.MEDIA_TYPES[chosen], headers=headers
    )


def _ends(period: Period) -> tuple[int, int]:
    """First and last ms, both included, as the store takes them."""
    end = period.end or datetime.now(UTC) + timedelta(minutes=1)
    start = period.start or end - DEFAULT_PERIOD
    return db.millis(start), db.millis(end) - 1


async def _begun(pages: AsyncIterator[FixColumns]) -> AsyncIterator[FixColumns]:
    """Read the first page now, so that an error gives an error status instead of an incomplete file."""
    first = await anext(pages, None)

    async def all_pages() -> AsyncIterator[FixColumns]:
        if first is not None:
            yield first
        async for page in pages:
            yield page

    return all_pages()
