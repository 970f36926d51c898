"""Coverage of every cell for viewers, with a version per cell, so that only changes are sent. Pure."""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.live import CellRow, Cells, CellState

STATE_NAMES: tuple[CellState, ...] = ("fresh", "due_soon", "will_breach", "overdue", "unknown")
"""Names on the wire, in order of `tracking.coverage.coverage.CellState`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellColumns:
    """State of n cells for viewers; times in ms, -1: unknown."""

    id: NDArray[np.int32]
    state: NDArray[np.uint8]
    due: NDArray[np.int64]
    last_visit: NDArray[np.int64]
    present: NDArray[np.bool_]


class CellVersions:
    """The newest state of the cells and when each changed."""

    def __init__(self) -> None:
        self.version = 0
        self.at = 0
        """Time of the newest evaluation, ms."""
        self.city: str | None = None
        """Version of the city of the cells (coverage.version); None: nothing was evaluated yet."""
        self._now: CellColumns | None = None
        self._changed_in: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._texts: dict[int, str] = {}

    def update(self, at: int, columns: CellColumns, city: str) -> bool:
        """Take an evaluation at `at` (ms); tell whether anything changed: everything, where the city is another."""
        self.at = at
        before = self._now
        self._now = columns
        if before is None or city != self.city:
            self.city = city
            self.version += 1
            self._changed_in = np.full(len(columns.id), self.version)
            self._texts.clear()
            return True
        changed = before.state != columns.state
        changed |= (before.due != columns.due) | (before.last_visit != columns.last_visit)
        changed |= before.present != columns.present
        if not changed.any():
            return False
        self.version += 1
        self._changed_in[changed] = self.version
        self._texts.clear()
        return True

    def rows(self, since: int = 0) -> list[CellRow]:
        """Cells that changed after version `since`, as the protocol writes them; 0 gives all."""
        if self._now is None:
            return []
        picked = np.flatnonzero(self._changed_in > since)
        columns = zip(
            self._now.id[picked].tolist(),
            self._now.state[picked].tolist(),
            self._now.due[picked].tolist(),
            self._now.last_visit[picked].tolist(),
            self._now.present[picked].tolist(),
            strict=True,
        )
        return [
            (cell, STATE_NAMES[state], _known(due), _known(last), 1 if present else 0)
            for cell, state, due, last, present in columns
        ]

    def message(self, since: int, at: str) -> str:
        """Encode the changes after version `since` as a `cells` message; made once for all viewers at that version."""
        text = self._texts.get(since)
        if text is None:
            assert self.city is not None  # noqa: S101 - there is a version
            message = Cells(at=at, city=self.city, changes=self.rows(since))
            text = self._texts[since] = msgspec.json.encode(message).decode()
        return text


def _known(value: int) -> int | None:
    return None if value < 0 else value
