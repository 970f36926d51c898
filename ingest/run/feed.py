"""The live feed to the web processes: newest positions ten times a second, and how far the event log has come."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runtime.every import every
from schemas import feed, wire
from tracking.presence.fixes import FixColumns, Int

TICK_S = 0.1


@dataclass(slots=True)
class FeedPublisher:
    """Collects what is newest; what viewers missed is in the database.

    Args:
        worker: name of this worker.
        publish: sends with QoS 0 or drops it.
    """

    worker: str
    publish: Callable[[str, bytes], object]
    _newest: Int = field(default_factory=lambda: np.zeros(1_024, np.int64))
    """Time of the newest position offered, ms, by device number, which the store assigns in order."""
    _parts: list[tuple[FixColumns, NDArray[np.int32]]] = field(default_factory=list)
    _head: int = 0
    _published: int = 0

    def offer(self, fixes: FixColumns, cell: NDArray[np.int32]) -> None:
        """Add the newest position of each device in a batch, if newer than the one sent."""
        rows = _newest_rows(fixes)
        if not len(rows):
            return
        most = int(fixes.device[rows].max())
        if most >= len(self._newest):
            self._newest = np.append(self._newest, np.zeros(most + 1, np.int64))
        rows = rows[fixes.t[rows] > self._newest[fixes.device[rows]]]
        taken = fixes.take(rows)
        self._newest[taken.device] = taken.t
        self._parts.append((taken, cell[rows]))

    def reached(self, head: int | None) -> None:
        """Note that the event log is committed up to `head`; None if nothing was appended."""
        if head is not None and head > self._head:
            self._head = head

    async def run(self, tick_s: float = TICK_S) -> None:
        """Publish until cancelled."""
        await every(tick_s, self._tick)

    async def _tick(self) -> None:
        self.tick()

    def tick(self) -> None:
        """Publish what is new since the last tick."""
        if self._parts:
            fixes = FixColumns.concat(part for part, _ in self._parts)
            cell = np.concatenate([cell for _, cell in self._parts])
            self._parts.clear()
            last = _newest_rows(fixes)
            payload = feed.encode_positions(self.worker, _columns(fixes.take(last), cell[last]))
            self.publish(feed.topic(self.worker, "positions"), payload)
        if self._head > self._published:
            self._published = self._head
            self.publish(feed.topic(self.worker, "lane"), feed.encode_log_head(self.worker, self._head))


def _newest_rows(fixes: FixColumns) -> NDArray[np.intp]:
    """Row of the newest fix of each device with a position."""
    shown = np.flatnonzero((fixes.flags & wire.FixFlag.NULL_ISLAND) == 0)
    order = shown[np.lexsort((fixes.t[shown], fixes.device[shown]))]
    device = fixes.device[order]
    return order[np.append(device[1:] != device[:-1], np.ones(min(1, len(device)), np.bool_)).astype(np.bool_)]


def _columns(fixes: FixColumns, cell: NDArray[np.int32]) -> feed.Columns:
    columns: feed.Columns = {name: getattr(fixes, name) for name in feed.COLUMNS if name != "cell"}
    return columns | {"cell": cell}
