"""The state of one boot of a device, and its queries to the store. Pure."""

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
"""Waits before searches of the store for missing numbers, and how far back they go, ms. Usually a crash minutes ago
caused the gap; while units change hands, another worker may still store fixes of a known boot."""


class BootStore(Protocol):
    """Access to boots in the database; see `tracking.store.tracks.boot_store`."""

    async def noted(self, boots: Sequence[Key]) -> Mapping[Key, tuple[int, Sequence[Span]]]:
        """Time of the last note of each, ms, and the notes."""

    async def stored(self, boot: Key, *, since: int, above: int) -> Sequence[Span]:
        """Numbers above `above` of its fixes taken at `since`, ms, or later."""

    async def note(self, settled: Sequence[tuple[int, str, int, int]]) -> None:
        """Note (device, boot, first, last): these numbers need not be sent again."""


@dataclass(slots=True)
class Boot:
    """The settled numbers of one boot: stored, or refused for their content."""

    known: NumberSpans = field(default_factory=NumberSpans)
    first: int = 0
    """Lowest number sent."""
    noted: int | None = None
    """All numbers up to it are noted in the store; None: the store was not read yet."""
    _noted_at: int | None = None
    _searched: int = 0
    _search_at: int = 0

    def hear(self, seq: int, first: int) -> None:
        """Add a settled number."""
        self.known.add(seq, seq)
        if first > self.first:
            self.first = first
            self.known.add(0, first - 1)

    def recall(self, at: int | None, spans: Sequence[Span]) -> None:
        """Add the notes and their time, ms; None: no notes."""
        self.learn(spans)
        self.noted, self._noted_at = max((hi for lo, hi in spans if lo == 0), default=-1), at

    def learn(self, spans: Iterable[Span]) -> None:
        """Add the numbers of the store."""
        for lo, hi in spans:
            self.known.add(lo, hi)

    def search_from(self, now: int) -> int | None:
        """Start of the next search of the store for missing numbers, ms; None: not now."""
        missing = self.known.gaps or (self._noted_at is not None and not self._searched)
        if not missing or self._searched == len(_SEARCHES) or now < self._search_at:
            return None
        return min(now, now if self._noted_at is None else self._noted_at) - _SEARCHES[self._searched][1]

    def searched(self, now: int) -> None:
        """Note that the store was searched."""
        self._searched += 1
        if self._searched < len(_SEARCHES):
            self._search_at = now + _SEARCHES[self._searched][0]
