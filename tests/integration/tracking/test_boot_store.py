"""How far a boot is settled, by a real database; against a slow answer of its own."""

from collections.abc import Sequence

import pytest

from tests.unit.tracking.cleaning.made import MINUTE, SLOT
from tracking import boot_store, db, device_store, fix_store
from tracking.fixes import FixColumns

NOW = SLOT + 60 * MINUTE


async def _store(conn: db.Connection, seqs: Sequence[int], boot: str = "b1") -> None:
    n = len(seqs)
    t = [SLOT + 1000 * seq for seq in seqs]
    fixes = FixColumns.from_columns(
        n, device=[1] * n, t=t, received=[NOW] * n, lat=[23.0] * n, lon=[114.4] * n, seq=list(seqs), boot=[boot] * n
    )
    async with conn.transaction():
        await fix_store.insert(conn, fixes)


def _slow(seqs: Sequence[int], noted: int | None) -> int | None:
    """Count on from what was noted, or from the first number, one by one."""
    held = {seq for seq in seqs if noted is None or seq > noted}
    if not held and noted is None:
        return None
    at = min(held) - 1 if noted is None else noted
    while at + 1 in held:
        at += 1
    return at


@pytest.mark.parametrize("noted", [None, 0, 3, 6, 9, 20])
@pytest.mark.parametrize("seqs", [[], [0, 1, 2], [2, 3, 5, 6], [4, 5, 7, 8, 10], [7, 8, 9, 10]])
async def test_last_seq_goes_on_from_what_was_noted(conn: db.Connection, seqs: list[int], noted: int | None) -> None:
    """Refused numbers are no gap once they were noted; without a note the first gap ends it."""
    await device_store.enrol(conn, {"cam-1": "441302010"})
    await _store(conn, seqs)
    await _store(conn, [30, 31], boot="b2")
    if noted is not None:
        await boot_store.note(conn, [(1, "b1", noted)], NOW)
    assert await boot_store.last_seq(conn, 1, "b1", NOW) == _slow(seqs, noted)


async def test_notes_only_grow_and_old_boots_are_forgotten(conn: db.Connection) -> None:
    """Two workers may note the same boot; what is a week old is nobody's any more."""
    await device_store.enrol(conn, {"cam-1": "441302010"})
    await boot_store.note(conn, [(1, "b1", 9), (1, "b0", 4)], NOW)
    await boot_store.note(conn, [(1, "b1", 7)], NOW + 1)
    assert await boot_store.last_seq(conn, 1, "b1", NOW) == 9
    await boot_store.note(conn, [(1, "b2", 0)], NOW + boot_store.KEPT_MS + 1)
    assert [row["boot"] for row in await conn.fetch("SELECT boot FROM boots ORDER BY boot")] == ["b1", "b2"]
