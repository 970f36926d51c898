"""What the hub knows of a viewer."""

import asyncio
from typing import Protocol

from web.accounts import Principal
from web.live.sight import Sight


class Watching(Protocol):
    """What the hub knows of a viewer."""

    principal: Principal
    wake: asyncio.Event
    sight: Sight

    def end(self, reason: str, code: int) -> None:
        """End the connection."""
