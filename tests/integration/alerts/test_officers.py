"""Alerts about officers through the watcher and the store, on a real database."""

import asyncio
import json
from functools import partial

import pytest

from alerts.run import watch
from alerts.store import shown
from alerts.store.store import AlertStore
from runtime import db
from schemas import rest, wire
from tests.integration.alerts.conftest import Town, at
from tests.support import lattice
from tests.support.waiting import until
from tracking.quality.model import Finding, FindingKind
from tracking.store.city import people_store
from tracking.store.records import event_log
from tracking.store.tracks import device_store, event_store
from tracking.store.tracks.event_store import StoredEvent
from tracking.store.tracks.finding_store import replace


class Patrol:
    """An officer with a device and a shift in the two cells of the town, and a watcher that looks by the minute."""

    def __init__(self, pool: db.Pool, conn: db.Connection) -> None:
        self._conn = conn
        self.minute = 0.0
        self.watcher = watch.Watcher(pool, now=lambda: at(self.minute))
        self.store = AlertStore(pool)

    async def walk(self, start: float, end: float, *, east_m: float = 0.0, received: float | None = None) -> None:
        """A fix every 20 s, from 200 m west to 200 m east of the common boundary and back, moved east by `east_m`."""
        for k in range(int((end - start) * 3)):
            minute = start + k / 3
            swing = abs((minute * 60) % 640 - 320) - 160
            await self._fix(minute, swing + east_m, at(minute if received is None else received))

    async def _fix(self, minute: float, east_m: float, received: int) -> None:
        await self._conn.execute(
            "INSERT INTO fixes (device, t, received, lat, lon, acc, bat, src, duty, flags) "
            "VALUES (1, $1, $2, $3, $4, 5, 80, 0, 0, 0)",
            db.moment(at(minute)),
            db.moment(received),
            lattice.SOUTH + lattice.STEP / 2,
            lattice.WEST + lattice.STEP + east_m / 102_400,
        )

    async def look(self, minute: float) -> list[str]:
        """Look once; returns the changed alerts about officers as "kind level state"."""
        self.minute = minute
        changed = await self.watcher.look_once(self._conn)
        return [f"{each.kind} {each.level} {each.state}" for each in changed if each.kind != "coverage_gap"]


@pytest.fixture
async def patrol(pool: db.Pool, conn: db.Connection, town: Town) -> Patrol:  # noqa: ARG001 - the city must be there
    """The officer of the town, on shift for eight hours from minute 0; the unit answers for the street."""
    await conn.execute("UPDATE units SET area = '441302010' WHERE code = 'xjk'")
    ids = await people_store.add_officers(conn, [("B1", "王伟", "xjk")])
    await people_store.bind(conn, 1, ids["B1"], at(-600), "test")
    await people_store.add_shifts(conn, [(ids["B1"], None, at(0), at(480), "patrol")])
    return Patrol(pool, conn)


async def test_out_of_area_is_stored_explained_and_resolved(patrol: Patrol) -> None:
    """The alert names officer, device and area, and ends when the officer is back."""
    await patrol.walk(-5, 10)
    assert await patrol.look(9) == []
    await patrol.walk(10, 14, east_m=600)
    assert await patrol.look(13.9) == ["out_of_area yellow open"]
    assert await patrol.look(14) == []
    await patrol.walk(14, 17)
    assert await patrol.look(16.9) == ["out_of_area yellow resolved"]
    (alert,) = (await patrol.store.list(kind="out_of_area"))[0]
    assert (alert.device, alert.area, alert.facts["badge"], alert.facts["rule"]) == ("xjk-03", "441302010", "B1", 0)
    assert len(alert.facts["evidence"]) == 5
    assert alert.text_zh.startswith("王伟 08:10 起离开辖区 3 分钟")
    assert alert.text_zh.endswith("已恢复")


