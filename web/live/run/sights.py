"""Source of what may be seen: devices change units and cells change hands, and visibility scopes follow."""

import asyncio

from runtime.every import every, no_error
from web.live.run.viewers import Viewers
from web.live.visibility_scopes import VisibilityScopes

SIGHTS_S = 1.0


async def run(scopes: VisibilityScopes, viewers: Viewers, stop: asyncio.Event) -> None:
    """Bring what visibility scopes show up to date each second until `stop`."""
    await every(SIGHTS_S, lambda: scopes.refresh(viewers), survive=no_error, first_s=SIGHTS_S, stop=stop)
