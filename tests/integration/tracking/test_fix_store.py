"""Fixes are stored once each, by both paths, and read back as they were."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tracking.presence.fixes import FixColumns
from tracking.store.tracks import fix_store

if TYPE_CHECKING:
    from runtime import db

T0 = 1_790_000_000_000


def fixes(device: int, times: list[int], **columns: Any) -> FixColumns:
    """Fixes of one device at `times`, received at the last of them."""
    n = len(times)
    known: dict[str, Any] = {"received": [max(times)] * n, "lat": [23.1] * n, "lon": [114.4] * n}
    return FixColumns.from_columns(n, device=[device] * n, t=times, **{**known, **columns})


@pytest.mark.parametrize("copy", [True, False], ids=["copy", "unnest"])
async def test_insert_keeps_every_value(conn: "db.Connection", device: int, copy: bool) -> None:
    """Both paths store every column exactly, and what is unknown as NULL."""
    sent = fixes(
        device, [T0, T0 + 1, T0 + 2], raw_lat=[23.0, np.nan, 23.5], raw_lon=[114.0, np.nan, 114.5],
        acc=[1.5, np.nan, 0.0], spd=[np.nan, 2.5, 3.0], hdg=[90.0, np.nan, 0.0], alt=[-5.5, np.nan, 8000.0],
        bat=[100.0, np.nan, 0.0], sat=[11, -1, 0], src=[0, 1, 5], duty=[0, 1, 2], flags=[0, 7, 8],
        seq=[1 << 60, -1, 0], boot=["开机", None, ""],
    )  # fmt: skip
    async with conn.transaction():
        assert (await fix_store.insert(conn, sent, copy=copy)).tolist() == [True] * 3
    row = dict((await conn.fetch("SELECT * FROM fixes ORDER BY t"))[1])
    assert [name for name, value in row.items() if value is None] == [
        "raw_lat", "raw_lon", "acc", "hdg", "alt", "bat", "sat", "seq", "boot",
    ]  # fmt: skip
    back = await fix_store.page_of(conn, device, T0, T0 + 2, 10)
    for name in ("device", "t", "received", "lat", "lon", "raw_lat", "acc", "spd", "alt", "sat", "src", "flags", "seq"):
        np.testing.assert_array_equal(getattr(back, name), getattr(sent, name), err_msg=name)
    assert back.boot.tolist() == ["开机", None, ""]


@pytest.mark.parametrize("copy", [True, False], ids=["copy", "unnest"])
async def test_insert_tells_new_rows_from_duplicates(conn: "db.Connection", device: int, copy: bool) -> None:
    """A key stored before and a key twice in the batch are told from new ones; the transaction goes on."""
    async with conn.transaction():
        await fix_store.insert(conn, fixes(device, [T0, T0 + 1000]), copy=copy)
    times = [T0 + 1000, T0 + 2000, T0 + 2000, T0 + 3000]
    async with conn.transaction():
        new = await fix_store.insert(conn, fixes(device, times, acc=[9.0, 1.0, 2.0, 3.0]), copy=copy)
    assert new.tolist() == [False, True, False, True]
    stored = await fix_store.page_of(conn, device, T0, T0 + 9000, 10)
    assert stored.t.tolist() == [T0, T0 + 1000, T0 + 2000, T0 + 3000]
    assert stored.acc.tolist()[1:] == pytest.approx([np.nan, 1.0, 3.0], nan_ok=True)


async def test_insert_of_old_fixes_is_told_apart_too(conn: "db.Connection", device: int) -> None:
    """Fixes older than the compression horizon take the other path to the same end."""
    old = fixes(device, [T0, T0 + 1000], received=[T0 + 30 * 86_400_000] * 2)
    async with conn.transaction():
        assert (await fix_store.insert(conn, old)).all()
        assert not (await fix_store.insert(conn, old)).any()


async def test_load_runs_reaches_to_the_gaps(conn: "db.Connection", device: int) -> None:
    """The runs that touch the window are loaded whole, those beyond a gap not at all."""
    early = [T0 + 1000 * n for n in range(5)]
    middle = [T0 + 500_000 + 100_000 * n for n in range(6)]
    late = [T0 + 2_000_000]
    async with conn.transaction():
        await fix_store.insert(conn, fixes(device, early + middle + late))
    window = T0 + 700_000
    loaded = await fix_store.load_runs(conn, device, window, window, gap_ms=120_000)
    assert loaded.t.tolist() == middle
    whole = await fix_store.load_runs(conn, device, T0, T0, gap_ms=10_000_000)
    assert whole.t.tolist() == early + middle + late


async def test_load_runs_pages_through_long_runs(conn: "db.Connection", device: int) -> None:
    """A run longer than a page is loaded whole in both directions."""
    times = [T0 + 1000 * n for n in range(50)]
    async with conn.transaction():
        await fix_store.insert(conn, fixes(device, times))
    loaded = await fix_store.load_runs(conn, device, times[20], times[21], gap_ms=2000, page=7)
    assert loaded.t.tolist() == times


async def test_newest_gives_the_last_time_of_each_device(conn: "db.Connection", device: int) -> None:
    """Devices without a fix are not in it."""
    assert await fix_store.newest(conn) == {}
    async with conn.transaction():
        await fix_store.insert(conn, fixes(device, [T0 + 5, T0]))
    assert await fix_store.newest(conn) == {device: T0 + 5}
