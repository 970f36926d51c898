"""Cells, areas and coverage, now and at past moments."""

import hashlib
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from runtime import db
from runtime.clock import wall_clock
from schemas import pages, rest
from tracking.presence.fixes import Int
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.context import Context
from web.http import cursors, params
from web.live.frames.cells import STATE_NAMES
from web.store import coverage, queries

router = APIRouter(tags=["coverage"])

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]
Here = Annotated[Context, Depends(context.context)]
Level = Literal["cell", "grid", "street", "district"]


@router.get("/cells", response_model=pages.CellCollection, response_class=Response)
async def cells(
    request: Request,
    here: Here,
    see: See,
    at: Annotated[params.Time | None, Query(description="A moment in the past; default: now.")] = None,
    known: Annotated[params.Time | None, Query(description="As known then; default: as known today.")] = None,
) -> Response:
    """The unit cells in force as GeoJSON, each with its state; the ETag changes when anything in it does."""
    judged = await (_now(here) if at is None and known is None else _past(here, at, known))
    rows = coverage.rows_seen(judged.place, see.areas)
    city = coverage.version(judged.place, rows, see.areas)
    tag = f'"{_tag(request, judged, rows, city)}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    features = [_feature(judged, at) for at in rows.tolist()]
    moment = rest.rfc3339(db.moment(judged.coverage.at))
    body = {"type": "FeatureCollection", "at": moment, "city": city, "features": features}
    return Response(msgspec.json.encode(body), media_type="application/geo+json", headers=headers)


@router.get("/areas", response_model=pages.Areas)
async def areas(
    pool: Pool,
    see: See,
    level: Annotated[Literal["district", "street", "grid"] | None, Query()] = None,
    parent: params.CodeFilter = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Areas:
    """Districts, streets and responsibility grids by code."""
    return await _areas(pool, see, level, parent, cursor=cursor, limit=limit)


@router.get("/grids", response_model=pages.Areas)
async def grids(
    pool: Pool,
    see: See,
    parent: params.CodeFilter = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Areas:
    """Responsibility grids by code."""
    return await _areas(pool, see, "grid", parent, cursor=cursor, limit=limit)


async def _areas(
    pool: db.Pool, see: Sight, level: str | None, parent: str | None, *, cursor: str | None, limit: int
) -> pages.Areas:
    after = params.stored_text(cursors.decode(cursor, str))
    async with pool.acquire() as connection:
        items = await queries.areas(connection, see=see, level=level, parent=parent, after=after, limit=limit)
    return pages.Areas(items=items, next=cursors.encode(items[-1].code) if len(items) == limit else None)


@router.get("/coverage", response_model=pages.CellsCoverage | pages.AreasCoverage)
async def covered(
    here: Here,
    see: See,
    at: Annotated[params.Time | None, Query(description="A moment in the past; default: now.")] = None,
    known: Annotated[params.Time | None, Query(description="As known then; default: as known today.")] = None,
    level: Annotated[Level, Query()] = "cell",
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.CellsCoverage | pages.AreasCoverage:
    """Coverage by cell or area. With `at` and `known` at the same moment: as known then."""
    judged = await (_now(here) if at is None and known is None else _past(here, at, known))
    async with here.database.pool.acquire() as connection:
        drives = await coverage.drive_throughs(connection, judged, None if known is None else db.millis(known))
    moment = db.moment(judged.coverage.at)
    start = cursors.decode(cursor, int) or 0
    if level == "cell":
        seen = coverage.rows_seen(judged.place, see.areas)
        rows = [coverage.of_cell(judged, row, drives) for row in seen[max(0, start) : max(0, start + limit)].tolist()]
        return pages.CellsCoverage(at=moment, items=rows, next=_next(start + limit, len(seen)))
    rolled = coverage.of_areas(judged, level, drives, see.areas)
    return pages.AreasCoverage(
        at=moment, items=rolled[max(0, start) : start + limit], next=_next(start + limit, len(rolled))
    )


def _next(end: int, total: int) -> str | None:
    return cursors.encode(end) if end < total else None


async def _now(here: Context) -> coverage.Judged:
    """The newest coverage of the live part, or read from the database if there is none yet."""
    if here.hub.judging.judged is not None:
        return here.hub.judging.judged
    return await _past(here, None)


async def _past(here: Context, at: datetime | None, known: datetime | None = None) -> coverage.Judged:
    now = wall_clock()
    known_at = None if known is None else db.millis(known)
    moment = db.millis(at) if at is not None else now if known_at is None else known_at
    if moment > now or (known_at or 0) > now:
        raise problems.ProblemError(422, "at and known must not lie in the future.")
    async with here.database.pool.acquire() as connection:
        place = await coverage.load_place(connection, here.hub.judging.place, moment, known_at)
        basis, arrivals = await coverage.read_inputs(connection, place, moment, known_at)
    return coverage.judge(place, basis, arrivals, moment)


def _tag(request: Request, judged: coverage.Judged, rows: Int, city: str) -> str:
    # Who signs in after somebody else on the same browser is not to be shown what that one was sent.
    grant = context.principal(request).grant
    seen = f"{grant.devices} {None if grant.areas is None else sorted(grant.areas)}"
    digest = hashlib.sha256(f"{context.context(request).hub.event_log.epoch} {city} {seen}".encode())
    states, basis = judged.coverage, judged.basis
    for column in (states.state, states.due, basis.last_visit, basis.present, states.limit_ms):
        digest.update(column[rows].tobytes())
    return digest.hexdigest()[:32]


def _feature(judged: coverage.Judged, at: int) -> dict[str, object]:
    cell, states = judged.place.city.cells[at], judged.coverage
    due, last = int(states.due[at]), int(judged.basis.last_visit[at])
    properties = {
        "id": cell.id,
        "code": cell.code,
        "name": cell.name,
        "grid": cell.grid,
        "street": cell.street,
        "district": cell.district,
        "class": cell.cls,
        "weight": float(judged.place.city.plans.at(states.at).weight[at]),
        "synthetic": cell.synthetic,
        "state": STATE_NAMES[states.state[at]],
        "due": None if due < 0 else due,
        "last_visit": None if last < 0 else last,
        "present": bool(judged.basis.present[at]),
        "limit_s": coverage.limit_s(judged, at),
    }
    return {"type": "Feature", "id": cell.id, "geometry": cell.geometry, "properties": properties}
