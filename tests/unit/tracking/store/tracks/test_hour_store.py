"""Counts by device and hour, however fixes come in batches."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.wire import FixFlag
from tracking.presence.fixes import FixColumns
from tracking.store.tracks import hour_store

T0 = 1_790_000_000_000
FLAGS = [0, int(FixFlag.RECORDER_KNOWN), int(FixFlag.RECORDER_KNOWN | FixFlag.RECORDER_ON), int(FixFlag.RECORDER_ON)]
FIX = st.tuples(
    st.integers(1, 2**31 - 1) | st.integers(1, 3),
    st.integers(T0, T0 + 3 * hour_store.HOUR_MS),
    st.integers(-10_000, 120_000),
    st.sampled_from(FLAGS),
)


def batch(fixes: list[tuple[int, int, int, int]]) -> FixColumns:
    """Fixes from (device, t, delay, flags)."""
    columns = {
        "device": [device for device, _, _, _ in fixes],
        "t": [t for _, t, _, _ in fixes],
        "received": [t + delay for _, t, delay, _ in fixes],
        "flags": [flags for _, _, _, flags in fixes],
    }
    return FixColumns.from_columns(len(fixes), **columns)


@given(batches=st.lists(st.lists(FIX, min_size=1, max_size=20), min_size=1, max_size=5))
def test_every_fix_counts_once(batches: list[list[tuple[int, int, int, int]]]) -> None:
    """The sums are those of a count by hand, whatever batch a fix came in."""
    made = np.empty((0, 6), np.int64)
    for fixes in batches:
        made = hour_store.added_up(made, [hour_store.packed(batch(fixes))])
    slow: dict[str, Counter[tuple[int, int]]] = {name: Counter() for name in ("fixes", "late", "known", "on")}
    for device, t, delay, flags in (fix for fixes in batches for fix in fixes):
        key = device, t // 3_600_000
        slow["fixes"][key] += 1
        slow["late"][key] += delay > 60_000
        slow["known"][key] += bool(flags & 2)
        slow["on"][key] += flags & 6 == 6
    keys = sorted(slow["fixes"])
    assert made.tolist() == [[*key, *(slow[name][key] for name in ("fixes", "late", "known", "on"))] for key in keys]
    assert made.dtype == np.int64
