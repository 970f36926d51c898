"""Proposed assignments of officers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from schemas import clips
from web import context
from web.auth import access
from web.auth.access import Sight
from web.context import Context
from web.store.proposals import Proposals

router = APIRouter(tags=["alerts"])

Here = Annotated[Context, Depends(context.context)]
See = Annotated[Sight, Depends(access.sight)]


def proposals(request: Request) -> Proposals:
    """Proposals of the app; as a dependency."""
    state = request.app.state
    if not hasattr(state, "proposals"):
        state.proposals = Proposals()
    shared = state.proposals
    assert isinstance(shared, Proposals)  # noqa: S101 - put there just now
    return shared


@router.get("/assignments", response_model=clips.Assignments)
async def listed(here: Here, see: See, shared: Annotated[Proposals, Depends(proposals)]) -> clips.Assignments:
    """Proposed officers for the alerts that wait for one, at the least total cost."""
    return clips.Assignments(items=await shared.seen(here.database.pool, here.hub.judging.place, see))
