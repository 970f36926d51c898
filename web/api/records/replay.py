"""Replay clips and area searches."""

import asyncio
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from runtime import db
from runtime.clock import wall_clock
from schemas import clips, topics
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.context import Context
from web.export import replay
from web.http import params
from web.store import clip_store, coverage, presence

router = APIRouter(tags=["looking back"])

MOST_STEPS = 720
LONGEST = timedelta(days=7)
AT_ONCE = 2
"""Area searches that a process works on at a time."""

Here = Annotated[Context, Depends(context.context)]
See = Annotated[Sight, Depends(access.sight)]
_busy = asyncio.Semaphore(AT_ONCE)


@router.get(
    "/replay",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Lines of JSON, see docs/replay.md: head, alerts, events, cells, track …, cells …, end.",
            "content": {"application/x-ndjson": {}},
        }
    },
)
async def clip(
    request: Request,
    here: Here,
    see: See,
    period: params.Between,
    step: Annotated[int, Query(ge=5, le=86_400, description="s between two computations of coverage.")] = 60,
    known: Annotated[Literal["now", "then"], Query(description="As known now, or as known at each moment.")] = "now",
    device: Annotated[
        list[Annotated[str, Query(pattern=f"^{topics.NAME.pattern}$")]] | None,
        Query(max_length=replay.MOST_DEVICES, description="Devices of the tracks; default: all, up to 200."),
    ] = None,
) -> StreamingResponse:
    """A past period with tracks, events, alerts and coverage; streamed while it is computed."""
    if period.start is None or period.end is None:
        raise problems.ProblemError(422, "A clip needs from and to.")
    start, end = db.millis(period.start), min(db.millis(period.end), wall_clock())
    if start >= end:
        raise problems.ProblemError(422, "from must lie in the past.")
    if end - start > LONGEST / timedelta(milliseconds=1) or (end - start) // (step * 1000) > MOST_STEPS:
        limits = f"at most {LONGEST.days} days and {MOST_STEPS} steps"
        raise problems.ProblemError(422, f"A clip has {limits}; choose a shorter period or longer steps.")
    clip = replay.ClipRequest(start=start, end=end, step=step * 1000, devices=device, then=known == "then")
    pool = here.database.pool
    async with pool.acquire() as connection:
        devices = await clip_store.devices(connection, see, clip.period, clip.devices)
    request.scope["audit"] = {"devices": [row["name"] for row in devices[: replay.MOST_DEVICES]]}
    lines = replay.lines(pool, clip, see, devices, here.hub.judging.place)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "private, no-store"})


@router.post("/presence", response_model=clips.Presences)
async def who_was_there(request: Request, here: Here, see: See, query: clips.PresenceQuery) -> clips.Presences:
    """Devices in a drawn area in a period, by their stored fixes."""
    async with _busy, here.database.pool.acquire() as connection:
        place = await coverage.load_place(connection, here.hub.judging.place)
        items = await presence.inside(connection, place.city, query, devices=see.devices)
    request.scope["audit"] = {
        "devices": sorted({item.device for item in items}),
        "polygon": query.polygon.coordinates,
        "from": query.start.isoformat(),
        "to": query.end.isoformat(),
    }
    return clips.Presences(items=items)
