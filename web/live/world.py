"""What viewers can be sent: blocks by tile and tick, made once and shared; bands by how much is in view. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from web.live import tiles
from web.live.state import LiveState, Published, Slots

Band = Literal["dots", "sampled", "grid"]

DOTS_MAX = 5_000
SAMPLED_MAX = 50_000
SAMPLE_RECORDS = 4_500
LOWER = 0.9
"""A band is left downwards only below this share of its threshold, so that a view at the border does not flicker."""
HISTORY_TICKS = 25
STALE_MS = 1_000
"""Shared blocks are made anew after this even when nothing moved: the ages in them must be true."""
SAMPLE_CELLS = (64, 32, 16, 8)
"""Sub-cells along a tile's edge: 64 are 4 px each where a tile is 256 px wide."""
GRID_CELLS = 8


@dataclass(slots=True)
class _ZoomTick:
    blocks: dict[int, tiles.Block] = field(default_factory=dict)
    departures: dict[int, list[int]] = field(default_factory=dict)
    """Tile → slots that left it."""


@dataclass(slots=True)
class _Tick:
    n: int
    zooms: dict[int, _ZoomTick]


@dataclass(frozen=True, slots=True)
class _Index:
    """Published devices of one zoom in order of their tile."""

    keys: tiles.Keys
    slots: Slots

    def rows(self, tile: int) -> slice:
        lo, hi = np.searchsorted(self.keys, [tile, tile + 1])
        return slice(int(lo), int(hi))

    def counts(self, wanted: tiles.Keys) -> int:
        lo = np.searchsorted(self.keys, wanted, side="left")
        hi = np.searchsorted(self.keys, wanted, side="right")
        return int((hi - lo).sum())


@dataclass(frozen=True, slots=True)
class Frame:
    """Blocks to send, the devices in them, and how many records."""

    kind: int
    blocks: list[tiles.Block]
    shown: int


