"""The live websocket; docs/live-protocol.md specifies it."""

from fastapi import APIRouter, WebSocket

from web import context
from web.live.viewer import Viewer

router = APIRouter()


@router.websocket("/live")
async def live(websocket: WebSocket) -> None:
    """Serve one viewer."""
    hub, principal = context.context(websocket).hub, context.principal(websocket)
    await Viewer(hub, websocket, principal, await hub.audience(principal.grant)).serve()
