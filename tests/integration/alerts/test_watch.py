"""The watcher against a real database: what it reads becomes the alerts that people see."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg

from alerts.run import watch
from alerts.store.store import AlertStore
from runtime import db
from schemas import alerting, rest
from tests.integration.alerts.conftest import Town, at
from tests.support import lattice
from tests.support.waiting import until
from tracking.store.city import grid_store


class Clock:
    """A time that the test sets, in minutes since START."""

    def __init__(self, minute: float) -> None:
        self.minute = minute

    def __call__(self) -> int:
        """The time in ms."""
        return at(self.minute)


async def _look(conn: db.Connection, town: Town, watcher: watch.Watcher, clock: Clock, minute: float) -> list[str]:
    """Look at a minute at which the street is heard; returns the changed alerts as "level state"."""
    clock.minute = minute
    await town.heard(minute)
    return [f"{alert.level} {alert.state}" for alert in await watcher.look_once(conn)]


async def test_look_once_warns_tells_and_resolves(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """A business cell (limit 120 minutes, 60 from 11:00) goes from warned to overdue to visited, once each."""
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    clock = Clock(0)
    watcher = watch.Watcher(pool, now=clock)
    await town.visit(0, 10)
    await town.visit(1, 400, number=2)
    await town.officer(87)
    assert await _look(conn, town, watcher, clock, 60) == []
    assert await _look(conn, town, watcher, clock, 87) == []
    await town.officer(89)
    assert await _look(conn, town, watcher, clock, 89) == ["orange open"]
    assert await _look(conn, town, watcher, clock, 90) == []
    assert await _look(conn, town, watcher, clock, 131) == ["red open"]
    await town.visit(135, 138, going_on=True)
    assert await _look(conn, town, watcher, clock, 138) == ["red resolved"]
    (alert,) = (await AlertStore(pool).list())[0]
    assert alert.key == f"coverage_gap:441302010001001:{at(10)}"
    assert alert.text_zh == "小金口-01 10:15 开始有效巡查，应于 10:10 前，已超时"
    shown = await AlertStore(pool).get(alert.id)
    assert shown is not None
    assert shown.steps is not None
    assert shown.steps[0].facts["officer"] == "xjk-03"
    assert shown.steps[0].facts["arrival_s"] == 60


async def test_a_cell_that_may_have_been_visited_from_its_boundary_is_not_called_overdue(
    pool: db.Pool, conn: db.Connection, town: Town
) -> None:
    """The warning stands until the limit, then nobody can tell: no red alarm, until that visit too is long ago."""
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    clock = Clock(0)
    watcher = watch.Watcher(pool, now=clock)
    await town.visit(0, 10)
    await town.visit(1, 600, number=2)
    await town.officer(89)
    assert await _look(conn, town, watcher, clock, 89) == ["orange open"]
    await town.between(95, 115)
    red = [await _look(conn, town, watcher, clock, minute) for minute in (131, 180, 234)]
    assert not [told for each in red for told in each if told.startswith("red")]
    assert "red open" in await _look(conn, town, watcher, clock, 236)


async def test_look_once_sees_where_the_officers_are(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """An officer 3 km away makes the warning earlier; one whose fix is old does not count."""
    clock = Clock(0)
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    await town.visit(0, 10)
    await town.visit(1, 400, number=2)
    await town.officer(80, north_m=3000)
    watcher = watch.Watcher(pool, now=clock)
    assert await _look(conn, town, watcher, clock, 84) == []
    assert await _look(conn, town, watcher, clock, 81) == ["orange open"]


async def test_look_once_withdraws_by_late_data(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """A visit that comes in late withdraws the alert; a visit amended away brings the earlier one back."""
    clock = Clock(0)
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    watcher = watch.Watcher(pool, now=clock)
    await town.visit(0, 10)
    await town.visit(1, 400, number=2)
    assert await _look(conn, town, watcher, clock, 131) == ["red open"]
    late = await town.visit(100, 110)
    assert await _look(conn, town, watcher, clock, 132) == ["red withdrawn"]
    assert await _reasons(conn) == [{"kind": "late", "device": "xjk-03", "received": rest.rfc3339(db.moment(at(110)))}]
    await conn.execute(
        "UPDATE stays SET known_to = now(), reason = jsonb_build_object('kind', 'late') WHERE id = $1", late
    )
    assert await _look(conn, town, watcher, clock, 133) == ["red open"]
    steps = await conn.fetch("SELECT step FROM alert_steps ORDER BY n")
    assert [row["step"] for row in steps] == ["opened", "withdrawn", "reopened"]


async def test_look_once_withdraws_a_verdict_by_late_data(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """A breach that a later visit had ended is withdrawn once when data hours late proves a visit in time."""
    clock = Clock(0)
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    watcher = watch.Watcher(pool, now=clock)
    await town.visit(0, 10)
    await town.visit(1, 900, number=2)
    assert await _look(conn, town, watcher, clock, 131) == ["red open"]
    await town.visit(140, 145)
    assert await _look(conn, town, watcher, clock, 146) == ["red resolved"]
    assert await _look(conn, town, watcher, clock, 147) == []
    await town.visit(100, 110)
    assert await _look(conn, town, watcher, clock, 147.1) == []
    assert await _look(conn, town, watcher, clock, 220) == ["red withdrawn"]
    assert await _look(conn, town, watch.Watcher(pool, now=clock), clock, 221) == []
    (alert,) = (await AlertStore(pool).list(state="withdrawn"))[0]
    assert alert.text_zh == "小金口-01 告警撤回：09:50 收到的终端 xjk-03 的补传数据表明 09:40 已开始有效巡查"
    assert await _reasons(conn) == [{"kind": "late", "device": "xjk-03", "received": rest.rfc3339(db.moment(at(110)))}]
    steps = await conn.fetch("SELECT step FROM alert_steps WHERE alert = $1 ORDER BY n", alert.id)
    assert [row["step"] for row in steps] == ["opened", "resolved", "withdrawn"]


async def _reasons(conn: db.Connection) -> list[dict[str, str]]:
    """Reasons of all withdrawals."""
    rows = await conn.fetch("SELECT facts FROM alert_steps WHERE step = 'withdrawn' ORDER BY alert, n")
    return [json.loads(row["facts"])["reason"] for row in rows]


async def test_a_withdrawal_says_whose_data_moved_the_begin_of_its_gap(
    pool: db.Pool, conn: db.Connection, town: Town
) -> None:
    """The visit that a gap was counted from lasted longer, by fixes that came late and in the order of their device."""
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    clock = Clock(0)
    watcher = watch.Watcher(pool, now=clock)
    number = await town.visit(0, 10)
    await town.visit(1, 400, number=2)
    assert await _look(conn, town, watcher, clock, 131) == ["red open"]
    await conn.execute(
        "INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags) VALUES (1, $1, $2, 23, 114, 0, 0, 0)",
        db.moment(at(40)), db.moment(at(131.5)),
    )  # fmt: skip
    await conn.execute("UPDATE stays SET t_out = $2 WHERE id = $1", number, db.moment(at(40)))
    assert "red withdrawn" in await _look(conn, town, watcher, clock, 132)
    (reason,) = await _reasons(conn)
    assert reason == {"kind": "late", "device": "xjk-03", "received": rest.rfc3339(db.moment(at(131.5)))}


async def test_look_once_follows_an_imported_grid(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """A cell that an import takes out of force loses its alert at the next look."""
    clock = Clock(0)
    watcher = watch.Watcher(pool, now=clock)
    assert await _look(conn, town, watcher, clock, 200) == ["red open", "red open"]
    smaller = lattice.collection(2)
    smaller["features"].pop()
    await grid_store.import_file(conn, lattice.encoded(smaller), valid_from=at(200.5))
    assert await _look(conn, town, watcher, clock, 201) == ["red withdrawn"]
    assert [alert.cell for alert in await AlertStore(pool).open()] == ["441302010001001"]


async def test_look_once_says_nothing_of_an_empty_city(pool: db.Pool, conn: db.Connection) -> None:
    """Without cells there is nothing to warn of."""
    assert await watch.Watcher(pool).look_once(conn) == []


async def test_look_once_is_silent_of_streets_never_heard(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """What is not observed is not called neglected."""
    await conn.execute("DELETE FROM stays")
    assert town is not None
    assert await watch.Watcher(pool, now=Clock(500)).look_once(conn) == []


@asynccontextmanager
async def _watching(url: str, clock: Clock) -> AsyncIterator[asyncio.Event]:
    """A watcher with connections of its own, as a worker process has."""
    stop = asyncio.Event()
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        task = asyncio.create_task(watch.Watcher(pool, now=clock, every_s=0.02).run(stop), name="watcher")
        try:
            yield stop
        finally:
            stop.set()
            await task


def _with_state(pool: db.Pool, state: str, level: str, n: int) -> Callable[[], Awaitable[list[alerting.Alert] | None]]:
    async def probe() -> list[alerting.Alert] | None:
        found = (await AlertStore(pool).list(state=state, level=level))[0]
        return found if len(found) == n else None

    return probe


async def test_run_twice_gives_one_alert(database_url: str, pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """Two watchers make one alert of each gap with one step each; when the first stops the second takes over."""
    clock = Clock(105)
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    await town.heard(500)
    async with _watching(database_url, clock) as first, _watching(database_url, clock):
        await until(_with_state(pool, "open", "orange", 2), "two warnings")
        first.set()
        clock.minute = 121
        await until(_with_state(pool, "open", "red", 2), "two alerts raised")
    assert await conn.fetchval("SELECT count(*) FROM alerts") == 2
    steps = await conn.fetch("SELECT step FROM alert_steps ORDER BY alert, n")
    assert [row["step"] for row in steps] == ["opened", "raised"] * 2


async def test_run_survives_a_lost_connection(
    database_url: str, pool: db.Pool, conn: db.Connection, town: Town
) -> None:
    """When the database ends the watcher's connection it comes back, and what it said before stays said once."""
    clock = Clock(105)
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    await town.heard(500)
    async with _watching(database_url, clock):
        await until(_with_state(pool, "open", "orange", 2), "two warnings")
        held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        pid = await conn.fetchval(held)
        with suppress(asyncpg.PostgresError):
            await conn.execute("SELECT pg_terminate_backend($1)", pid)
        clock.minute = 121
        await until(_with_state(pool, "open", "red", 2), "two alerts raised")
        assert await conn.fetchval(held) != pid
    assert await conn.fetchval("SELECT count(*) FROM alert_steps") == 4


async def test_look_once_waits_while_a_backlog_comes_in(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """While a device uploads what it recorded earlier a gap is not told, and told when it is up to date."""
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    clock = Clock(0)
    watcher = watch.Watcher(pool, now=clock)
    await town.visit(0, 10)
    await town.visit(1, 400, number=2)
    assert await _look(conn, town, watcher, clock, 60) == []
    for now, newest, told in ((131, 20, []), (131.1, 60, []), (131.2, 131.2, ["red open"])):
        await conn.execute(
            "INSERT INTO runs (device, t_first, lat_first, lon_first, t_last, lat_last, lon_last, open) "
            "SELECT id, $1, 23, 114, $2, 23, 114, true FROM devices "
            "ON CONFLICT (device, t_first) DO UPDATE SET t_last = excluded.t_last",
            db.moment(at(1)),
            db.moment(at(newest)),
        )
        assert await _look(conn, town, watcher, clock, now) == told, now
