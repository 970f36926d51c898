"""Pure: one boot of a device in memory, and what the store is asked of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest.acknowledgement.spans import NumberSpans

Key = tuple[int, str]
"""Device and boot."""
Span = tuple[int, int]
"""First and last number."""

_HOUR_MS = 3_600_000
_SEARCHES = ((0, _HOUR_MS), (30_000, 24 * _HOUR_MS), (600_000, 168 * _HOUR_MS), (7_200_000, 168 * _HOUR_MS))
"""How long after the search before it the store is searched for the numbers of a gap, and how far back, ms. Mostly a
crash made the gap, minutes ago; where units change hands, another worker may still store something of a known boot."""


class BootSource(Protocol):
    """What the database knows of boots; see `tracking.store.tracks.boot_store`."""

    async def noted(self, boots: Sequence[Key]) -> Mapping[Key, tuple[int, Sequence[Span]]]:
        """When something was noted of each last, ms, and what is noted."""

    async def stored(self, boot: Key, *, since: int, above: int) -> Sequence[Span]:
        """Numbers above `above` of its fixes that were taken at `since`, ms, or later."""

    async def note(self, settled: Sequence[tuple[int, str, int, int]]) -> None:
        """Note (device, boot, first, last): the numbers need not be sent again."""


@dataclass(slots=True)
class Boot:
    """The numbers of one boot that are known to be stored, or refused for what they say."""

    known: NumberSpans = field(default_factory=NumberSpans)
    first: int = 0
    """Nothing is sent below it."""
    noted: int | None = None
    """The store was told of every number up to it; None: it was not asked yet what it knows."""
    _noted_at: int | None = None
    _searched: int = 0
    _search_at: int = 0

    def hear(self, seq: int, first: int) -> None:
        """Take a number that is settled."""
        self.known.add(seq, seq)
        if first > self.first:
            self.first = first
            self.known.add(0, first - 1)

    def recall(self, at: int | None, spans: Sequence[Span]) -> None:
        """Take what was noted, and when, ms; None: nothing was."""
        self.learn(spans)
        self.noted, self._noted_at = max((hi for lo, hi in spans if lo == 0), default=-1), at

    def learn(self, spans: Iterable[Span]) -> None:
        """Take what the store knows."""
        for lo, hi in spans:
            self.known.add(lo, hi)

    def search_from(self, now: int) -> int | None:
        """From when on the store is to be searched for numbers that are missing, ms; None: not now."""
        missing = self.known.gaps or (self._noted_at is not None and not self._searched)
        if not missing or self._searched == len(_SEARCHES) or now < self._search_at:
            return None
        return min(now, now if self._noted_at is None else self._noted_at) - _SEARCHES[self._searched][1]

    def searched(self, now: int) -> None:
        """Say that the store was searched."""
        self._searched += 1
        if self._searched < len(_SEARCHES):
            self._search_at = now + _SEARCHES[self._searched][0]
