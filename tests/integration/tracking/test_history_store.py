"""Earlier states of stays and runs: kept for a time, then forgotten; days of a device."""

from dataclasses import replace

from ingest.run import passes
from runtime import db
from tests.integration.tracking.test_fix_store import fixes
from tests.integration.tracking.test_stay_store import NOW, T0, put, stay
from tests.support import device_days
from tracking.store.presence import stay_store
from tracking.store.tracks import hour_store

DAY = 86_400_000


async def test_states_are_remembered_for_their_time(conn: db.Connection, device: int, cells: list[int]) -> None:
    """What a stay was while it grew is answered until it is forgotten; its versions stay."""
    steps = [replace(stay(device, cells[0]), t_out=T0 + 60_000 * n, fixes=n) for n in range(1, 4)]
    for n, step in enumerate(steps):
        await stay_store.apply(conn, [put(step)], NOW + n)
    for n, step in enumerate(steps):
        known = await stay_store.listed(conn, stay_store.StayFilter(known_at=NOW + n), limit=5)
        assert [(one.fixes, db.millis(one.t_out)) for one in known] == [(step.fixes, step.t_out)]
    await passes.Pass(conn, NOW + 2 + 92 * DAY).run()
    assert await stay_store.listed(conn, stay_store.StayFilter(known_at=NOW), limit=5) == []
    assert [one.fixes for one in await stay_store.listed(conn, stay_store.StayFilter(known_at=NOW + 2), limit=5)] == [3]


async def test_a_clock_set_back_leaves_no_two_states_of_a_moment(
    conn: db.Connection, device: int, cells: list[int]
) -> None:
    """A state that becomes known before the one it replaces, by the worker's clock, takes its place."""
    first = stay(device, cells[0])
    await stay_store.apply(conn, [put(first)], NOW)
    await stay_store.apply(conn, [put(replace(first, fixes=8))], NOW - 5_000)
    await stay_store.apply(conn, [put(replace(first, cell=cells[1]), '{"kind": "late"}')], NOW - 4_000)
    for known in (NOW - 5_000, NOW - 1):
        assert await stay_store.listed(conn, stay_store.StayFilter(known_at=known), limit=5) == []
    assert [one.cell for one in await stay_store.listed(conn, stay_store.StayFilter(known_at=NOW), limit=5)] == [
        "44130200100002"
    ]


async def test_hours_count_once_though_adding_up_is_broken_off(conn: db.Connection, device: int) -> None:
    """What a batch left stays until it is in the hours; several batches of an hour add up."""
    for n in range(60):
        await hour_store.add(conn, fixes(device, [T0 + 1_000 * n, T0 + 1_000 * n + 500]))
    broken = conn.transaction()
    await broken.start()
    assert await hour_store.fold(conn) == 60
    await broken.rollback()
    assert await hour_store.fold(conn) == 60
    assert await hour_store.fold(conn) == 0
    assert await conn.fetchval("SELECT sum(fixes) FROM device_hours WHERE device = $1", device) == 120


async def test_days_are_added_up_from_hours(conn: db.Connection, device: int) -> None:
    """The same question as on TimescaleDB has the same answer."""
    first = T0 - T0 % DAY
    await hour_store.add(conn, fixes(device, [first + 3_600_000 * n for n in range(30)]))
    assert await hour_store.fold(conn) == 1
    period = db.moment(first), db.moment(first + 3 * DAY)
    assert [n for _, n, _ in await device_days.days(conn, device, *period)] == [24, 6]
