"""Requests for the units of the engine: made by the sharing of units, executed by the pipeline between two batches."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Handover:
    """Pending changes of units.

    Args:
        wake: makes the pipeline check for work other than messages.
    """

    wake: Callable[[], None]
    _asked: "deque[tuple[list[str], asyncio.Future[None]]]" = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self._asked)

    async def serve(self, units: Sequence[str]) -> None:
        """Serve exactly these units from the next batch on; returns when the hand-over is complete."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append((sorted(units), done))
        self.wake()
        await done

    def next(self) -> "tuple[list[str], asyncio.Future[None]]":
        """The oldest pending change, and the event to set when it is done."""
        return self._asked.popleft()