class World:
    """State, tick history and shared blocks."""

    def __init__(self, state: LiveState) -> None:
        self.state = state
        self.tick_no = 0
        self.now = 0
        """Server's time of the last tick, ms."""
        self._history: deque[_Tick] = deque(maxlen=HISTORY_TICKS)
        self._indexes: dict[int, _Index] = {}
        self._full: dict[tuple[int, int], tiles.Block] = {}
        self._coarse: dict[tuple[int, int, int], tiles.Block] = {}
        self._watched: dict[int, NDArray[np.int64]] = {}
        self.mask: NDArray[np.bool_] | None = None
        """Slots that may be shown; None: all. Slots beyond its end may not."""

    def limit(self, mask: NDArray[np.bool_] | None) -> None:
        """Show only these slots from now on; whoever looks gets a full frame next."""
        self.mask = mask
        self.tick_no += 1
        self._history.clear()
        self._indexes.clear()
        self._forget_blocks(self.now)

    def allowed(self, slots: Slots) -> NDArray[np.bool_]:
        """Which of `slots` may be shown."""
        if self.mask is None:
            return np.ones(len(slots), dtype=np.bool_)
        inside = slots < len(self.mask)
        inside[inside] = self.mask[slots[inside]]
        return inside

    def watch(self, views: Iterable[tiles.View]) -> None:
        """Say what viewers look at: only those tiles are encoded."""
        by_zoom: dict[int, list[tiles.Keys]] = {}
        for view in views:
            by_zoom.setdefault(view.zoom, []).append(view.keys)
        self._watched = {zoom: np.unique(np.concatenate(keys)) for zoom, keys in by_zoom.items()}

    def tick(self, now: int, published: Published | None = None) -> bool:
        """Take what was published at `now` (ms), by itself what the state publishes; tell whether anything changed."""
        slots, before_u, before_v = self.state.publish() if published is None else published
        if self.mask is not None:
            rows = self.allowed(slots)
            slots, before_u, before_v = slots[rows], before_u[rows], before_v[rows]
        if len(slots) == 0:
            if now - self.now >= STALE_MS:
                self._forget_blocks(now)
            return False
        self.tick_no += 1
        self._indexes.clear()
        self._forget_blocks(now)
        zooms = {
            zoom: self._zoom_tick(zoom, watched, slots, before_u, before_v) for zoom, watched in self._watched.items()
        }
        self._history.append(_Tick(self.tick_no, zooms))
        return True

    def _forget_blocks(self, now: int) -> None:
        """Begin to make shared blocks anew: the ages in them are of `now`."""
        self.now = now
        self._full.clear()
        self._coarse.clear()

    def _zoom_tick(
        self,
        zoom: int,
        watched: tiles.Keys,
        slots: Slots,
        before_u: NDArray[np.float64],
        before_v: NDArray[np.float64],
    ) -> _ZoomTick:
        keys = tiles.keys_of(self.state.shown_u[slots], self.state.shown_v[slots], zoom)
        seen = np.isin(keys, watched)
        blocks = tiles.encode_blocks(zoom, keys[seen], self.state.records(slots[seen], self.now))
        made = _ZoomTick(blocks=blocks)
        was = np.flatnonzero(~np.isnan(before_u))
        left = tiles.keys_of(before_u[was], before_v[was], zoom)
        moved = (left != keys[was]) & np.isin(left, watched)
        for slot, tile in zip(slots[was][moved].tolist(), left[moved].tolist(), strict=True):
            made.departures.setdefault(tile, []).append(slot)
        return made

    def count(self, view: tiles.View) -> int:
        """Devices in the tiles of a view."""
        return self._index(view.zoom).counts(view.keys)

    def band(self, view: tiles.View, current: Band | None) -> Band:
        """Choose the band of a view; `current` keeps it from flickering at the border."""
        n = self.count(view)
        dots = DOTS_MAX * (LOWER if current in ("sampled", "grid") else 1)
        sampled = SAMPLED_MAX * (LOWER if current == "grid" else 1)
        if n <= dots:
            return "dots"
        return "sampled" if n <= sampled else "grid"

    def full(self, view: tiles.View, band: Band, extra: Slots) -> Frame:
        """All that a view shows, in its band; `extra` devices whatever the band, wherever they are."""
        if band == "dots":
            blocks = [self._full_block(view.zoom, tile) for tile in view.keys.tolist()]
            blocks = [block for block in blocks if block.n] + self._extra_blocks(view, extra, outside=True)
        elif band == "sampled":
            blocks = self._sampled(view) + self._extra_blocks(view, extra, outside=False)
        else:
            blocks = self._grid(view) + self._extra_blocks(view, extra, outside=False)
        return Frame(tiles.FULL, blocks, sum(block.n for block in blocks))

    def changes(self, view: tiles.View, since: int, extra: Slots) -> Frame | None:
        """What changed in a view (dots) after tick `since`; None when only a full frame can tell."""
        missed = [tick for tick in self._history if tick.n > since]
        if len(missed) != self.tick_no - since or any(view.zoom not in tick.zooms for tick in missed):
            return None
        mine = set(view.keys.tolist())
        changed = {tile for tick in missed for tile in tick.zooms[view.zoom].blocks.keys() & mine}
        # Behind by one tick: the shared change blocks. Behind by more: the newest whole tile instead of a queue.
        shared = missed[0].zooms[view.zoom].blocks if len(missed) == 1 else None
        blocks = self._gone(view, mine, missed, extra)
        blocks += [
            shared[tile] if shared is not None else self._full_block(view.zoom, tile) for tile in sorted(changed)
        ]
        blocks += self._extra_blocks(view, extra, outside=True)
        return Frame(tiles.CHANGE, blocks, 0)

    def _gone(self, view: tiles.View, mine: set[int], missed: list[_Tick], extra: Slots) -> list[tiles.Block]:
        left: dict[int, int] = {}
        for tick in missed:
            departures = tick.zooms[view.zoom].departures
            for tile in departures.keys() & mine:
                left.update(dict.fromkeys(departures[tile], tile))
        if not left:
            return []
        slots = np.array(sorted(left), dtype=np.int64)
        now_in = tiles.keys_of(self.state.shown_u[slots], self.state.shown_v[slots], view.zoom)
        away = slots[~np.isin(now_in, view.keys) & ~np.isin(slots, extra)]
        by_tile: dict[int, list[int]] = {}
        for slot in away.tolist():
            by_tile.setdefault(left[slot], []).append(slot)
        return [tiles.encode_gone(view.zoom, tile, np.array(gone, dtype=np.uint32)) for tile, gone in by_tile.items()]

    def _extra_blocks(self, view: tiles.View, extra: Slots, *, outside: bool) -> list[tiles.Block]:
        """Blocks of the devices that always pass; `outside`: only those that the view's tiles do not have."""
        extra = extra[(extra < len(self.state)) & self.allowed(extra)]
        extra = extra[~np.isnan(self.state.shown_u[extra])]
        if len(extra) == 0:
            return []
        keys = tiles.keys_of(self.state.shown_u[extra], self.state.shown_v[extra], view.zoom)
        if outside:
            away = ~np.isin(keys, view.keys)
            extra, keys = extra[away], keys[away]
        return list(tiles.encode_blocks(view.zoom, keys, self.state.records(extra, self.now)).values())

    def _index(self, zoom: int) -> _Index:
        made = self._indexes.get(zoom)
        if made is None:
            slots = self.state.shown()
            slots = slots[self.allowed(slots)]
            keys = tiles.keys_of(self.state.shown_u[slots], self.state.shown_v[slots], zoom)
            order = np.argsort(keys, kind="stable")
            made = self._indexes[zoom] = _Index(keys[order], slots[order])
        return made

    def _full_block(self, zoom: int, tile: int) -> tiles.Block:
        made = self._full.get((zoom, tile))
        if made is None:
            index = self._index(zoom)
            records = self.state.records(index.slots[index.rows(tile)], self.now)
            made = self._full[zoom, tile] = tiles.encode_block(zoom, tile, records)
        return made

    def _sampled(self, view: tiles.View) -> list[tiles.Block]:
        for cells in SAMPLE_CELLS:
            blocks = [self._coarse_block(view.zoom, tile, cells) for tile in view.keys.tolist()]
            if sum(block.n for block in blocks) <= SAMPLE_RECORDS:
                break
        return [block for block in blocks if block.n]

    def _grid(self, view: tiles.View) -> list[tiles.Block]:
        blocks = [self._coarse_block(view.zoom, tile, -GRID_CELLS) for tile in view.keys.tolist()]
        return [block for block in blocks if block.n]

    def _coarse_block(self, zoom: int, tile: int, cells: int) -> tiles.Block:
        """One device for each sub-cell of a tile, or with negative `cells` the count of each; shared for a tick."""
        made = self._coarse.get((zoom, tile, cells))
        if made is None:
            index = self._index(zoom)
            slots = index.slots[index.rows(tile)]
            encode = self._encode_counts if cells < 0 else self._encode_sample
            made = self._coarse[zoom, tile, cells] = encode(zoom, tile, slots, abs(cells))
        return made

    def _encode_sample(self, zoom: int, tile: int, slots: Slots, cells: int) -> tiles.Block:
        _, first = np.unique(self._sub_cells(zoom, slots, cells), return_index=True)
        return tiles.encode_block(zoom, tile, self.state.records(slots[first], self.now))

    def _encode_counts(self, zoom: int, tile: int, slots: Slots, cells: int) -> tiles.Block:
        sub, counts = np.unique(self._sub_cells(zoom, slots, cells), return_counts=True)
        edge = float(1 << zoom)
        x, y = tiles.xy(tile)
        zeros = np.zeros(len(sub), dtype=np.uint8)
        records = tiles.Records(
            slot=counts.astype(np.uint32),
            u=(x + (sub // cells + 0.5) / cells) / edge,
            v=(y + (sub % cells + 0.5) / cells) / edge,
            course=zeros,
            speed=zeros,
            status=zeros,
            age=zeros,
        )
        return tiles.encode_block(zoom, tile, records, grid=True)

    def _sub_cells(self, zoom: int, slots: Slots, cells: int) -> NDArray[np.int64]:
        edge = float((1 << zoom) * cells)
        x = (self.state.shown_u[slots] * edge).astype(np.int64) % cells
        y = (self.state.shown_v[slots] * edge).astype(np.int64) % cells
        return x * cells + y
