"""Versions of cells: a viewer gets what changed since what it was sent, no more and no less."""

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.live import CellRow
from web.live.frames.cells import CellColumns, CellVersions

_STATES = st.lists(st.integers(0, 4), min_size=6, max_size=6)


def columns(states: list[int]) -> CellColumns:
    """Six cells in these states; the first has a visit going on when fresh."""
    n = len(states)
    return CellColumns(
        id=np.arange(1, n + 1, dtype=np.int32),
        state=np.array(states, dtype=np.uint8),
        due=np.where(np.array(states) == 4, -1, 1000),
        last_visit=np.full(n, -1, dtype=np.int64),
        present=np.array(states) == 0,
    )


@given(history=st.lists(_STATES, min_size=1, max_size=12), skips=st.lists(st.booleans(), min_size=12, max_size=12))
def test_viewer_that_skips_versions_ends_with_the_newest_state(history: list[list[int]], skips: list[bool]) -> None:
    """Taking the changes now and then gives the same cells as taking all of them at the end."""
    cells, version = CellVersions(), 0
    seen: dict[object, CellRow] = {}
    for states, skip in zip(history, skips, strict=False):
        cells.update(1, columns(states), "c1")
        if not skip:
            seen |= {row[0]: row for row in cells.rows(version)}
            version = cells.version
    seen |= {row[0]: row for row in cells.rows(version)}
    assert [seen[cell] for cell in range(1, 7)] == cells.rows()


def test_update_without_change_is_no_new_version() -> None:
    """The clock alone sends nothing."""
    cells = CellVersions()
    assert cells.update(1, columns([0, 1, 2, 3, 4, 0]), "c1")
    assert not cells.update(2, columns([0, 1, 2, 3, 4, 0]), "c1")
    assert cells.version == 1


def test_message_writes_unknown_times_as_null() -> None:
    """What cannot be told is null, present is 0 or 1, states have their names."""
    cells = CellVersions()
    cells.update(1, columns([4, 0]), "c1")
    message = msgspec.json.decode(cells.message(0, "2026-05-01T00:00:00.000Z"))
    assert message == {
        "type": "cells",
        "at": "2026-05-01T00:00:00.000Z",
        "city": "c1",
        "changes": [[1, "unknown", None, None, 0], [2, "fresh", 1000, None, 1]],
    }


def test_cells_of_another_city_are_all_sent() -> None:
    """After an import, or when other cells come into sight, every cell is a change, also one that is as it was."""
    cells = CellVersions()
    cells.update(1, columns([0, 0]), "c1")
    assert cells.update(2, columns([0, 0, 0]), "c2")
    assert len(cells.rows(1)) == 3
    assert cells.update(3, columns([0, 0, 0]), "c3")
    assert (cells.city, len(cells.rows(2))) == ("c3", 3)
