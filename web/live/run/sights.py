"""Source of what may be seen: devices change units and cells change hands, and visibility scopes follow."""

import asyncio

from runtime.stopping import pause
from web.live.run.viewers import Viewers
from web.live.visibility_scopes import VisibilityScopes

SIGHTS_S = 1.0


async def run(scopes: VisibilityScopes, viewers: Viewers, stop: asyncio.Event) -> None:
    """Bring what visibility scopes show up to date each second until `stop`."""
    while not stop.is_set():
        await pause(stop, SIGHTS_S)
        await scopes.refresh(viewers)
