"""What cannot be believed is neither a visit nor a failure: clocks far ahead, and suspect datums."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import numpy as np
import pytest

from ingest.run import loaded_city, rebuild
from ingest.run.late.cleaner import Cleaner
from ingest.run.rebuild import RebuildCheck, RebuildResult
from runtime import db
from schemas.wire import Datum
from tests.support import lattice, patrols, pipelines
from tests.support.patrols import MINUTE, T0, Fix
from tracking.coverage.coverage import CellState
from tracking.coverage.indicators import Visited
from tracking.geometry import datum
from tracking.store.city import city as cities
from tracking.store.city import grid_store, people_store, route_store
from tracking.store.presence import indicator_store

HOUR = 3_600_000
END = T0 + 3 * HOUR
COLUMNS = 4


def round_in(column: int, begin: float, minutes: int, *, device: str = "cam-1") -> list[Fix]:
    """Walking round in a cell from a minute on, a fix every 10 s."""
    made = []
    for k in range(6 * minutes):
        angle = 2 * np.pi * k / 40
        x = (column + 0.5) * lattice.STEP + 0.0005 * float(np.sin(angle))
        y = 0.5 * lattice.STEP + 0.0005 * float(np.cos(angle))
        t = T0 + round(begin * MINUTE) + 10_000 * k
        made.append(Fix(device=device, t=t, lat=lattice.SOUTH + y, lon=lattice.WEST + x, acc=5.0))
    return made


def sent(fixes: Sequence[Fix], *, ahead: int = 0) -> list[patrols.Said]:
    """Each fix by itself as it is taken, by a clock that is ahead by so many ms."""
    return [patrols.message([replace(fix, t=fix.t + ahead)], fix.t + 300) for fix in fixes]


async def states(conn: db.Connection, at: int, known: int | None = None) -> list[CellState]:
    """What coverage shows of the cells."""
    city = await cities.load(conn)
    basis = await cities.basis(conn, city, at, known)
    judged = cities.judge(city, basis, np.zeros(len(city.cells), dtype=np.int64), at)
    return [CellState(state) for state in judged.state.tolist()]


@dataclass
class Town:
    """A pipeline on a row of business cells, each a grid of its own; a device stands in the last cell from the start.

    Its fixes make the city watched, and its silence is over.
    """

    url: str
    driven: pipelines.Driven
    conn: db.Connection

    async def visits(self) -> list[str]:
        """Codes of the cells visited by cam-1, as known now."""
        rows = await self.conn.fetch(
            "SELECT c.code FROM stays s JOIN cells c ON c.id = s.cell JOIN devices d ON d.id = s.device "
            "WHERE s.known_to IS NULL AND s.kind = 'visit' AND d.name = 'cam-1' ORDER BY s.t_in"
        )
        return [row["code"][-3:] for row in rows]

    async def differences(self) -> list[Any]:
        """What a rebuild finds to differ."""
        found, checker = RebuildResult(), RebuildCheck(await loaded_city.load(self.conn), END)
        for device in await rebuild.devices(self.conn, None):
            await checker.check(self.conn, device, T0 - HOUR, END, found)
        assert found.runs > 1
        return found.differences


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """A row of cells, and a post in the last one that signs off after an hour."""
    conn = await asyncpg.connect(database_url)
    grid = lattice.collection(1, COLUMNS)
    for number, feature in enumerate(each for each in grid["features"] if each["properties"]["kind"] == "cell"):
        feature["geometry"]["coordinates"] = [lattice.square(number, 0)]
    await grid_store.import_file(conn, lattice.encoded(grid))
    async with pipelines.driven(database_url, T0) as driven:
        post = sent(round_in(COLUMNS - 1, 0, 10, device="cam-2"))
        await driven.take([*post, patrols.sign_off("cam-2", T0 + 10 * MINUTE + 1)], T0 + 11 * MINUTE)
        yield Town(database_url, driven, conn)
    await conn.close()


async def test_a_clock_ahead_makes_unknown_where_its_device_was(town: Town) -> None:
    """Its fixes are refused: the cell is not visited, and nobody may say that it was not; the next one is overdue."""
    await town.driven.take(sent(round_in(3, 11, 1, device="cam-1")), T0 + 13 * MINUTE)
    await town.driven.take([patrols.sign_off("cam-1", T0 + 12 * MINUTE)], T0 + 14 * MINUTE)
    await town.driven.take(sent(round_in(1, 90, 10), ahead=4 * MINUTE), T0 + 2 * HOUR)
    assert await town.visits() == []
    assert await states(town.conn, END) == [
        CellState.OVERDUE, CellState.UNKNOWN, CellState.OVERDUE, CellState.OVERDUE,
    ]  # fmt: skip
    assert (await states(town.conn, END, T0 + 80 * MINUTE))[1] is CellState.OVERDUE
    assert (await states(town.conn, END, END))[1] is CellState.UNKNOWN
    city = await cities.load(town.conn)
    figures, _ = indicator_store.figures(
        city, await indicator_store.read(town.conn, city, await route_store.load(town.conn, city.grid), T0, END)
    )
    assert figures.state.tolist() == [Visited.NOT_VISITED, Visited.UNKNOWN, Visited.NOT_VISITED, Visited.VISITED]


async def test_a_glimpse_by_a_clock_ahead_hides_nothing(town: Town) -> None:
    """Who only passed cannot have made a visit."""
    await town.driven.take(sent(round_in(3, 11, 1, device="cam-1")), T0 + 13 * MINUTE)
    await town.driven.take([patrols.sign_off("cam-1", T0 + 12 * MINUTE)], T0 + 14 * MINUTE)
    await town.driven.take(sent(round_in(1, 90, 1), ahead=4 * MINUTE), T0 + 2 * HOUR)
    assert (await states(town.conn, END))[1] is CellState.OVERDUE


async def on_shift(conn: db.Connection, area: str) -> None:
    """An officer with cam-1 has a shift of two hours in an area."""
    ids = await people_store.add_officers(conn, [("B1", "王伟", patrols.UNIT)])
    device = await conn.fetchval("SELECT id FROM devices WHERE name = 'cam-1'")
    await people_store.bind(conn, device, ids["B1"], T0 - HOUR, "test")
    await people_store.add_shifts(conn, [(ids["B1"], area, T0, T0 + 2 * HOUR, "patrol")])


def in_gcj02(fixes: Sequence[Fix]) -> list[Fix]:
    """The same as a device sends them that takes GCJ-02 for WGS-84."""
    lat, lon = datum.wgs84_to_gcj02(np.array([f.lat for f in fixes]), np.array([f.lon for f in fixes]))
    return [replace(f, lat=a, lon=o) for f, a, o in zip(fixes, lat.tolist(), lon.tolist(), strict=True)]


async def beside(conn: db.Connection) -> list[Fix]:
    """Add a cell beside the row, and walk in it: in GCJ-02 that looks like a round in the third cell of the row."""
    seems = round_in(2, 20, 60)
    lat, lon = datum.to_wgs84(np.array([f.lat for f in seems]), np.array([f.lon for f in seems]), Datum.GCJ02)
    grid = lattice.collection(1, COLUMNS + 1)
    rings = [lattice.square(number, 0) for number in range(COLUMNS)]
    column, row = (float(at.mean() - edge) / lattice.STEP for at, edge in ((lon, lattice.WEST), (lat, lattice.SOUTH)))
    rings.append(lattice.square(column - 0.5, row - 0.5))
    for ring, feature in zip(rings, (f for f in grid["features"] if f["properties"]["kind"] == "cell"), strict=True):
        feature["geometry"]["coordinates"] = [ring]
    made = await grid_store.import_file(conn, lattice.encoded(grid), valid_from=T0)
    assert isinstance(made, grid_store.GridImportResult)
    return [replace(f, lat=a, lon=o) for f, a, o in zip(seems, lat.tolist(), lon.tolist(), strict=True)]


async def test_a_suspect_datum_takes_visits_back_and_hides_others(town: Town) -> None:
    """A handset says that it is half a kilometre from its area: that visit is withdrawn, and its area is unknown."""
    away = in_gcj02(await beside(town.conn))
    first, second = away[:240], away[240:]
    await town.driven.take(sent(first), T0 + 61 * MINUTE)
    assert await town.visits() == ["003"]
    await on_shift(town.conn, f"G{COLUMNS}")
    async with asyncpg.create_pool(town.url, min_size=1, max_size=2) as pool:
        loaded = await cities.load(town.conn)
        cleaner = Cleaner(pool, lambda: loaded.grid, lambda: town.driven.clock.now)
        town.driven.clock.now += MINUTE
        await cleaner.pass_once(town.conn)
        await town.driven.settle()
        assert await town.visits() == []
        gone = await town.conn.fetchrow(
            "SELECT reason, known_to FROM stays WHERE known_to IS NOT NULL AND kind = 'visit'"
        )
        assert gone is not None
        assert json.loads(gone["reason"])["kind"] == "doubt"
        # What goes on to come is not believed either, live.
        await town.driven.take(sent(second), T0 + 2 * HOUR + MINUTE)
        assert await town.visits() == []
        await cleaner.pass_once(town.conn)
        await town.driven.settle()
    assert await town.differences() == []
    shown = await states(town.conn, END)
    assert shown[2] is CellState.OVERDUE
    assert shown[COLUMNS] is CellState.UNKNOWN
    # What was seen before it became suspect can be asked for.
    at = T0 + 61 * MINUTE
    place = await cities.load(town.conn)
    then = await cities.basis(town.conn, place, at, at)
    now = await cities.basis(town.conn, place, at)
    assert then.present[2]
    assert not now.present[2]


async def test_a_suspect_interval_that_ends_gives_the_visits_back(town: Town) -> None:
    """The finding was wrong: the stays are what they were, to the last bit."""
    await town.driven.take(sent(round_in(0, 20, 30)), T0 + HOUR)
    before = await town.visits()
    assert before == ["001"]
    device = await town.conn.fetchval("SELECT id FROM devices WHERE name = 'cam-1'")
    await town.conn.execute(
        "INSERT INTO device_findings (device, kind, slot, since, until, evidence, known_from) "
        "VALUES ($1, 'datum_doubt', $2, $2, $3, '{}', $2)",
        device,
        db.moment(T0),
        db.moment(END),
    )
    await town.driven.settle()
    assert await town.visits() == []
    await town.conn.execute("UPDATE device_findings SET known_to = $1", db.moment(END))
    await town.driven.settle()
    assert await town.visits() == before
    assert await town.differences() == []
