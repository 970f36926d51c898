"""What the store knows of boots, by a real database; against slow answers of its own."""

from collections.abc import Sequence

import pytest

from runtime import db
from tests.unit.tracking.quality.made import MINUTE, SLOT
from tracking.presence.fixes import FixColumns
from tracking.store.tracks import boot_store, fix_store

NOW = SLOT + 60 * MINUTE


async def _store(conn: db.Connection, device: int, seqs: Sequence[int], boot: str = "b1", t: int = SLOT) -> None:
    n = len(seqs)
    times = [t + 1000 * seq for seq in seqs]
    fixes = FixColumns.from_columns(
        n, device=[device] * n, t=times, received=[NOW] * n, lat=[23.0] * n, lon=[114.4] * n, seq=list(seqs),
        boot=[boot] * n,
    )  # fmt: skip
    async with conn.transaction():
        await fix_store.insert(conn, fixes)


def _slow(seqs: Sequence[int]) -> list[tuple[int, int]]:
    """Spans of numbers, one by one."""
    found: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        if found and found[-1][1] == seq - 1:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return found


@pytest.mark.parametrize("above", [-1, 0, 3, 6, 20])
@pytest.mark.parametrize("seqs", [[], [0, 1, 2], [2, 3, 5, 6], [4, 5, 7, 8, 10], [7, 8, 9, 10]])
async def test_stored_numbers_are_found_in_spans(conn: db.Connection, device: int, seqs: list[int], above: int) -> None:
    """Of this boot only; a number that was used twice is there once."""
    await _store(conn, device, seqs)
    await _store(conn, device, seqs[1:2], t=SLOT + 30 * MINUTE)
    await _store(conn, device, [30, 31], boot="b2")
    found = await boot_store.stored(conn, device, "b1", since=SLOT, above=above)
    assert found == _slow([seq for seq in seqs if seq > above])


async def test_fixes_of_long_ago_are_not_searched(conn: db.Connection, device: int) -> None:
    """The search is bounded by the time of the fix."""
    await _store(conn, device, [0, 1, 2, 3])
    assert await boot_store.stored(conn, device, "b1", since=SLOT + 2000, above=-1) == [(2, 3)]


async def test_notes_add_up_and_old_boots_are_forgotten(conn: db.Connection, device: int) -> None:
    """Two workers may note the same boot, in any order; what is a month old is nobody's any more."""
    await boot_store.note(conn, [(device, "b1", 4, 4), (device, "b0", 0, 4), (device, "b1", 0, 2)], NOW)
    await boot_store.note(conn, [(device, "b1", 3, 3), (device, "b1", 9, 9)], NOW - 1)
    asked = [(device, "b1"), (device, "b9")]
    assert await boot_store.noted(conn, asked) == {(device, "b1"): (NOW, [(0, 4), (9, 9)])}
    await boot_store.note(conn, [(device, "b2", 0, 0)], NOW + boot_store.KEPT_MS + 1)
    await boot_store.drop(conn, NOW + boot_store.KEPT_MS + 1)
    assert [row["boot"] for row in await conn.fetch("SELECT boot FROM boots ORDER BY boot")] == ["b2"]


async def test_notes_of_a_boot_are_bounded(conn: db.Connection, device: int) -> None:
    """Whoever has every second fix refused keeps the lowest spans: a boot is acknowledged up to its first gap only."""
    every_second = [(device, "b1", seq, seq) for seq in range(0, 8_000, 2)]
    for notes in (every_second[2_000:], every_second[:2_000]):
        await boot_store.note(conn, notes, NOW)
    (found,) = (await boot_store.noted(conn, [(device, "b1")])).values()
    assert sorted(found[1]) == [(seq, seq) for seq in range(0, 5_000, 2)]


async def test_other_numbers_of_a_stored_key_are_found(conn: db.Connection, device: int) -> None:
    """The key of a fix is its time: the number under which it comes again is no gap though no row shows it."""
    await _store(conn, device, [0, 1])
    given = [
        (device, SLOT, "b1", 0),
        (device, SLOT + 1000, "b1", 7),
        (device, SLOT, "b2", 0),
        (device, SLOT + 5, "b1", 9),
    ]
    assert sorted(await boot_store.renumbered(conn, given)) == [(device, "b1", 7), (device, "b2", 0)]