async def test_late_fixes_withdraw_what_they_disprove_even_after_a_restart(
    patrol: Patrol, pool: db.Pool, conn: db.Connection
) -> None:
    """A buffered presence arrives after the alert; a watcher that starts anew comes to the same end."""
    await patrol.walk(-40, -35, east_m=900)
    assert await patrol.look(11) == ["not_arrived orange open"]
    await patrol.walk(1, 9, received=12)
    await conn.execute(
        "INSERT INTO dirty_windows (device, t_lo, t_hi, received) VALUES (1, $1, $2, $3)",
        db.moment(at(1)),
        db.moment(at(9)),
        db.moment(at(12)),
    )
    assert await patrol.look(12) == ["not_arrived orange withdrawn"]
    assert await _reason(conn) == {"kind": "late", "device": "xjk-03", "received": "2026-02-02T00:12:00.000Z"}
    fresh = Patrol(pool, conn)
    assert await fresh.look(12.1) == []
    assert len((await fresh.store.list(kind="not_arrived"))[0]) == 1


async def _reason(conn: db.Connection) -> dict[str, str | None]:
    """The reason of the one withdrawal, which its sentences say as well."""
    facts = json.loads(await conn.fetchval("SELECT facts FROM alert_steps WHERE step = 'withdrawn'"))
    (alert,) = await shown.by_ids(conn, [await conn.fetchval("SELECT id FROM alerts WHERE state = 'withdrawn'")])
    assert alert.facts["reason"] == facts["reason"]
    assert all(facts["reason"]["device"] in text for text in (alert.text_zh, alert.text_en))
    return dict(facts["reason"])


async def test_a_late_sign_out_withdraws_a_double_and_is_its_reason(patrol: Patrol, conn: db.Connection) -> None:
    """The badge was signed in on two devices only as long as the sign-out of the first one was on its way."""
    await device_store.enrol(conn, {"xjk-04": "xjk"})
    await patrol.walk(-5, 10)

    async def signs(key: str, device: int, kind: str, minute: float, received: float) -> None:
        said = wire.Event(id=f"01HZX3S6Q00000000000000{key}", t=at(minute), lat=23.1, lon=114.4, type=kind, text="B1")
        event = StoredEvent(device=device, received=at(received), content=said, lat=23.1, lon=114.4, cell=None)
        async with conn.transaction():
            await event_log.append(conn, await event_store.insert(conn, [event]))

    await signs("AAA", 1, "sign_in", 1, 1)
    await signs("BBB", 2, "sign_in", 5, 5)
    assert await patrol.look(9) == ["double_sign_in orange open"]
    await signs("CCC", 1, "sign_out", 4, 9.5)
    assert await patrol.look(10) == ["double_sign_in orange withdrawn"]
    assert await _reason(conn) == {"kind": "event", "device": "xjk-03", "received": "2026-02-02T00:09:30.000Z"}


async def test_a_late_colleague_withdraws_what_was_said_of_one_alone(patrol: Patrol, conn: db.Connection) -> None:
    """The reason of the withdrawal is the device that was near all the time, not the one the alert is about."""
    await device_store.enrol(conn, {"xjk-04": "xjk"})
    ids = await people_store.add_officers(conn, [("B2", "李敏", "xjk")])
    await people_store.bind(conn, 2, ids["B2"], at(-600), "test")
    await people_store.add_shifts(conn, [(ids["B2"], None, at(0), at(480), "patrol")])
    await patrol.walk(-5, 40)
    lat, lon = lattice.SOUTH + lattice.STEP / 2, lattice.WEST + lattice.STEP
    said = wire.Event(id="01HZX3S6Q0000000000000DDDD", t=at(5), lat=lat, lon=lon, type="05.01", case="c-1")
    async with conn.transaction():
        event = StoredEvent(device=1, received=at(5), content=said, lat=lat, lon=lon, cell=None)
        await event_log.append(conn, await event_store.insert(conn, [event]))
    minute = 6
    while "single_officer orange open" not in await patrol.look(minute):
        minute += 1
        assert minute < 40
    received = db.moment(at(minute + 0.2))
    for k in range(3, 8):
        await conn.execute(
            "INSERT INTO fixes (device, t, received, lat, lon, acc, bat, src, duty, flags) "
            "VALUES (2, $1, $2, $3, $4, 5, 80, 0, 0, 0)", db.moment(at(k)), received, lat, lon,
        )  # fmt: skip
    await conn.execute(
        "INSERT INTO dirty_windows (device, t_lo, t_hi, received) VALUES (2, $1, $2, $3)",
        db.moment(at(3)), db.moment(at(7)), received,
    )  # fmt: skip
    assert "single_officer orange withdrawn" in await patrol.look(minute + 1)
    assert await _reason(conn) == {"kind": "late", "device": "xjk-04", "received": rest.rfc3339(received)}


