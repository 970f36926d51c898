"""Ways along the streets on a real database: worked out once for roads and cells, and used for orders."""

import numpy as np
import pytest

from alerts.run.route_precomputation import RoutePrecomputation
from alerts.store import reads
from alerts.store.store import AlertStore
from runtime import db
from tests.integration.alerts.conftest import Town
from tests.integration.alerts.test_dispatch import Desk
from tests.support import lattice
from tests.support.waiting import until
from tracking.routes import pieces
from tracking.store.city import route_store, street_store

MIDDLE = lattice.WEST + lattice.STEP / 2
NORTH = lattice.SOUTH + lattice.STEP / 2


def _roads(*lines: list[list[float]]) -> pieces.Pieces:
    return pieces.cut([np.array(line) for line in lines])


def _detour(east: float) -> pieces.Pieces:
    """From the middle of cell 1 to one 400 m north of it, by a street so many degrees to the east."""
    far, up = MIDDLE + east, NORTH + 0.0036
    return _roads([[MIDDLE, NORTH], [far, NORTH]], [[far, NORTH], [far, up]], [[far, up], [MIDDLE, up]])


async def _computed(pool: db.Pool, conn: db.Connection, before: reads.CityState | None = None) -> reads.CityState:
    """The place after the computation that it asks for."""
    routes = RoutePrecomputation(pool)
    found = await reads.read_city(conn, before)
    assert found.routes_wanted is not None
    await routes.consider(found)

    async def told() -> reads.CityState | None:
        now = await reads.read_city(conn, found)
        return now if now.streets is not None else None

    return await until(told, "the ways are stored")


async def _ordered(desk: Desk, number: int) -> int:
    """Seconds that the way of an order given now should take."""
    await desk.send(number)
    found = await AlertStore(desk.pool).get(number)
    assert found is not None
    assert found.steps is not None
    return int(found.steps[-1].facts["arrival_s"])


@pytest.mark.usefixtures("town")
async def test_ways_are_worked_out_once_for_roads_and_cells(pool: db.Pool, conn: db.Connection) -> None:
    """Without roads there is nothing to do; new roads make the ways anew, and until then none are believed."""
    bare = await reads.read_city(conn, None)
    assert (bare.streets, bare.routes_wanted) == (None, None)
    await route_store.import_roads(conn, _detour(0.003))
    first = await _computed(pool, conn, bare)
    assert first.routes_wanted is None
    assert first.streets is not None
    x, y = first.city.grid.xy(np.array([NORTH + 0.0036]), np.array([MIDDLE]))
    assert first.streets.metres(np.zeros(1, np.intp), x, y)[0] == pytest.approx(400 + 2 * 307, abs=60)
    await route_store.import_roads(conn, _detour(0.006))
    stale = await reads.read_city(conn, first)
    assert stale.streets is None
    second = await _computed(pool, conn, first)
    assert second.streets is not None
    assert second.streets.metres(np.zeros(1, np.intp), x, y)[0] == pytest.approx(400 + 2 * 615, abs=60)
    assert (await reads.read_city(conn, second)) is second


async def test_an_order_is_timed_by_the_way_along_the_streets(pool: db.Pool, conn: db.Connection, town: Town) -> None:
    """A kilometre around the block takes longer than 400 m by the detour; ways of roads that are no more are none."""
    desk = Desk(pool, conn)
    await town.officer(79, north_m=0.0036 * 110_750)
    assert await _ordered(desk, await desk.open(town, key="k1")) == pytest.approx(60 + 399 * 1.35 / 1.3, abs=5)
    await route_store.import_roads(conn, _detour(0.003))
    await _computed(pool, conn)
    assert await street_store.way(conn, await town.cell(), NORTH + 0.0036, MIDDLE) == pytest.approx(1_014, abs=60)
    assert await _ordered(desk, await desk.open(town, key="k2")) == pytest.approx(60 + 1_014 / 1.3, abs=50)
    await route_store.import_roads(conn, _detour(0.006))
    assert await street_store.way(conn, await town.cell(), NORTH + 0.0036, MIDDLE) is None
    assert await _ordered(desk, await desk.open(town, key="k3")) == pytest.approx(60 + 399 * 1.35 / 1.3, abs=5)
