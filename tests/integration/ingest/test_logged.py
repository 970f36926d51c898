"""Events on a real database: what was logged in a cell makes its stay a visit, whenever it comes in."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from ingest.run import loaded_city, rebuild
from ingest.run.rebuild import RebuildCheck, RebuildResult
from tests.support import lattice, patrols, pipelines
from tests.support.patrols import T0, Said
from tracking.store.city import grid_store

if TYPE_CHECKING:
    from runtime import db

PLACE = {"lat": lattice.SOUTH + lattice.STEP / 2, "lon": lattice.WEST + lattice.STEP / 2, "acc": 5.0}
ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
END = T0 + 3_600_000


def fixes(seconds: range) -> Said:
    """An officer who stands in the middle of a cell."""
    body = [{**PLACE, "t": T0 + s * 1000} for s in seconds]
    return Said(arrives=T0, topic=f"patrol/v1/{patrols.UNIT}/cam-1/fix", payload=json.dumps(body).encode())


def event(kind: str = "05.01") -> Said:
    """What the officer deals with there in the sixth minute."""
    body = {**PLACE, "t": T0 + 305_000, "id": ULID, "type": kind}
    return Said(arrives=T0, topic=f"patrol/v1/{patrols.UNIT}/cam-1/event", payload=json.dumps(body).encode())


async def known(conn: "db.Connection") -> list[tuple[Any, ...]]:
    """Stays as they are known now."""
    rows = await conn.fetch("SELECT t_in, t_out, dwell_ms, path_m, kind, open FROM stays WHERE known_to IS NULL")
    return [tuple(row) for row in rows]


@pytest.fixture
async def grid(conn: "db.Connection") -> None:
    """Two cells of about 200 m side by side."""
    await grid_store.import_file(conn, lattice.encoded(lattice.collection(2, 1)))


ORDERS = {
    "with its fixes": [[fixes(range(0, 600, 10)), event()]],
    "before any fix": [[event()], [fixes(range(0, 600, 10))]],
    "between two fixes": [[fixes(range(0, 301, 10))], [event()], [fixes(range(310, 600, 10))]],
    "ahead of buffered fixes": [[fixes(range(0, 200, 10))], [event()], [fixes(range(200, 600, 10))]],
    "behind its fixes": [[fixes(range(0, 400, 10))], [event()], [fixes(range(400, 600, 10))]],
    "after all": [[fixes(range(0, 600, 10))], [event()]],
}


@pytest.mark.usefixtures("grid")
@pytest.mark.parametrize("restarts", [False, True], ids=["one worker", "a worker for each batch"])
@pytest.mark.parametrize("parts", ORDERS.values(), ids=ORDERS.keys())
async def test_an_event_makes_the_visit_in_any_order_of_arrival(
    conn: "db.Connection", database_url: str, parts: list[list[Said]], *, restarts: bool
) -> None:
    """Ten minutes on one spot with an event are one valid visit, and a rebuild says the same."""
    groups = [[part] for part in parts] if restarts else [parts]
    for group in groups:
        async with pipelines.driven(database_url, T0 + 700_000) as driven:
            for part in group:
                await driven.take(part, T0 + 700_000)
    async with pipelines.driven(database_url, T0 + 700_000) as driven:
        await driven.take([], END)
    assert [(stay[2], stay[4], stay[5]) for stay in await known(conn)] == [(590_000, "visit", False)]
    found = RebuildResult()
    for device in await rebuild.devices(conn, None):
        await RebuildCheck(await loaded_city.load(conn), END).check(conn, device, T0, END, found)
    assert found.runs == 1
    assert found.differences == []


@pytest.mark.usefixtures("grid")
async def test_a_late_event_amends_the_stay_and_both_versions_are_kept(
    conn: "db.Connection", database_url: str
) -> None:
    """What was known before the event stays known as of then, and says why it ended."""
    async with pipelines.driven(database_url, T0 + 700_000) as driven:
        await driven.take([fixes(range(0, 600, 10))], T0 + 700_000)
        await driven.take([], END)
        assert [stay[4] for stay in await known(conn)] == ["short"]
        await driven.take([event()], END + 1_000)
    rows = await conn.fetch("SELECT kind, known_to IS NULL AS current, reason FROM stays ORDER BY known_from, id")
    assert [(row["kind"], row["current"]) for row in rows] == [("short", False), ("visit", True)]
    assert json.loads(rows[0]["reason"])["kind"] == "event"


@pytest.mark.usefixtures("grid")
@pytest.mark.parametrize(("kind", "worth"), [("sos", "short"), ("sign_in", "short"), ("checkpoint", "visit")])
async def test_a_signal_is_no_work_in_the_cell_but_a_checkpoint_is(
    conn: "db.Connection", database_url: str, kind: str, worth: str
) -> None:
    """Signing in, or calling for help, makes no visit of standing about; reading a tag does."""
    async with pipelines.driven(database_url, T0 + 700_000) as driven:
        await driven.take([fixes(range(0, 600, 10)), event(kind)], T0 + 700_000)
        await driven.take([], END)
    assert [stay[4] for stay in await known(conn)] == [worth]
