"""Units, officers, shifts and bindings in a real database."""

import itertools
from datetime import datetime

from patrol.services import demo_roster
from runtime import db
from tracking.city.people import Sign
from tracking.store.city import people_store
from tracking.store.tracks import device_store

HOUR = 3_600_000
START = 1_769_990_400_000


async def _officers(conn: db.Connection) -> dict[str, int]:
    return await people_store.add_officers(conn, [("B1", "王伟", "team-1"), ("B2", "李静", "team-1")])


async def test_enrol_makes_the_unit_and_its_area_when_there_is_one(conn: db.Connection) -> None:
    """A unit named like a street answers for it; a later import places it."""
    await device_store.enrol(conn, {"cam-1": "441302010", "cam-2": "team-1"})
    units = await people_store.units(conn)
    assert {code: unit.area for code, unit in units.items()} == {"441302010": None, "team-1": None}
    await conn.execute("INSERT INTO areas VALUES ('441302010', 'street', '小金口街道', NULL, NULL)")
    await people_store.ensure_units(conn, ["441302010", "team-1"])
    unit = (await people_store.units(conn))["441302010"]
    assert (unit.area, unit.name) == ("441302010", "小金口街道")


async def test_officer_of_is_who_carried_the_device_then(conn: db.Connection, device: int) -> None:
    """A hand-over ends one binding and begins the next; who carried it before stays known."""
    ids = await _officers(conn)
    await people_store.bind(conn, device, ids["B1"], START, "test")
    await people_store.bind(conn, device, ids["B2"], START + HOUR, "test")
    before = await people_store.officer_of(conn, device, START + HOUR - 1)
    after = await people_store.officer_of(conn, device, START + HOUR)
    assert before is not None
    assert after is not None
    assert (before.badge, after.badge) == ("B1", "B2")
    assert await people_store.officer_of(conn, device, START - 1) is None
    held = await people_store.bindings(conn, START + 5 * HOUR)
    assert held[device].officer == ids["B2"]


async def test_signs_give_the_same_bindings_in_any_order(conn: db.Connection, device: int) -> None:
    """Buffered signs that arrive late, and twice, lead to the same bindings."""
    ids = await _officers(conn)
    await device_store.enrol(conn, {"cam-2": "team-1"})
    other = (await device_store.named(conn, ["cam-2"]))[0].id
    signs = [
        Sign(device=device, t=START, badge="B1"),
        Sign(device=device, t=START + HOUR, badge=None),
        Sign(device=device, t=START + 2 * HOUR, badge="B2"),
        Sign(device=other, t=START + 3 * HOUR, badge="B2"),
    ]
    expected = [
        (device, ids["B1"], START, START + HOUR),
        (device, ids["B2"], START + 2 * HOUR, START + 3 * HOUR),
        (other, ids["B2"], START + 3 * HOUR, None),
    ]
    for order in itertools.permutations(range(4)):
        await conn.execute("TRUNCATE bindings, events CASCADE")
        for at in (*order, order[0]):
            await _log(conn, at, signs[at])
            assert await people_store.apply_signs(conn, [signs[at]]) == []
        rows = await conn.fetch("SELECT device, officer, t_from, t_to FROM bindings ORDER BY t_from")
        spans = [(row["device"], row["officer"], db.millis(row["t_from"]), _ms(row["t_to"])) for row in rows]
        assert spans == expected, order


async def _log(conn: db.Connection, number: int, sign: Sign) -> None:
    await conn.execute(
        "INSERT INTO events (id, device, t, received, lat, lon, type, text) VALUES ($1, $2, $3, $3, 23, 114, $4, $5) "
        "ON CONFLICT DO NOTHING",
        f"E{number}",
        sign.device,
        db.moment(sign.t),
        "sign_out" if sign.badge is None else "sign_in",
        sign.badge,
    )


def _ms(at: datetime | None) -> int | None:
    return None if at is None else db.millis(at)


async def test_apply_signs_names_the_badges_that_nobody_has(conn: db.Connection, device: int) -> None:
    """A badge of nobody binds nobody."""
    assert await people_store.apply_signs(conn, [Sign(device=device, t=START, badge="ghost")]) == ["ghost"]
    assert await people_store.bindings(conn, START) == {}


async def test_shifts_are_those_that_touch_the_period(conn: db.Connection) -> None:
    """The end is not included, and a shift planned twice is there once."""
    ids = await _officers(conn)
    plan = [(ids["B1"], None, START + k * 8 * HOUR, START + (k + 1) * 8 * HOUR, "patrol") for k in range(3)]
    assert len(await people_store.add_shifts(conn, plan)) == 3
    assert await people_store.add_shifts(conn, plan) == []
    found = await people_store.shifts(conn, START + 8 * HOUR, START + 16 * HOUR)
    assert [(shift.starts, shift.kind) for shift in found] == [(START + 8 * HOUR, "patrol")]


async def test_enlist_gives_the_fleet_a_roster_and_again_only_what_is_missing(
    conn: db.Connection, database_url: str
) -> None:
    """Every simulated device has an officer on shift now, with a Chinese name; a second start changes nothing."""
    assert await demo_roster.enlist(database_url, 5) == "5 officers"
    count = "SELECT count(*) FROM {}"
    sizes = [await conn.fetchval(count.format(table)) for table in ("officers", "bindings", "shifts", "devices")]
    await demo_roster.enlist(database_url, 5)
    assert sizes == [await conn.fetchval(count.format(t)) for t in ("officers", "bindings", "shifts", "devices")]
    assert sizes[0] == sizes[1] == sizes[3] == 5
    names = {row["name"] for row in await conn.fetch("SELECT name FROM officers")}
    assert len(names) == 5
    assert await conn.fetchval("SELECT bool_and(name ~ '^[一-鿿]{2,3}$') FROM officers")
    on_shift = "SELECT count(DISTINCT officer) FROM shifts WHERE starts <= now() AND ends > now()"
    assert await conn.fetchval(on_shift) == 5
