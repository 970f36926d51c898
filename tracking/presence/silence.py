"""Visits that silence may hide: not seen, but not excluded. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.coverage.coverage import NEVER
from tracking.geometry.lookup import CityGrid
from tracking.presence.fixes import Float, Int

UNHEARD_MS = 180_000
"""A device without fixes for this long is silent: on the map, in coverage, in alerts of cells and officers."""
BESIDE_MS = 120_000
"""Time that a sighting may have lasted beyond its fixes: a gap before them, and one after."""
FASTEST_WALK_M_PER_S = 1.5
"""Assumed speed of an unseen officer, in a straight line; above the likely one, so that nobody is blamed wrongly."""

MOST_PAIRS = 1_000_000
"""Pairs of a silence and a cell processed together."""
_CELL = 1 << 42


@dataclass(frozen=True, slots=True, kw_only=True)
class Silences:
    """n times without an eligible fix of a device that was not signed off, as columns of length n."""

    t_from: Int
    """Last fix before, ms."""
    t_to: Int
    """First fix after, or the end of the time that counts, ms."""
    lat_from: Float
    lon_from: Float
    """Position of the last fix before, degrees."""
    lat_to: Float
    lon_to: Float
    """Position of the first fix after; NaN if there is none yet."""

    def __len__(self) -> int:
        return len(self.t_from)

    def take(self, rows: NDArray[np.intp]) -> "Silences":
        """Those with these indices."""
        return Silences(**{name: getattr(self, name)[rows] for name in Silences.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """Visits that silence may hide, as columns: a visit in `cell` may have ended from `first` to `last` (ms)."""

    cell: NDArray[np.intp]
    """Index of the cell."""
    first: Int
    last: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """Times in which a device seems to have been in a cell by untrusted fixes, as columns."""

    cell: NDArray[np.intp]
    """Index of the cell."""
    t_from: Int
    """First such fix, ms."""
    t_to: Int
    """Last one."""


def possible_visits(silences: Silences, grid: CityGrid, dwell_ms: Int, *, pairs: int = MOST_PAIRS) -> Int:
    """Latest moment, ms, at which a visit hidden by silence may have ended in each cell; NEVER if none may.

    A visit may be hidden if the device could walk from its last position to the cell, stay for the minimum dwell, and
    walk on to its next position. In a cell in which it was just before or just after, the missing part of a visit is
    enough. At most `pairs` of a silence and a cell are processed together.
    """
    latest = np.full(len(grid), NEVER, dtype=np.int64)
    for cells, earliest_end, latest_end in _ends(silences, grid, dwell_ms, pairs):
        possible = np.where(earliest_end <= latest_end, latest_end, NEVER).max(axis=0)
        latest[cells] = np.maximum(latest[cells], possible)
    return latest


def hidden_visits(silences: Silences, grid: CityGrid, dwell_ms: Int, *, pairs: int = MOST_PAIRS) -> Hidden:
    """All times at which visits hidden by silence may have ended; overlapping ones of a cell are merged.

    At most `pairs` of a silence and a cell are processed together.
    """
    parts = [Hidden(cell=np.empty(0, dtype=np.intp), first=silences.t_from[:0], last=silences.t_to[:0])]
    for cells, earliest_end, latest_end in _ends(silences, grid, dwell_ms, pairs):
        at = np.nonzero(earliest_end <= latest_end)
        parts.append(_merged(Hidden(cell=cells[at[1]], first=earliest_end[at], last=latest_end[at])))
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("cell", "first", "last")}
    return _merged(Hidden(**columns))


def sighted_visits(sightings: Sightings, dwell_ms: Int) -> Hidden:
    """Times at which visits hidden by sightings may have ended; a short sighting hides none."""
    dwell = dwell_ms[sightings.cell]
    long = np.flatnonzero(sightings.t_to - sightings.t_from + BESIDE_MS >= dwell)
    first = np.minimum(sightings.t_from[long] + dwell[long], sightings.t_to[long])
    return Hidden(cell=sightings.cell[long], first=first, last=sightings.t_to[long])


def joined(one: Hidden, other: Hidden) -> Hidden:
    """Visits hidden by either of both."""
    return _merged(
        Hidden(
            cell=np.concatenate([one.cell, other.cell]),
            first=np.concatenate([one.first, other.first]),
            last=np.concatenate([one.last, other.last]),
        )
    )


def later(possible: Int, hidden: Hidden) -> Int:
    """Latest moment, ms, at which a hidden visit may have ended in each cell, of two sources."""
    latest = possible.copy()
    np.maximum.at(latest, hidden.cell, hidden.last)
    return latest


def _merged(hidden: Hidden) -> Hidden:
    """The same times, with touching ones of a cell merged."""
    if not len(hidden.cell):
        return hidden
    order = np.lexsort((hidden.first, hidden.cell))
    cell, first = hidden.cell[order], hidden.first[order]
    # Cells are offset by more ms than any time has, so one running maximum serves all of them.
    reached = np.maximum.accumulate(hidden.last[order] + cell * _CELL) - cell * _CELL
    begins = np.flatnonzero(np.append(True, (np.diff(cell) != 0) | (first[1:] > reached[:-1])))
    ends = np.append(begins[1:], len(cell)) - 1
    return Hidden(cell=cell[begins], first=first[begins], last=reached[ends])


def _ends(silences: Silences, grid: CityGrid, dwell_ms: Int, pairs: int) -> Iterator[tuple[NDArray[np.intp], Int, Int]]:
    """Earliest and latest end of a visit in each silence and cell, ms; impossible if latest is before earliest.

    Processed in parts to bound memory, each with the cells within reach of any of its silences. The silences of a part
    have similar lengths and longitudes, since the longest reach applies to all of them.
    """
    if not len(silences) or not len(grid):
        return
    x, _ = grid.xy(silences.lat_from, silences.lon_from)
    order = np.lexsort((x, np.log2(np.maximum(silences.t_to - silences.t_from, 1)).astype(np.int64)))
    for rows in np.array_split(order, min(len(silences), len(silences) * len(grid) // pairs + 1)):
        part = silences.take(rows)
        cells = _within_reach(part, grid)
        yield cells, *_ends_in(part, grid, cells, dwell_ms[cells])


def _within_reach(silences: Silences, grid: CityGrid) -> NDArray[np.intp]:
    """Indices of the cells that some device may have reached, and some more."""
    reach = float((silences.t_to - silences.t_from).max()) / 1000 * FASTEST_WALK_M_PER_S + np.sqrt(
        grid.areas_m2 / np.pi
    )
    near = np.ones(len(grid), dtype=np.bool_)
    for begun, centre in zip(grid.xy(silences.lat_from, silences.lon_from), grid.centroids(), strict=True):
        near &= (centre >= begun.min() - reach - 1) & (centre <= begun.max() + reach + 1)
    begun_in = grid.index(silences.lat_from, silences.lon_from)
    near[begun_in[begun_in >= 0]] = True
    return np.flatnonzero(near)


def _ends_in(silences: Silences, grid: CityGrid, cells: NDArray[np.intp], dwell_ms: Int) -> tuple[Int, Int]:
    """`_ends` of these silences in these cells, shape (silences, cells)."""
    x, y = (axis[cells] for axis in grid.centroids())
    radius = np.sqrt(grid.areas_m2[cells] / np.pi)
    away = _walk_ms(*grid.xy(silences.lat_from, silences.lon_from), x, y, radius)
    heard_again = ~np.isnan(silences.lat_to)
    lat_to, lon_to = np.nan_to_num(silences.lat_to), np.nan_to_num(silences.lon_to)
    back = _walk_ms(*grid.xy(lat_to, lon_to), x, y, radius)
    back[~heard_again] = 0
    dwell = np.repeat(dwell_ms[None, :], len(silences), axis=0)
    # A position outside all cells finds the last entry, which has no column.
    column = np.full(len(grid) + 1, -1)
    column[cells] = np.arange(len(cells))
    for way, lat, lon in ((away, silences.lat_from, silences.lon_from), (back, lat_to, lon_to)):
        seen_in = column[grid.index(lat, lon)]
        inside = np.flatnonzero(seen_in >= 0)
        way[inside, seen_in[inside]] = dwell[inside, seen_in[inside]] = 0
    return silences.t_from[:, None] + away + dwell, silences.t_to[:, None] - back


def _walk_ms(from_x: Float, from_y: Float, x: Float, y: Float, radius: Float) -> Int:
    """Minimum time on foot from each position to each cell, ms, shape (positions, cells)."""
    metres = np.hypot(from_x[:, None] - x[None, :], from_y[:, None] - y[None, :]) - radius[None, :]
    return np.asarray(np.maximum(metres, 0) / FASTEST_WALK_M_PER_S * 1000, dtype=np.int64)
