"""Source of frames: blocks by tile and tick, encoded once and shared; detail by the number of devices in view. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from web.live.frames import detail as details
from web.live.frames import parts, tiles
from web.live.frames.detail import ALL, Detail, Layer
from web.live.frames.parts import Moved, TickChanges
from web.live.frames.state import LiveState, Published, Slots
from web.live.frames.tile_index import TileIndex, smallest

HISTORY_TICKS = 25
NEAR_TICKS = 3
"""Most missed ticks for which a viewer gets the changes; after more it gets whole tiles."""
STALE_MS = 1_000
"""Shared blocks are encoded again after this even without movements, as the ages in them must be right."""


@dataclass(slots=True)
class _Tick:
    n: int
    parts: dict[Layer, TickChanges]


@dataclass(frozen=True, slots=True)
class Frame:
    """Blocks to send, the devices in them that a viewer may not know by name, and how many records."""

    kind: int
    blocks: list[tiles.Block]
    unnamed: list[Slots]
    shown: int = 0


class FrameSource:
    """State, tick history and shared blocks."""

    def __init__(self, state: LiveState) -> None:
        self.state = state
        self.tick_no = 0
        self.now = 0
        """Server's time of the last tick, ms."""
        self.mask: NDArray[np.bool_] | None = None
        """Slots that may be shown; None: all. Slots beyond its end may not."""
        self._history: deque[_Tick] = deque(maxlen=HISTORY_TICKS)
        self._watched: dict[Layer, tiles.Keys] = {}
        self._shown: Slots | None = None
        self._samples: dict[int, Slots] = {}
        """By depth: the devices that are shown. As of this tick, like all that follows."""
        self._indexes: dict[Layer, TileIndex] = {}
        self._full: dict[tuple[Layer, int], tiles.Block] = {}
        self._grid: dict[tuple[int, int], tiles.Block] = {}
        self._extras: dict[tuple[Layer | int, bytes], list[_Extra]] = {}
        self._counted: dict[Layer, tuple[int, TileIndex]] = {}
        """Indexes of at most a second ago: enough to choose a detail by."""

    def limit(self, mask: NDArray[np.bool_] | None) -> None:
        """Show only these slots from now on; viewers get a full frame next."""
        self.mask = mask
        self.tick_no += 1
        self._history.clear()
        self._samples = {}
        self._counted.clear()
        self._begin(self.now)

    def allowed(self, slots: Slots) -> NDArray[np.bool_]:
        """Which of `slots` may be shown."""
        if self.mask is None:
            return np.ones(len(slots), dtype=np.bool_)
        inside = slots < len(self.mask)
        inside[inside] = self.mask[slots[inside]]
        return inside

    def watch(self, views: Iterable[tuple[tiles.TileView, Detail]]) -> None:
        """Set the tiles in view: only those are encoded."""
        by_layer: dict[Layer, list[tiles.Keys]] = {}
        for view, detail in views:
            if detail.band != "grid":
                by_layer.setdefault((view.zoom, detail.depth), []).append(view.keys)
        self._watched = {layer: np.unique(np.concatenate(keys)) for layer, keys in by_layer.items()}

    def tick(self, now: int, published: Published | None = None) -> bool:
        """Take what was published at `now` (ms), by itself what the state publishes; tell whether anything changed."""
        slots, before_u, before_v = self.state.publish() if published is None else published
        if self.mask is not None:
            rows = self.allowed(slots)
            slots, before_u, before_v = slots[rows], before_u[rows], before_v[rows]
        if len(slots) == 0:
            if now - self.now >= STALE_MS:
                self._stale(now)
            return False
        self.tick_no += 1
        before, self._samples = self._samples, {}
        self._begin(now)
        moved = Moved.of(self.state, slots, before_u, before_v)
        parts = {layer: self._part(layer, moved, before) for layer in self._watched}
        self._history.append(_Tick(self.tick_no, {layer: part for layer, part in parts.items() if part is not None}))
        if len(self._history) > NEAR_TICKS:
            for part in self._history[-NEAR_TICKS - 1].parts.values():
                part.age()
        return True

    def _begin(self, now: int) -> None:
        self._shown = None
        self._indexes.clear()
        self._stale(now)

    def _stale(self, now: int) -> None:
        """Discard shared blocks: new ones have ages as of `now`."""
        self.now = now
        self._full.clear()
        self._grid.clear()
        self._extras.clear()

    def _part(self, layer: Layer, moved: Moved, before: dict[int, Slots]) -> TickChanges | None:
        """Changes of the tick in a layer; None: unknown, as the layer had no viewers before."""
        zoom, depth = layer
        if depth == ALL:
            was, shows = ~np.isnan(moved.before_u), np.ones(len(moved.slots), dtype=np.bool_)
        elif depth not in before:
            return None
        else:
            sample = self._sample(depth)
            moved = moved.along_with(self.state, np.setxor1d(sample, before[depth], assume_unique=True))
            was, shows = np.isin(moved.slots, before[depth]), np.isin(moved.slots, sample)
        records = self.state.records(moved.slots, self.now)
        return parts.make(zoom, self._watched[layer], moved, was, shows, records)

    def count(self, view: tiles.TileView) -> int:
        """Devices in the tiles of a view, at most a second ago."""
        return self._recent((view.zoom, ALL)).count(view.keys)

    def detail(self, view: tiles.TileView, current: Detail | None) -> Detail:
        """Choose the detail of a view; `current` prevents flicker at a threshold."""
        band = details.band(self.count(view), current)
        if band != "sampled":
            return Detail(band)
        for step in details.SAMPLE_STEPS:
            depth = view.zoom + step
            if self._recent((view.zoom, depth)).count(view.keys) <= details.most(depth, current):
                break
        return Detail(band, depth)

    def full(self, view: tiles.TileView, detail: Detail, extra: Slots) -> Frame:
        """Content of a view; `extra` devices are included in every detail, wherever they are."""
        if detail.band == "grid":
            blocks = [self._grid_block(view.zoom, tile) for tile in view.keys.tolist()]
        else:
            layer = (view.zoom, detail.depth)
            blocks = [self._full_block(layer, tile) for tile in view.keys.tolist()]
        blocks = [block for block in blocks if block.n] + self._extra_blocks(view, detail, extra)
        unnamed = _devices(blocks)
        return Frame(tiles.FULL, blocks, unnamed, sum(block.n for block in blocks))

    def changes(self, view: tiles.TileView, detail: Detail, since: int, extra: Slots) -> Frame | None:
        """Changes of a view after tick `since`; None: a full frame is needed."""
        behind, layer = self.tick_no - since, (view.zoom, detail.depth)
        if behind > len(self._history):
            return None
        missed = [tick.parts.get(layer) for tick in list(self._history)[len(self._history) - behind :]]
        known = [part for part in missed if part is not None]
        if len(known) < len(missed):
            return None
        if behind <= NEAR_TICKS:
            tile_blocks = [part.blocks[tile] for part in known for tile in view.tiles & part.blocks.keys()]
            blocks = [block for block in tile_blocks if block is not None]
            unnamed = [part.arrived[tile] for part in known for tile in view.tiles & part.arrived.keys()]
        else:
            changed = {tile for part in known for tile in view.tiles & part.blocks.keys()}
            blocks = [self._full_block(layer, tile) for tile in sorted(changed)]
            unnamed = _devices(blocks)
        always = self._extra_blocks(view, detail, extra)
        unnamed += _devices(always)
        left = parts.gone(known, view.tiles, extra.tolist())
        # Last, since a block of an earlier tick may still contain devices that have left.
        gone = [tiles.encode_gone(view.zoom, tile, slots) for tile, slots in left.items()]
        return Frame(tiles.CHANGE, [*blocks, *always, *gone], unnamed)

    def _shows(self, detail: Detail, slots: Slots) -> NDArray[np.bool_]:
        """Which of `slots` a detail shows where they are in view."""
        if detail.band == "sampled":
            return np.isin(slots, self._sample(detail.depth))
        return np.full(len(slots), detail.band == "dots")

    def _extra_blocks(self, view: tiles.TileView, detail: Detail, extra: Slots) -> list[tiles.Block]:
        """Blocks of the devices that always pass and that the view does not show by itself."""
        if len(extra) == 0:
            return []
        layer = (view.zoom, detail.depth if detail.band != "grid" else -1)
        key = (layer, extra.tobytes())
        extras = self._extras.get(key)
        if extras is None:
            extras = self._extras[key] = self._make_extras(view.zoom, detail, extra)
        candidates = (
            extra_block.hidden if extra_block.tile in view.tiles else extra_block.every for extra_block in extras
        )
        return [block for block in candidates if block is not None]

    def _make_extras(self, zoom: int, detail: Detail, extra: Slots) -> "list[_Extra]":
        extra = extra[(extra < len(self.state)) & self.allowed(extra)]
        extra = extra[~np.isnan(self.state.shown_u[extra])]
        keys = tiles.keys_of(self.state.shown_u[extra], self.state.shown_v[extra], zoom)
        records, alone = self.state.records(extra, self.now), ~self._shows(detail, extra)
        every = tiles.encode_blocks(zoom, keys, records)
        hidden = tiles.encode_blocks(zoom, keys[alone], records.take(alone))
        return [_Extra(tile, block, hidden.get(tile)) for tile, block in every.items()]

    def _all_shown(self) -> Slots:
        if self._shown is None:
            shown = self.state.shown()
            self._shown = shown[self.allowed(shown)]
        return self._shown

    def _sample(self, depth: int) -> Slots:
        """The devices that are shown at a depth."""
        if depth == ALL:
            return self._all_shown()
        samples = self._samples.get(depth)
        if samples is None:
            shown = self._all_shown()
            keys = tiles.keys_of(self.state.shown_u[shown], self.state.shown_v[shown], depth)
            samples = self._samples[depth] = smallest(keys, shown)
        return samples

    def _index(self, layer: Layer) -> TileIndex:
        index = self._indexes.get(layer)
        if index is None:
            zoom, depth = layer
            slots = self._sample(depth)
            keys = tiles.keys_of(self.state.shown_u[slots], self.state.shown_v[slots], zoom)
            index = self._indexes[layer] = TileIndex.of(keys, slots)
        return index

    def _recent(self, layer: Layer) -> TileIndex:
        at, known = self._counted.get(layer, (0, None))
        if known is None or self.now - at >= STALE_MS:
            known = self._index(layer)
            self._counted[layer] = self.now, known
        return known

    def _full_block(self, layer: Layer, tile: int) -> tiles.Block:
        block = self._full.get((layer, tile))
        if block is None:
            records = self.state.records(self._index(layer).within(tile), self.now)
            block = self._full[layer, tile] = tiles.encode_block(layer[0], tile, records)
        return block

    def _grid_block(self, zoom: int, tile: int) -> tiles.Block:
        """How many devices are in each square of a tile."""
        block = self._grid.get((zoom, tile))
        if block is None:
            slots = self._index((zoom, ALL)).within(tile)
            block = tiles.encode_counts(zoom, tile, self.state.shown_u[slots], self.state.shown_v[slots])
            self._grid[zoom, tile] = block
        return block


def _devices(blocks: list[tiles.Block]) -> list[Slots]:
    return [block.slots.astype(np.int64) for block in blocks if len(block.slots)]


@dataclass(frozen=True, slots=True)
class _Extra:
    """Devices that always pass, in one tile: all of them, and those that a view of the tile does not show by itself."""

    tile: int
    every: tiles.Block
    hidden: tiles.Block | None
