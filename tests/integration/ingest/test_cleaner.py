"""The cleaning against a real database: findings of stored fixes, amended by late ones."""

import json
from typing import Any

import asyncpg
import numpy as np
import pytest

from ingest.run.late.cleaner import Cleaner
from runtime import db
from tests.support import lattice, patrols, pipelines
from tests.unit.tracking.quality.made import MINUTE, SLOT, changed, walk
from tracking.geometry import datum
from tracking.presence.fixes import FixColumns
from tracking.quality.model import FindingKind
from tracking.routes import pieces
from tracking.store.city import city, grid_store, people_store, route_store
from tracking.store.city.grid_store import GridImportResult
from tracking.store.tracks import device_store, finding_store, fix_store

HOUR = 3_600_000


class Town:
    """Two devices, a cleaner, and a clock that the test sets."""

    def __init__(self, pool: db.Pool, conn: db.Connection, where: city.City) -> None:
        self.conn, self.now = conn, SLOT + HOUR - MINUTE
        self.cleaner = Cleaner(pool, lambda: where.grid, lambda: self.now)

    async def store(self, fixes: FixColumns) -> None:
        """Store fixes as the worker does."""
        async with self.conn.transaction():
            await fix_store.insert(self.conn, fixes)

    async def late(self, device: int, lo: int, hi: int) -> None:
        """Note a window as the writer of late fixes does."""
        await self.conn.execute(
            "INSERT INTO dirty_windows (device, t_lo, t_hi, received) VALUES ($1, $2, $3, $4)",
            device,
            db.moment(lo),
            db.moment(hi),
            db.moment(self.now - 2 * MINUTE),
        )

    async def found(self) -> dict[tuple[int, str], Any]:
        """What is known now: (device, kind) → evidence."""
        rows = await self.conn.fetch("SELECT device, kind, evidence FROM device_findings WHERE known_to IS NULL")
        return {(row["device"], row["kind"]): json.loads(row["evidence"]) for row in rows}


@pytest.fixture
async def town(database_url: str, conn: db.Connection) -> Any:
    """A grid of 5 by 5 cells about the walk."""
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(lattice.collection(10, 10))), GridImportResult)
    await device_store.enrol(conn, {"cam-1": "441302010", "cam-2": "441302010", "cam-3": "441302010"})
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        yield Town(pool, conn, await city.load(conn))


async def _shared_cell(conn: db.Connection, device: int) -> None:
    """A stay of an hour in the first cell, as the engine would write it."""
    cell = await conn.fetchval("SELECT min(id) FROM cells")
    await conn.execute(
        "INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from) "
        "VALUES ($1, $2, $3, $4, 3600000, 500, 360, 'visit', false, $4)",
        device,
        cell,
        db.moment(SLOT),
        db.moment(SLOT + HOUR),
    )


async def test_a_pass_finds_what_is_wrong_and_again_nothing_new(town: Town) -> None:
    """A clock that is behind and mocked fixes; the second pass changes nothing."""
    flags = np.zeros(360)
    flags[50:60] = 1
    await town.store(walk(device=1, flags=flags, received=SLOT + 10_000 * np.arange(360) + 95_000))
    await town.store(walk(device=2, seed=2))
    assert await town.cleaner.pass_once(town.conn) == 2
    found = await town.found()
    assert found.keys() == {(1, "clock_skew"), (1, "mocked")}
    assert found[1, "clock_skew"]["skew_s"] == -95
    assert found[1, "mocked"] == {"n": 10}
    assert await town.cleaner.pass_once(town.conn) == 0


async def test_late_fixes_amend_the_hours_they_touch(town: Town) -> None:
    """Ten equal places in a row, and between them, hours later, the fixes that the radio held back."""
    fixes = walk(device=1)
    lat, lon = fixes.lat.copy(), fixes.lon.copy()
    held = np.arange(360) % 2 == 1
    lat[:30][~held[:30]], lon[:30][~held[:30]] = lat[0], lon[0]
    fixes = changed(fixes, lat=lat, lon=lon, spd=np.full(360, np.nan))
    await town.store(fixes.take(~held))
    await town.cleaner.pass_once(town.conn)
    assert (1, FindingKind.IDENTICAL) in await town.found()
    town.now += 5 * HOUR
    await town.cleaner.pass_once(town.conn)
    await town.store(fixes.take(held))
    await town.late(1, SLOT, SLOT + HOUR)
    assert await town.cleaner.pass_once(town.conn) == 1
    assert (1, FindingKind.IDENTICAL) not in await town.found()
    kept = await town.conn.fetchrow("SELECT known_from, known_to FROM device_findings WHERE kind = 'identical'")
    assert kept is not None
    assert kept["known_to"] == db.moment(town.now)


async def test_devices_in_one_pocket_are_found_unless_one_officer_carries_both(town: Town) -> None:
    """Each names the other."""
    one = walk(device=1)
    await town.store(one)
    await town.store(changed(one, device=np.full(360, 2), lat=one.lat + 8e-6))
    await town.store(walk(device=3, seed=7))
    for device in (1, 2, 3):
        await _shared_cell(town.conn, device)
    ids = await people_store.add_officers(town.conn, [("B1", "王伟", "441302010"), ("B2", "李静", "441302010")])
    await people_store.bind(town.conn, 1, ids["B1"], SLOT - HOUR, "test")
    await people_store.bind(town.conn, 2, ids["B2"], SLOT - HOUR, "test")
    await town.cleaner.pass_once(town.conn)
    found = await town.found()
    assert {key: each["other"] for key, each in found.items()} == {(1, "together"): "cam-2", (2, "together"): "cam-1"}
    await town.conn.execute("DELETE FROM bindings WHERE device = 2")
    await town.conn.execute(
        "INSERT INTO bindings (device, officer, t_from, t_to, made_by) VALUES (2, $1, $2, $3, 't')",
        ids["B1"],
        db.moment(SLOT - HOUR),
        db.moment(SLOT + HOUR),
    )
    await town.cleaner.pass_once(town.conn)
    assert await town.found() == {}


