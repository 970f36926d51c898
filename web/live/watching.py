"""What the hub knows of a viewer."""

import asyncio
from typing import Protocol

from web.auth.principal import Principal
from web.live.frames.viewport import Viewport
from web.live.visibility_scope import VisibilityScope


class Watching(Protocol):
    """What the hub knows of a viewer."""

    principal: Principal
    scope: VisibilityScope
    wake: asyncio.Event
    viewport: Viewport

    def end(self, reason: str) -> None:
        """End the connection."""
