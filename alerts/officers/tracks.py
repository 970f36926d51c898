"""The thinned track of the last hour of every device, as one table for the rules about officers.

Each column is a period of 20 s with its earliest fix, so that the table does not depend on the order of arrival.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tracking.presence.fixes import Float, Int

BUCKET_MS = 20_000
BUCKETS = 198
KEPT_MS = (BUCKETS - 1) * BUCKET_MS
"""66 minutes: from half an hour before a shift to half an hour into it."""
NONE = -1

Table = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonedFixes:
    """n measured fixes with their depths inside the areas of their device, m; NaN: there is no such area."""

    row: NDArray[np.intp]
    t: Int
    x: Float
    """m east of the city's centre."""
    y: Float
    acc: Float
    """m, 68 % radius; assumed where unknown."""
    spd: Float
    """m/s; NaN unknown."""
    beat: Float
    """Depth inside the area of the shift."""
    team: Float
    """Depth inside the area of the unit."""
    recording: NDArray[np.int8]
    """1: the camera records, 0: it does not, -1: not reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectTrail:
    """Fixes of one device in order of time."""

    t: Int
    x: Table
    y: Table
    acc: Table
    spd: Table
    beat: Table
    team: Table
    recording: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.t)

    def part(self, rows: NDArray[np.bool_] | slice) -> "SubjectTrail":
        """Some of the fixes."""
        return SubjectTrail(**{name: getattr(self, name)[rows] for name in ("t", *_TABLES, "recording")})

    def since(self, start: int) -> "SubjectTrail":
        """Fixes at or after `start`, ms."""
        return self.part(slice(int(np.searchsorted(self.t, start)), None))

    def until(self, end: int) -> "SubjectTrail":
        """Fixes up to `end`, ms, included."""
        return self.part(slice(None, int(np.searchsorted(self.t, end, "right"))))


_TABLES = ("x", "y", "acc", "spd", "beat", "team")


@dataclass(slots=True)
class Tracks:
    """Tables of shape (rows, BUCKETS); a row is a device."""

    rows: dict[int, int] = field(default_factory=dict)
    """Number of a device in the store → its row."""
    t: Int = field(default_factory=lambda: np.full((0, BUCKETS), NONE, np.int64))
    tables: dict[str, Table] = field(
        default_factory=lambda: {name: np.full((0, BUCKETS), np.nan, np.float32) for name in _TABLES}
    )
    recording: NDArray[np.int8] = field(default_factory=lambda: np.full((0, BUCKETS), NONE, np.int8))
    last: Int = field(default_factory=lambda: np.zeros(0, np.int64))
    """Number of the newest bucket of each row since 1970, 0 without any."""

    def row(self, device: int) -> int:
        """Row of a device; created if there is none."""
        row = self.rows.setdefault(device, len(self.rows))
        self.reserve(row + 1)
        return row

    def reserve(self, devices: int) -> None:
        """Make room for this many and some more, since growing moves hundreds of MB for a large fleet."""
        if devices > len(self.t):
            self._grow(max(64, devices + devices // 4))

    def put(self, fixes: ZonedFixes) -> None:
        """Add fixes, in any order and repeatedly."""
        # The last write remains: the newest bucket of a column, and its earliest fix.
        order = np.lexsort((-fixes.t, fixes.t // BUCKET_MS))
        row, t = fixes.row[order], fixes.t[order]
        number = t // BUCKET_MS
        column = number % BUCKETS
        held = self.t[row, column]
        wins = (held // BUCKET_MS < number) | ((held // BUCKET_MS == number) & (t <= held))
        order, row, column = order[wins], row[wins], column[wins]
        self.t[row, column] = fixes.t[order]
        for name, table in self.tables.items():
            table[row, column] = getattr(fixes, name)[order]
        self.recording[row, column] = fixes.recording[order]
        self.last[row] = np.maximum(self.last[row], number[wins])

    def newest(self, now: int) -> Int:
        """Time of the newest entry of each row up to `now`; NONE if there is none."""
        t = self.t[np.arange(len(self.t)), self.last % BUCKETS]
        ahead = np.flatnonzero(t > now)
        t[ahead] = np.where(self.t[ahead] <= now, self.t[ahead], NONE).max(axis=1, initial=NONE)
        return np.where(t > now - KEPT_MS, t, NONE)

    def replace_depths(self, row: int, beat: Float, team: Float) -> None:
        """Set the depths of a row inside other areas, in the order of `places(row)`."""
        self.tables["beat"][row], self.tables["team"][row] = beat, team

    def places(self, row: int) -> tuple[Float, Float]:
        """Positions of a row by bucket; NaN without a fix."""
        return self.tables["x"][row].astype(np.float64), self.tables["y"][row].astype(np.float64)

    def trail(self, row: int, now: int) -> SubjectTrail:
        """Fixes of a row up to `now`, in order of time."""
        t = self.t[row]
        known = np.flatnonzero((t > now - KEPT_MS) & (t <= now))
        order = known[np.argsort(t[known])]
        tables = {name: table[row, order] for name, table in self.tables.items()}
        return SubjectTrail(t=t[order], recording=self.recording[row, order], **tables)

    def _grow(self, rows: int) -> None:
        more = rows - len(self.t)
        self.t = np.concatenate([self.t, np.full((more, BUCKETS), NONE, np.int64)])
        for name, table in self.tables.items():
            self.tables[name] = np.concatenate([table, np.full((more, BUCKETS), np.nan, np.float32)])
        self.recording = np.concatenate([self.recording, np.full((more, BUCKETS), NONE, np.int8)])
        self.last = np.append(self.last, np.zeros(more, np.int64))


EMPTY = Tracks()
EMPTY.row(NONE)
NOWHERE = EMPTY.trail(0, 0)
"""Trail without fixes."""
