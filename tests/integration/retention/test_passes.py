"""Retention on PostgreSQL: what is old goes, what is held stays, and nothing is computed from what is cut."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from ingest.run import passes
from ingest.store.targets import TARGETS
from runtime import db, locks
from tests.integration.retention.conftest import TABLES, YEARS, counts
from tests.integration.web.conftest import store_fixes
from tests.integration.web.matrix_street import NOW, Street
from tracking.records import retention
from tracking.records.retention import DAY_MS, DataClass
from tracking.store.records import hold_store, retention_store
from tracking.store.records.hold_store import NewHold

LATER = db.millis(NOW) + YEARS
HELD_BY_DEVICE = (
    "fixes", "stays", "runs", "device_hours", "events", "sign_offs", "device_findings", "run_history", "stay_growth",
    "sightings", "beat_hours",
)  # fmt: skip


async def hold(conn: db.Connection, **given: object) -> int:
    """Place a hold."""
    async with conn.transaction():
        return await hold_store.place(conn, NewHold(why="case 42", **given), "chief", datetime.now(UTC))  # type: ignore[arg-type]


def of(table: str) -> str:
    """Condition by which a row of the table is of the device $1."""
    if table == "stay_growth":
        return "stay IN (SELECT id FROM stays WHERE device = $1)"
    return "device = $1"


OF_ALERT = {
    "alerts": "SELECT count(*) FROM alerts WHERE id = $1",
    "alert_steps": "SELECT count(*) FROM alert_steps WHERE alert = $1",
    "deliveries": "SELECT count(*) FROM deliveries WHERE alert = $1",
    "tasks": "SELECT count(*) FROM tasks WHERE alert = $1",
    "commands": "SELECT count(*) FROM commands WHERE id IN (SELECT id FROM tasks WHERE alert = $1)",
}
"""What belongs to an alert, and stays as long as it stands."""


async def test_what_is_old_goes_and_what_is_not_stays(conn: db.Connection, streets: tuple[Street, Street]) -> None:
    """Nothing goes today; after years nothing is left but the audit record and what goes on."""
    before = await counts(conn)
    assert min(before.values()) > 0 or before["refusals"] == 0
    assert sum((await passes.Pass(conn, db.millis(NOW)).run() or {}).values()) == 0
    assert await counts(conn) == before
    alert = streets[0].ids["alert"]
    await conn.execute("UPDATE alerts SET state = 'open', ended_at = NULL WHERE id = $1", alert)
    standing = {table: await conn.fetchval(OF_ALERT[table], alert) for table in OF_ALERT}
    dropped = await passes.Pass(conn, LATER, batch=3).run()
    assert dropped is not None
    assert dropped[DataClass.FIXES] == before["fixes"]
    left = {table: n for table, n in (await counts(conn)).items() if n}
    assert left == standing
    assert min(standing.values()) > 0
    noted = {kept.cls: kept for kept in await retention_store.listed(conn)}
    assert noted[DataClass.FIXES].dropped == before["fixes"]
    assert noted[DataClass.FIXES].floor == LATER - 183 * DAY_MS
    assert [kept.fault for kept in noted.values()] == [None] * len(noted)


async def test_every_table_of_personal_data_has_a_class(conn: db.Connection) -> None:
    """A table with a device and a time that no class knows would be kept for ever without anybody having said so."""
    rows = await conn.fetch(
        """SELECT DISTINCT table_name FROM information_schema.columns c JOIN pg_class t ON t.relname = c.table_name
        AND t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace
        WHERE column_name IN ('device', 'lat') AND table_schema = 'public'"""
    )
    known = {target.table for targets in TARGETS.values() for target in targets}
    children = {child for targets in TARGETS.values() for target in targets for child, _ in target.children}
    short_lived = {"dirty_windows", "late_windows", "track_marks", "lane", "bindings", "legal_holds", "boots"}
    of_nobody = {"cell_ways"}
    # What people were called is taken out of texts as long as there are any: it goes with the person or the device.
    with_its_owner = {"former_names"}
    assert {row["table_name"] for row in rows} - known - children <= short_lived | of_nobody | with_its_owner


async def test_hold_on_a_device_keeps_all_of_it(conn: db.Connection, streets: tuple[Street, Street]) -> None:
    """Every row of the device is there after years, and none of another's."""
    mine = streets[0]
    wanted = {
        table: await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {of(table)}", mine.ids["device"])  # noqa: S608
        for table in HELD_BY_DEVICE
    }
    device = mine.ids["device"]
    told = (
        await conn.fetchval("SELECT count(*) FROM commands WHERE device = $1", device),
        await conn.fetchval(
            "SELECT count(*) FROM replies WHERE command IN (SELECT id FROM commands WHERE device = $1)", device
        ),
    )
    await hold(conn, device=f"{mine.mark}-cam-1")
    await passes.Pass(conn, LATER, batch=2).run()
    left = await counts(conn)
    assert {table: left[table] for table in HELD_BY_DEVICE} == wanted
    assert min(wanted.values()) > 0
    assert (left["commands"], left["replies"]) == told
    assert (
        await conn.fetch("SELECT DISTINCT kind FROM alerts WHERE device IS DISTINCT FROM $1", mine.ids["device"]) == []
    )
    assert left["alerts"] > 0