async def _call_for_help(conn: db.Connection, minute: int) -> None:
    lat, lon = lattice.SOUTH + 1e-3, lattice.WEST + 1e-3
    said = wire.Event(id=f"01HZX3S6Q0000000000000000{minute}", t=at(minute), lat=lat, lon=lon, type="sos")
    event = StoredEvent(device=1, received=at(minute), content=said, lat=lat, lon=lon, cell=None)
    async with conn.transaction():
        await event_log.append(conn, await event_store.insert(conn, [event]))


async def test_sos_is_raised_by_the_next_look_once(patrol: Patrol, conn: db.Connection) -> None:
    """The event of the device's button is a red alert of its cell, whatever else is on."""
    await patrol.walk(-5, 3)
    await _call_for_help(conn, 2)
    assert await patrol.look(2.1) == ["sos red open"]
    assert await patrol.look(2.2) == []


async def test_a_call_for_help_ends_the_rest(patrol: Patrol, pool: db.Pool, conn: db.Connection) -> None:
    """However long the watcher would rest after a look, it raises what comes meanwhile."""
    await patrol.walk(-5, 3)
    stop = asyncio.Event()
    resting = watch.Watcher(pool, now=lambda: at(3), every_s=0.02, rest=1e6)
    task = asyncio.create_task(resting.run(stop))
    try:
        for minute in (1, 2):  # the second one comes after a look
            await _call_for_help(conn, minute)
            raised = partial(conn.fetchval, "SELECT count(*) = $1 FROM alerts WHERE kind = 'sos'", minute)
            await until(raised, "a red alert", within=10)
    finally:
        stop.set()
        await task


async def test_findings_become_a_suspicion_that_is_withdrawn_with_them(patrol: Patrol, conn: db.Connection) -> None:
    """What the cleaning takes back ends the alert as withdrawn."""
    await patrol.walk(-5, 10)
    found = Finding(device=1, kind=FindingKind.IDENTICAL, since=at(1), until=at(5), evidence={"n": 14})
    async with conn.transaction():
        assert await replace(conn, at(0), [1], list(FindingKind), [found], at(6)) == 1
    assert await patrol.look(7) == ["fake_track orange open"]
    async with conn.transaction():
        assert await replace(conn, at(0), [1], list(FindingKind), [], at(8)) == 1
    assert await patrol.look(8) == ["fake_track orange withdrawn"]
    assert (await _reason(conn))["device"] == "xjk-03"
    kept = await conn.fetchrow("SELECT known_to FROM device_findings")
    assert kept is not None
    assert kept["known_to"] == db.moment(at(8))


async def test_thresholds_of_the_rule_store_hold_from_their_day_on(patrol: Patrol, conn: db.Connection) -> None:
    """A unit with a longer time outside is told later, and the alert names the version."""
    number = await conn.fetchval(
        "INSERT INTO rule_versions (kind, scope, body, valid_from, made_by) "
        "VALUES ('officer', 'unit:xjk', '{\"outside_s\": 300}', $1, 'test') RETURNING id",
        db.moment(at(-60)),
    )
    await patrol.walk(-5, 10)
    await patrol.walk(10, 16, east_m=600)
    assert await patrol.look(14) == []
    assert await patrol.look(15.9) == ["out_of_area yellow open"]
    (alert,) = (await patrol.store.list(kind="out_of_area"))[0]
    assert alert.facts["rule"] == number
