"""The viewers of a process: limits, and notification of all of them."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from runtime.stopping import pause
from web.live import metrics
from web.live.watching import Watching

MAX_VIEWERS = 5_000
MAX_OF_ONE = 100
"""Most viewers of one account or token, so that nobody can use up the limit of all."""


class Viewers:
    """All current viewers. Iteration uses a copy, since viewers may leave meanwhile."""

    def __init__(self) -> None:
        self.views_changed = False
        """Whether a view changed or a viewer left, so that the next tick encodes other tiles."""
        self._viewers: set[Watching] = set()
        self._of_one: Counter[tuple[str, str]] = Counter()
        """By account or token."""
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._viewers)

    def __iter__(self) -> Iterator[Watching]:
        return iter(list(self._viewers))

    def join(self, viewer: Watching) -> bool:
        """Add a viewer; False: the limit of the process, or of the account or token, is reached."""
        who = viewer.principal
        if len(self._viewers) >= MAX_VIEWERS or self._of_one[who.kind, who.name] >= MAX_OF_ONE:
            return False
        self._viewers.add(viewer)
        self._of_one[who.kind, who.name] += who.token_hash is not None  # the settings' token is the operator's own
        self._empty.clear()
        metrics.VIEWERS.set(len(self._viewers))
        return True

    def leave(self, viewer: Watching) -> None:
        """Remove a viewer."""
        if viewer not in self._viewers:
            return
        self._viewers.remove(viewer)
        who = viewer.principal
        self._of_one[who.kind, who.name] -= who.token_hash is not None
        if not self._of_one[who.kind, who.name]:
            del self._of_one[who.kind, who.name]
        self.views_changed = True
        if not self._viewers:
            self._empty.set()
        metrics.VIEWERS.set(len(self._viewers))

    def wake(self) -> None:
        """Wake all viewers."""
        for viewer in self._viewers:
            viewer.wake.set()

    def end(self, reason: str) -> None:
        """End every connection for one of `schemas.live.ENDS`."""
        for viewer in self:
            viewer.end(reason)

    async def gone(self, within_s: float) -> None:
        """Wait until no viewer is left, with a time limit."""
        if self._viewers:
            await pause(self._empty, within_s)
