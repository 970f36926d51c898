"""Devices in order of their tile: who is in a tile, and how many are in a view. Pure."""

from dataclasses import dataclass

import numpy as np

from web.live.frames.state import Slots
from web.live.frames.tiles import Keys


@dataclass(frozen=True, slots=True)
class TileIndex:
    """Tiles, sorted, and the slot of the device in each place."""

    keys: Keys
    slots: Slots

    @classmethod
    def of(cls, keys: Keys, slots: Slots) -> "TileIndex":
        """Sort devices by their tiles."""
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], slots[order])

    def within(self, tile: int) -> Slots:
        """Slots in a tile."""
        lo, hi = np.searchsorted(self.keys, [tile, tile + 1])
        return self.slots[int(lo) : int(hi)]

    def count(self, wanted: Keys) -> int:
        """How many are in these tiles."""
        lo = np.searchsorted(self.keys, wanted, side="left")
        hi = np.searchsorted(self.keys, wanted, side="right")
        return int((hi - lo).sum())


def smallest(keys: Keys, slots: Slots) -> Slots:
    """The device with the smallest slot of each tile, sorted; `slots` are sorted, `keys` are their tiles."""
    _, first = np.unique(keys, return_index=True)
    return np.sort(slots[first])
