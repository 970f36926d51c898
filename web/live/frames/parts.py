"""Changes of a tick in one layer, encoded once for all its viewers. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from web.live.frames import tiles
from web.live.frames.state import LiveState, Slots

Mask = NDArray[np.bool_]
NOWHERE = -1


@dataclass(slots=True)
class TickChanges:
    """Change blocks of the watched tiles, and devices that entered and left each of them."""

    blocks: dict[int, tiles.Block | None]
    """None: so long ago that only the newest whole tile is sent."""
    left: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Tile → slots that were in it, with the tile where each is shown now, NOWHERE if in none."""
    arrived: dict[int, Slots] = field(default_factory=dict)
    """Devices whose names viewers may not have."""

    def age(self) -> None:
        """Forget the bytes."""
        self.blocks = dict.fromkeys(self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Devices of which something changed, where each was shown before (NaN: nowhere), and where it is shown now."""

    slots: Slots
    before_u: NDArray[np.float64]
    before_v: NDArray[np.float64]
    u: NDArray[np.float64]
    v: NDArray[np.float64]

    @classmethod
    def of(
        cls, state: LiveState, slots: Slots, before_u: NDArray[np.float64], before_v: NDArray[np.float64]
    ) -> "Moved":
        """Look up where `slots` are shown."""
        return cls(slots=slots, before_u=before_u, before_v=before_v, u=state.shown_u[slots], v=state.shown_v[slots])

    def along_with(self, state: LiveState, others: Slots) -> "Moved":
        """These and others, of which nothing changed but whether they are shown."""
        still = np.setdiff1d(others, self.slots, assume_unique=True)
        u, v = state.shown_u[still], state.shown_v[still]
        return Moved(
            slots=np.concatenate([self.slots, still]),
            before_u=np.concatenate([self.before_u, u]),
            before_v=np.concatenate([self.before_v, v]),
            u=np.concatenate([self.u, u]),
            v=np.concatenate([self.v, v]),
        )


def make(zoom: int, watched: tiles.Keys, moved: Moved, was: Mask, shows: Mask, records: tiles.Records) -> TickChanges:
    """Encode a tick for those who watch some tiles.

    Args:
        zoom: of the tiles.
        watched: their numbers, sorted.
        moved: devices that may have to be sent.
        was: which of the moved were shown before the tick.
        shows: which of them are shown now.
        records: of the moved, in their order.
    """
    keys = tiles.keys_of(moved.u, moved.v, zoom)
    before = np.full(len(keys), NOWHERE, dtype=np.int64)
    before[was] = tiles.keys_of(moved.before_u[was], moved.before_v[was], zoom)
    sent = shows & _among(keys, watched)
    crossed = keys != before
    arrived = np.flatnonzero(sent & crossed)
    left = np.flatnonzero(was & (crossed | ~shows) & _among(before, watched))
    rows = np.flatnonzero(sent)
    blocks = tiles.encode_blocks(zoom, keys[rows], records.take(rows))
    now_in = np.where(shows[left], keys[left], NOWHERE)
    gone: dict[int, list[tuple[int, int]]] = {}
    for tile, slot, to in zip(before[left].tolist(), moved.slots[left].tolist(), now_in.tolist(), strict=True):
        gone.setdefault(tile, []).append((slot, to))
    return TickChanges(blocks={**blocks}, left=gone, arrived=_by_tile(keys[arrived], moved.slots[arrived]))


def _among(keys: tiles.Keys, watched: tiles.Keys) -> Mask:
    if len(watched) == 0:
        return np.zeros(len(keys), dtype=np.bool_)
    at = np.minimum(np.searchsorted(watched, keys), len(watched) - 1)
    return np.asarray(watched[at] == keys)


def _by_tile(keys: tiles.Keys, slots: Slots) -> dict[int, Slots]:
    by_tile: dict[int, list[int]] = {}
    for tile, slot in zip(keys.tolist(), slots.tolist(), strict=True):
        by_tile.setdefault(tile, []).append(slot)
    return {tile: np.array(mine, dtype=np.int64) for tile, mine in by_tile.items()}


def gone(missed: Iterable[TickChanges], mine: frozenset[int], always: Collection[int]) -> dict[int, list[int]]:
    """Tile → slots that left the tiles of `mine` for good in the parts, the oldest first, but for those in `always`."""
    last: dict[int, int] = {}
    for part in missed:
        _follow(part, mine, last)
    by_tile: dict[int, list[int]] = {}
    for slot, tile in last.items():
        if slot not in always:
            by_tile.setdefault(tile, []).append(slot)
    return by_tile


def _follow(part: TickChanges, mine: frozenset[int], last: dict[int, int]) -> None:
    """Update which devices are away, and which tile of `mine` each left last."""
    for tile in mine & part.left.keys():
        for slot, to in part.left[tile]:
            if to not in mine:
                last[slot] = tile
    if last:
        for tile in mine & part.arrived.keys():
            for slot in part.arrived[tile].tolist():
                last.pop(slot, None)
