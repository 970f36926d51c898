"""The viewers of a process: how many there may be, and what all of them are told at once."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from runtime.stopping import pause
from web.live import metrics
from web.live.watching import Watching

MAX_VIEWERS = 5_000
MAX_OF_ONE = 100
"""Of one account or token: nobody can take the places of all."""


class Viewers:
    """Everybody who watches now. Iterating goes over a copy: a viewer may leave meanwhile."""

    def __init__(self) -> None:
        self.views_changed = False
        """A viewer looks elsewhere, or left: what is encoded for them changes with the next tick."""
        self._viewers: set[Watching] = set()
        self._of_one: Counter[tuple[str, str]] = Counter()
        """By account or token."""
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._viewers)

    def __iter__(self) -> Iterator[Watching]:
        return iter(list(self._viewers))

    def join(self, viewer: Watching) -> bool:
        """Take a viewer; False when the process has as many as it may, or as it may of one account or token."""
        who = viewer.principal
        if len(self._viewers) >= MAX_VIEWERS or self._of_one[who.kind, who.name] >= MAX_OF_ONE:
            return False
        self._viewers.add(viewer)
        self._of_one[who.kind, who.name] += who.token_hash is not None  # the settings' token is the operator's own
        self._empty.clear()
        metrics.VIEWERS.set(len(self._viewers))
        return True

    def leave(self, viewer: Watching) -> None:
        """Forget a viewer."""
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
        """Let everybody look for what is new."""
        for viewer in self._viewers:
            viewer.wake.set()

    def end(self, reason: str) -> None:
        """End every connection for one of `schemas.live.ENDS`."""
        for viewer in self:
            viewer.end(reason)

    async def gone(self, within_s: float) -> None:
        """Wait until nobody is left, at most so long."""
        if self._viewers:
            await pause(self._empty, within_s)