async def test_hold_on_an_officer_is_on_what_he_carried_while_he_did(
    conn: db.Connection, streets: tuple[Street, Street]
) -> None:
    """Fixes of the time before he had the device go."""
    mine = streets[0]
    await store_fixes(conn, mine.ids["device"], [db.millis(NOW) - 3 * DAY_MS], lat=[23.0], lon=[114.0])
    alerts = await conn.fetchval("SELECT count(*) FROM alerts WHERE officer = $1", mine.ids["officer"])
    await hold(conn, officer=f"{mine.mark}-badge-1")
    await passes.Pass(conn, LATER).run()
    rows = await conn.fetch("SELECT device, count(*) AS n FROM fixes GROUP BY 1")
    assert [(row["device"], row["n"]) for row in rows] == [(mine.ids["device"], 10)]
    assert await conn.fetchval("SELECT count(*) FROM alerts WHERE officer = $1", mine.ids["officer"]) == alerts > 0


async def test_hold_on_an_area_keeps_what_happened_in_it(conn: db.Connection, streets: tuple[Street, Street]) -> None:
    """Fixes in its box, stays in its cells, whoever made them; the other street's go."""
    mine, other = streets
    in_cell = await conn.fetchval("SELECT count(*) FROM stays WHERE cell = $1", mine.ids["cell"])
    events = await conn.fetchval("SELECT count(*) FROM events WHERE cell = $1", mine.ids["cell"])
    for area in (mine.grid, mine.code):  # the street's is held by all below it
        await hold(conn, area=area)
    await passes.Pass(conn, LATER, batch=4).run()
    assert await conn.fetchval("SELECT count(*) FROM stays") == in_cell > 0
    assert await conn.fetchval("SELECT count(*) FROM events") == events > 0
    assert await conn.fetchval("SELECT count(*) FROM fixes") == 10 * mine.devices
    assert await conn.fetchval("SELECT count(*) FROM alerts WHERE cell = $1", mine.ids["cell"]) > 0
    assert await conn.fetchval("SELECT count(*) FROM alerts WHERE cell = $1", other.ids["cell"]) == 0


async def test_hold_on_a_case_keeps_its_events_and_the_tracks_around(
    conn: db.Connection, streets: tuple[Street, Street]
) -> None:
    """The events of the case, and what their devices sent from half a day before to half a day after."""
    mine = streets[0]
    rows = await conn.fetch("SELECT id, device FROM events WHERE case_id = $1", f"{mine.mark}-case")
    await store_fixes(conn, mine.ids["device"], [db.millis(NOW) - 13 * 3_600_000], lat=[23.0], lon=[114.0])
    await hold(conn, case=f"{mine.mark}-case")
    await passes.Pass(conn, LATER).run()
    kept = await conn.fetch("SELECT id, device FROM events")
    devices = {row["device"] for row in rows}
    assert {row["id"] for row in rows} <= {row["id"] for row in kept}
    assert {row["device"] for row in kept} == devices
    assert await conn.fetchval("SELECT count(*) FROM fixes WHERE device = ANY ($1)", devices) == 10 * len(devices)
    assert await conn.fetchval("SELECT count(*) FROM fixes WHERE NOT device = ANY ($1)", devices) == 0


async def test_hold_on_a_time_keeps_all_that_lies_in_it(conn: db.Connection, streets: tuple[Street, Street]) -> None:
    """Whoever it is of; and when the hold ends, by itself or by being released, the next pass drops it."""
    before = await counts(conn)
    await store_fixes(conn, streets[0].ids["device"], [db.millis(NOW) - 3 * DAY_MS], lat=[23.0], lon=[114.0])
    number = await hold(conn, t_from=NOW - timedelta(days=1), t_to=NOW + timedelta(days=1))
    await hold(conn, t_to=NOW + timedelta(days=1), until=datetime.now(UTC) + timedelta(days=9))
    await passes.Pass(conn, LATER, batch=7).run()
    assert {table: n for table, n in (await counts(conn)).items() if table != "refusals"} == {
        table: n for table, n in before.items() if table != "refusals"
    }
    async with conn.transaction():
        assert await hold_store.release(conn, number, "closed", "chief", datetime.now(UTC))
    assert not await hold_store.release(conn, number, "again", "chief", datetime.now(UTC))
    await passes.Pass(conn, LATER + DAY_MS).run()
    assert set((await counts(conn)).values()) == {0}


