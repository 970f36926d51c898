"""The store on a real TimescaleDB, by the path that needs no COPY."""

from datetime import timedelta

import pytest

from runtime import db
from tests.integration.tracking.test_fix_store import T0, fixes
from tests.support import device_days
from tests.support.touched import rows
from tracking.store.tracks import fix_store

pytestmark = pytest.mark.timescale

DEVICE = 4_711


async def test_fixes_are_stored_once_in_a_hypertable(timescale: db.Connection) -> None:
    """New rows are told from duplicates across chunks, and runs are loaded over the border of a chunk."""
    day = 86_400_000
    border = T0 - T0 % day + day
    times = [border + 1000 * n for n in range(-5, 5)]
    async with timescale.transaction():
        assert (await fix_store.insert(timescale, fixes(DEVICE, times[::2]), copy=False)).all()
    async with timescale.transaction():
        new = await fix_store.insert(timescale, fixes(DEVICE, times), copy=False)
    assert new.tolist() == [False, True] * 5
    assert (await fix_store.load_runs(timescale, DEVICE, border, border, gap_ms=2000)).t.tolist() == times


async def test_late_fixes_cost_what_they_touch_in_the_columnstore(timescale: db.Connection) -> None:
    """Finding and reading the run of a late fix in converted chunks reads the same rows after 3 days and after 10."""
    device, day = DEVICE + 1, 86_400_000
    first = T0 - T0 % day - 40 * day
    touched = []
    for begin, end in ((0, 3), (3, 10)):
        times = [first + n * day + 8 * 3_600_000 + 10_000 * s for n in range(begin, end) for s in range(300)]
        async with timescale.transaction():
            await fix_store.insert(timescale, fixes(device, times), copy=False)
        for chunk in await timescale.fetch("SELECT show_chunks('fixes') AS name"):
            await timescale.execute(f"CALL convert_to_columnstore('{chunk['name']}', if_not_columnstore => true)")
        late = db.moment(first + day + 8 * 3_600_000 + 1_505_000)
        lo, hi = late - timedelta(minutes=26), late + timedelta(minutes=26)
        touched.append(
            [
                await rows(timescale, fix_store._BEFORE, device, late, 64),
                await rows(timescale, fix_store._AFTER, device, late, 64),
                await rows(timescale, fix_store._SELECT, device, lo, hi, 5_000),
            ]
        )
    assert touched[1] == touched[0]
    assert max(touched[0]) <= 2_000


async def test_days_of_a_device_come_from_the_continuous_aggregate(timescale: db.Connection) -> None:
    """Late fixes of a day that was refreshed before are there after the next refresh, and the rest as it is read."""
    device, day = DEVICE + 2, 86_400_000
    first = T0 - T0 % day
    async with timescale.transaction():
        await fix_store.insert(timescale, fixes(device, [first + 1000 * n for n in range(7)]), copy=False)
    period = db.moment(first), db.moment(first + 2 * day)
    refresh = "CALL refresh_continuous_aggregate('device_days', $1::timestamptz, $2::timestamptz)"
    await timescale.execute(refresh, *period)
    assert [n for _, n, _ in await device_days.days(timescale, device, *period)] == [7]
    async with timescale.transaction():
        later = [first + 1000 * n for n in range(7, 12)] + [first + day + 5]
        await fix_store.insert(timescale, fixes(device, later), copy=False)
    await timescale.execute(refresh, *period)
    assert [n for _, n, _ in await device_days.days(timescale, device, *period)] == [12, 1]
    jobs = await timescale.fetch("SELECT proc_name FROM timescaledb_information.jobs")
    assert "policy_refresh_continuous_aggregate" in [job["proc_name"] for job in jobs]


async def test_history_is_kept_in_hypertables(timescale: db.Connection) -> None:
    """What was known before lies in chunks by the time until which it was known."""
    named = await timescale.fetch("SELECT hypertable_name AS name FROM timescaledb_information.hypertables")
    assert {"stay_growth", "run_history"} <= {row["name"] for row in named}
