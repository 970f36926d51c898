"""Figures of the whole system."""

from typing import Annotated

from fastapi import APIRouter, Depends

from schemas import pages
from web import context
from web.auth import access
from web.auth.access import Sight
from web.context import Context

router = APIRouter(tags=["stats"])


@router.get("/stats", response_model=pages.Stats)
async def stats(
    here: Annotated[Context, Depends(context.context)], see: Annotated[Sight, Depends(access.sight)]
) -> pages.Stats:
    """Figures of what is visible to the caller, at most five seconds old."""
    return await here.figures.get(here.database.pool, here.hub.state, here.hub.judging, see)
