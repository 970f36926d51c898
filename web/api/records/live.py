"""The live websocket; docs/live-protocol.md specifies it."""

from fastapi import APIRouter, WebSocket

from web import context, problems
from web.http import problem_documents
from web.live.run.viewer import Viewer

router = APIRouter()


@router.websocket("/live")
async def live(websocket: WebSocket) -> None:
    """Serve one viewer."""
    hub, principal = context.context(websocket).hub, context.principal(websocket)
    try:
        scope = await hub.scope(principal.grant)
    except (problems.NotReadyError, *problems.UNREACHABLE):
        refusal = problem_documents.response(problems.NotReadyError(), websocket.url.path)
        await websocket.send_denial_response(refusal)
        return
    await Viewer(hub, websocket, principal, scope).serve()
