"""The figures of the whole system."""

from typing import Annotated

from fastapi import APIRouter, Depends

from schemas import pages
from web import context
from web.context import Context

router = APIRouter(tags=["stats"])


@router.get("/stats", response_model=pages.Stats)
async def stats(here: Annotated[Context, Depends(context.context)]) -> pages.Stats:
    """Figures of the whole system, at most five seconds old."""
    return await here.figures.get(here.database.pool, here.hub)
