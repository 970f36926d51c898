"""Viewers with the same sight, and their shared data: tiles, cells, log items, state.

Viewers of the whole city share the unfiltered data of the hub.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from alerts.privacy import redaction
from schemas.live import DeviceName
from web.auth.access import Names, Sight
from web.live.frames.cells import CellVersions
from web.live.frames.frame_source import FrameSource
from web.live.frames.state import LiveState
from web.live.store import event_log, snapshot
from web.store import coverage

EVERYBODY = "*"
COUNTED_MS = 200
MOST_BODIES = 2_000
"""Items of the event log that are kept, filtered for this scope."""


@dataclass(slots=True)
class _Counted:
    at: int = 0
    counts: dict[str, Any] | None = None


class VisibilityScope:
    """What one kind of viewers sees. Pure, but for `snapshot`, which the hub fills."""

    def __init__(self, see: Sight, names: Names, state: LiveState) -> None:
        self.see = see
        self.names = names
        self.version = 0
        """Grows when other cells or areas came into sight: viewers then need the whole state again."""
        self.frames = FrameSource(state)
        self.cells = CellVersions()
        self.snapshot = snapshot.Shared()
        self._state = state
        self._bodies: dict[int, event_log.Item | None] = {}
        self._called: dict[DeviceName, DeviceName] = {}
        self._counted = _Counted()
        self._limit_world()

    def change(self, see: Sight, names: Names) -> None:
        """See another part of the city from now on."""
        if names != self.names:
            self.names = names
            self._bodies.clear()
            self._called.clear()
            self.snapshot = snapshot.Shared()
        if see == self.see:
            return
        whole = see.areas != self.see.areas or see.cells != self.see.cells
        self.see = see
        self._bodies.clear()
        self._counted = _Counted()
        self._limit_world()
        if whole:
            self.version += 1
            self.snapshot = snapshot.Shared()

    def _limit_world(self) -> None:
        self.frames.limit(self._state.among(self.see.devices))

    def judged(self, judged: coverage.Judged) -> bool:
        """Take an evaluation of all cells; tell whether anything in sight changed."""
        rows = coverage.rows_seen(judged.place, self.see.areas)
        columns, city = coverage.columns(judged, rows), coverage.version(judged.place, rows, self.see.areas)
        return self.cells.update(judged.coverage.at, columns, city)

    def items(self, items: Iterable[event_log.Item]) -> list[event_log.Item]:
        """Those of the event log's items that are in sight, without names that are not."""
        if self.see.areas is None and self.see.devices is None:
            return list(items)
        seen = (self._seen(item) for item in items)
        return [item for item in seen if item is not None]

    def _seen(self, item: event_log.Item) -> event_log.Item | None:
        if item.seq not in self._bodies:
            if len(self._bodies) >= MOST_BODIES:
                self._bodies.clear()
            self._bodies[item.seq] = self._cleaned(item)
        return self._bodies[item.seq]

    def _cleaned(self, item: event_log.Item) -> event_log.Item | None:
        if item.area == EVERYBODY:
            return replace(item, body="{}")  # how much of the city changed is not for everybody
        in_sight = self.see.sees_device(item.device) if item.device is not None else self.see.sees_area(item.area)
        if not in_sight:
            return None
        body = redaction.clean(item.decoded(), self.names)
        return replace(item, body=msgspec.json.encode(body).decode())

    def called(self, device: DeviceName) -> DeviceName:
        """What this scope calls a device: its label may name others."""
        if not self.names:
            return device
        if device not in self._called:
            if len(self._called) >= MOST_BODIES:
                self._called.clear()
            self._called[device] = msgspec.convert(redaction.clean(msgspec.to_builtins(device), self.names), DeviceName)
        return self._called[device]

    def counts(self, now: int) -> dict[str, Any]:
        """Devices in sight by what they do at `now` (ms), counted at most once a tick for all viewers."""
        if self._counted.counts is None or now - self._counted.at >= COUNTED_MS:
            tally = self._state.tally(now, self.frames.mask)
            totals: dict[str, Any] = dict(zip(("total", "moving", "still", "silent", "unknown"), tally, strict=True))
            self._counted = _Counted(now, totals)
        assert self._counted.counts is not None  # noqa: S101 - just made
        return self._counted.counts
