"""What the hub knows of a viewer."""

import asyncio
from typing import Protocol

from web.auth.principal import Principal
from web.live.audience import Audience
from web.live.frames.viewport import Viewport


class Watching(Protocol):
    """What the hub knows of a viewer."""

    principal: Principal
    audience: Audience
    wake: asyncio.Event
    viewport: Viewport

    def end(self, reason: str) -> None:
        """End the connection."""
