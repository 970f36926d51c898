"""Who is in a tile, and how many are in a view."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from web.live.frames.tile_index import TileIndex, smallest

tiles = st.lists(st.integers(0, 20), max_size=40)


@given(tiles, st.sets(st.integers(0, 20)))
def test_the_crowd_agrees_with_looking_at_each(keys: list[int], wanted: set[int]) -> None:
    """Devices of a tile, and their number in several."""
    index = TileIndex.of(np.array(keys, dtype=np.int64), np.arange(len(keys)))
    for tile in range(21):
        assert index.within(tile).tolist() == [slot for slot, key in enumerate(keys) if key == tile]
    asked = np.array(sorted(wanted), dtype=np.int64)
    assert index.count(asked) == sum(key in wanted for key in keys)


@given(tiles)
def test_each_tile_is_stood_for_by_its_smallest_slot(keys: list[int]) -> None:
    """One device a tile, sorted."""
    found = smallest(np.array(keys, dtype=np.int64), np.arange(len(keys)))
    assert found.tolist() == sorted(keys.index(key) for key in set(keys))