async def test_a_track_of_another_day_is_found_whichever_came_first(town: Town) -> None:
    """Also when the original was buffered and comes after its copy."""
    copy = walk(device=2, seed=5)
    original = changed(copy, device=np.full(360, 1), t=copy.t - 10 * HOUR, received=copy.t - 10 * HOUR)
    await town.store(copy)
    await town.cleaner.pass_once(town.conn)
    assert await town.found() == {}
    town.now += HOUR
    await town.store(original)
    await town.late(1, int(original.t[0]), int(original.t[-1]))
    await town.cleaner.pass_once(town.conn)
    town.now += MINUTE
    await town.cleaner.pass_once(town.conn)
    found = await town.found()
    assert found.keys() == {(2, "replayed")}
    assert found[2, "replayed"]["other"] == "cam-1"
    assert found[2, "replayed"]["n"] > 300


async def test_roads_tell_a_wrong_datum_of_a_shift_without_an_area(town: Town) -> None:
    """Two walk the same road; the one whose handset sends another datum is suspect, and not the other."""
    ids = await people_store.add_officers(town.conn, [("R1", "R1", "441302010"), ("R2", "R2", "441302010")])
    way = walk(device=1)
    await route_store.import_roads(town.conn, pieces.cut([np.stack([way.lon, way.lat], axis=1)]))
    lat, lon = datum.wgs84_to_gcj02(way.lat, way.lon)
    for device, fixes in ((1, way), (2, changed(walk(device=2), lat=lat, lon=lon))):
        await people_store.bind(town.conn, device, ids[f"R{device}"], SLOT - 100 * HOUR, "test")
        await town.store(fixes)
    await people_store.add_shifts(town.conn, [(each, None, SLOT, SLOT + HOUR, "patrol") for each in ids.values()])
    town.now = SLOT + HOUR + 5 * MINUTE
    await town.cleaner.pass_once(town.conn)
    doubts = {key: said for key, said in (await town.found()).items() if key[1] == "datum_doubt"}
    assert doubts.keys() == {(2, "datum_doubt")}
    assert doubts[2, "datum_doubt"]["fits"] == "gcj02"


async def test_a_wrong_datum_is_suspected_after_three_shifts(town: Town) -> None:
    """The device of a team that meets in one place begins each shift half a kilometre away."""
    team = {f"B{n}": n for n in range(1, 5)}
    await device_store.enrol(town.conn, {"cam-4": "441302010"})
    ids = await people_store.add_officers(town.conn, [(badge, badge, "441302010") for badge in team])
    for badge, device in team.items():
        await people_store.bind(town.conn, device, ids[badge], SLOT - 100 * HOUR, "test")
    for day in range(3):
        start = SLOT + day * 24 * HOUR
        plan = [(ids[badge], None, start, start + HOUR, "patrol") for badge in team]
        await people_store.add_shifts(town.conn, plan)
        for device in team.values():
            fixes = walk(device=device, start=start, seed=device + 10 * day)
            still = np.arange(360) < 60
            lat, lon = np.where(still, 23.09, fixes.lat), np.where(still, 114.41, fixes.lon)
            lat = lat + np.linspace(0, 1e-5, 360)
            if device == 4:
                lat, lon = datum.wgs84_to_gcj02(lat, lon)
            await town.store(changed(fixes, lat=lat, lon=lon))
        town.now = start + HOUR + 5 * MINUTE
        await town.cleaner.pass_once(town.conn)
        known = {key for key in await town.found() if key[1].startswith(("wrong", "datum"))}
        assert known == ({(4, "datum_doubt")} if day < 2 else {(4, "datum_doubt"), (4, "wrong_datum")})
    evidence = (await town.found())[4, "wrong_datum"]
    assert (evidence["set"], evidence["fits"], evidence["shifts"]) == ("wgs84", "gcj02", 3)
    assert evidence["off_m"] > 500
    assert evidence["off_fits_m"] < 20
    shown = await finding_store.lately(town.conn, town.now)
    assert {each.kind for each in shown[4]} >= {FindingKind.WRONG_DATUM}
    assert FindingKind.DATUM_DOUBT not in {each.kind for each in shown[4]}


async def test_a_buffer_that_comes_hours_later_in_order_is_gone_over_too(
    database_url: str, conn: db.Connection
) -> None:
    """No stay changes by it, yet a handset that mocked while it was out of reach is found."""
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(lattice.collection(4, 1))), GridImportResult)
    now = patrols.T0 + 3 * HOUR
    fixes = [
        {"t": patrols.T0 + n * 10_000, "lat": lattice.SOUTH + n * 1e-5, "lon": lattice.WEST, "mock": True}
        for n in range(30)
    ]
    buffer = patrols.Said(arrives=now, topic="patrol/v1/team-1/cam-1/fix", payload=json.dumps(fixes).encode())
    async with pipelines.driven(database_url, now) as driven:
        cleaner = Cleaner(driven.pipeline.database.pool, lambda: driven.pipeline.host.grid, lambda: driven.clock.now)
        await cleaner.pass_once(conn)
        await driven.take([buffer], now)
        driven.clock.now = now + 5 * MINUTE
        await cleaner.pass_once(conn)
    assert await conn.fetchval("SELECT count(*) FROM fixes") == 30
    assert await conn.fetchval("SELECT count(*) FROM device_findings WHERE kind = 'mocked'") == 1
