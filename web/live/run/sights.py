"""Source of what may be seen: devices change units and cells change hands, and audiences follow."""

import asyncio

from web.live.audiences import Audiences
from web.live.run.source import pause
from web.live.run.viewers import Viewers

SIGHTS_S = 1.0


async def run(audiences: Audiences, viewers: Viewers, stop: asyncio.Event) -> None:
    """Bring what audiences see up to date each second until `stop`."""
    while not stop.is_set():
        await pause(stop, SIGHTS_S)
        await audiences.refresh(viewers)
