"""Source of sights: visibility scopes follow changes of units and cells."""

import asyncio

from runtime.every import every, no_error
from web.live.run.viewers import Viewers
from web.live.visibility_scopes import VisibilityScopes

SIGHTS_S = 1.0


async def run(scopes: VisibilityScopes, viewers: Viewers, stop: asyncio.Event) -> None:
    """Update visibility scopes each second until `stop`."""
    await every(SIGHTS_S, lambda: scopes.refresh(viewers), survive=no_error, first_s=SIGHTS_S, stop=stop)