async def test_hold_placed_during_a_pass_is_seen_by_its_next_transaction(
    conn: db.Connection, database_url: str, streets: tuple[Street, Street]
) -> None:
    """After the first rows are gone another connection places a hold; all that were there then stay."""
    other = await asyncpg.connect(database_url)
    held: list[int] = []

    def told(cls: DataClass, _table: str, _n: int) -> None:
        if cls is DataClass.FIXES:
            held.append(1)

    worker = passes.Pass(conn, LATER, batch=4, report=told)
    async for n in worker._drop(DataClass.FIXES, LATER - 200 * DAY_MS):
        assert n > 0
        await hold(other, device=f"{streets[1].mark}-cam-2")
        break
    async for _ in worker._drop(DataClass.FIXES, LATER - 200 * DAY_MS):
        pass
    assert await conn.fetchval("SELECT count(*) FROM fixes WHERE device = $1", streets[1].ids["device2"]) == 10
    await other.close()


async def test_holds_are_released_never_changed(conn: db.Connection, streets: tuple[Street, Street]) -> None:
    """Neither a hold nor, beside retention, a step of an alert can be deleted."""
    number = await hold(conn, device=f"{streets[0].mark}-cam-1")
    for statement in (
        f"DELETE FROM legal_holds WHERE id = {number}",  # noqa: S608 - a number
        f"UPDATE legal_holds SET why = 'x' WHERE id = {number}",  # noqa: S608 - a number
        "DELETE FROM alert_steps",
        "SET patrol.retention = 'on'; DELETE FROM alert_steps",
        "TRUNCATE alert_steps",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(statement)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Name a device"),
        ({"device": "nobody"}, "no device nobody"),
        ({"device": "a", "case": "b"}, "one of device"),
        ({"t_from": NOW, "t_to": NOW}, "must end after"),
        ({"case": "b", "until": NOW - timedelta(days=9)}, "over already"),
    ],
)
async def test_hold_that_cannot_be_says_why(conn: db.Connection, given: dict[str, object], said: str) -> None:
    """What is not known or not a period is refused."""
    with pytest.raises(hold_store.HoldError, match=said):
        await hold(conn, **given)


async def test_one_pass_at_a_time(conn: db.Connection, database_url: str) -> None:
    """While another works a pass does nothing; after it, it does."""
    other = await asyncpg.connect(database_url)
    assert await locks.acquire(other, "patrol.retention")
    assert await passes.Pass(conn, LATER).run() is None
    await other.close()
    assert await passes.Pass(conn, LATER).run() is not None


async def test_class_that_fails_is_noted_and_the_others_go_on(conn: db.Connection) -> None:
    """Something of a city's own that refers to events keeps them; the reason is kept for the operator."""
    await conn.execute("INSERT INTO devices (name, unit) VALUES ('cam-1', 'team')")
    await conn.execute(
        "INSERT INTO events (id, device, t, received, lat, lon, type) VALUES ('e', 1, now(), now(), 1, 1, 'x')"
    )
    await conn.execute("CREATE TABLE own (event text REFERENCES events)")
    await conn.execute("INSERT INTO own VALUES ('e')")
    await store_fixes(conn, 1, [db.millis(NOW)], lat=[23.0], lon=[114.0])
    dropped = await passes.Pass(conn, LATER).run()
    assert dropped is not None
    assert (dropped[DataClass.FIXES], dropped[DataClass.EVENTS]) == (1, 0)
    faults = {kept.cls: kept.fault for kept in await retention_store.listed(conn)}
    assert "ForeignKeyViolation" in str(faults.pop(DataClass.EVENTS))
    assert set(faults.values()) == {None}


async def test_days_are_set_within_the_law(conn: db.Connection) -> None:
    """What is too short, or shorter than what follows from it, is refused with the reason."""
    for cls, days, said in (
        (DataClass.FIXES, 7, "30 days at least"),
        (DataClass.VISITS, 60, "as long as fixes"),
        (DataClass.AUDIT, 2_000, "for ever"),
        (DataClass.FIXES, None, "as long as fixes"),
    ):
        with pytest.raises(retention_store.RetentionError, match=said):
            await retention_store.set_days(conn, cls, days, "me")
    await retention_store.set_days(conn, DataClass.FIXES, 60, "me")
    kept = {one.cls: one for one in await retention_store.listed(conn)}[DataClass.FIXES]
    assert (kept.days, kept.set_by) == (60, "me")


async def test_would_drop_says_what_a_pass_drops(conn: db.Connection, streets: tuple[Street, Street]) -> None:
    """The figures before are those of the pass after."""
    await hold(conn, device=f"{streets[0].mark}-cam-1")
    said = {table: (old, held) for _, table, old, held in await passes.would_drop(conn, LATER)}
    assert set(said) <= {*TABLES, "media"}
    before = await counts(conn)
    await passes.Pass(conn, LATER).run()
    after = await counts(conn)
    for table in ("fixes", "stays", "events", "runs", "alerts"):
        assert said[table] == (before[table] - after[table], after[table]), table
    assert retention.dropped_before(retention.NEVER) == retention.NEVER
