"""Import of grids into a real database."""

import json
from typing import Any

import numpy as np
import pytest

from runtime import db
from tests.support import lattice
from tracking.city.grid_faults import FaultKind
from tracking.geometry.lookup import EVER
from tracking.store.city import city, division_store, grid_store, judging
from tracking.store.city.grid_store import GridImportResult

IN_FORCE = """
SELECT c.id, v.* FROM division_cells v JOIN divisions d ON d.id = v.division JOIN cells c ON c.id = v.cell
WHERE d.valid_to IS NULL
"""


async def _import(conn: db.Connection, document: Any) -> GridImportResult:
    result = await grid_store.import_file(conn, lattice.encoded(document))
    assert isinstance(result, GridImportResult), [str(fault) for fault in result]
    return result


async def test_import_file_stores_areas_and_cells(conn: db.Connection) -> None:
    """A valid file becomes areas and cells in force, and viewers are told."""
    result = await _import(conn, lattice.collection(3, 2))
    assert result == GridImportResult(cells=6, added=6, changed=0, ended=0, areas=4, since=EVER)
    row = await conn.fetchrow(IN_FORCE + "AND v.code = '441302010001001'")
    assert row is not None
    assert (row["name"], row["grid"], row["class"], row["synthetic"]) == ("小金口-01", "G0", "business", True)
    drawn = await conn.fetchrow("SELECT area_m2, geometry FROM cells WHERE id = $1", row["id"])
    assert drawn is not None
    assert drawn["area_m2"] == pytest.approx(45_380, rel=0.01)
    assert json.loads(drawn["geometry"])["coordinates"] == [lattice.square(0, 0)]
    assert await conn.fetchval("SELECT body FROM lane WHERE kind = 'grid'") is not None


async def test_import_file_changes_nothing_the_second_time(conn: db.Connection) -> None:
    """The same file again has no effect, also when its rings begin elsewhere."""
    await _import(conn, lattice.collection(3, 2))
    document = lattice.collection(3, 2)
    ring = document["features"][4]["geometry"]["coordinates"][0]
    document["features"][4]["geometry"]["coordinates"][0] = [*ring[2:-1], *ring[:3]]
    assert not (await _import(conn, document)).anything
    assert await conn.fetchval("SELECT count(*) FROM lane WHERE kind = 'grid'") == 1
    assert await conn.fetchval("SELECT value FROM meta WHERE key = $1", grid_store.VERSION_KEY) == "1"


async def test_import_file_ends_cells_that_are_missing(conn: db.Connection) -> None:
    """A cell that is not in the file goes out of force, is kept, and its code is never used again."""
    await _import(conn, lattice.collection(3, 1))
    smaller = lattice.collection(3, 1)
    gone = smaller["features"].pop()
    assert (await _import(conn, smaller)).ended == 1
    assert len(await conn.fetch(IN_FORCE)) == 2
    smaller["features"].append(gone)
    faults = await grid_store.import_file(conn, lattice.encoded(smaller))
    assert isinstance(faults, list)
    assert [(fault.kind, fault.feature) for fault in faults] == [(FaultKind.REUSED, 5)]


async def test_import_file_refuses_another_boundary(conn: db.Connection) -> None:
    """A code that stands for another boundary is refused, and nothing of the file is taken."""
    await _import(conn, lattice.collection(2, 1))
    document = lattice.collection(2, 1)
    for feature in document["features"][3:]:
        feature["properties"]["name"] = "改名"
    east = document["features"][4]["geometry"]["coordinates"][0]
    east[1][0] += 0.001
    east[2][0] += 0.001
    faults = await grid_store.import_file(conn, lattice.encoded(document))
    assert isinstance(faults, list)
    assert [(fault.kind, fault.code) for fault in faults] == [(FaultKind.CHANGED, "441302010001002")]
    assert await conn.fetchval("SELECT count(*) FROM division_cells WHERE name = '改名'") == 0


async def test_import_file_takes_new_names_and_lifted_codes(conn: db.Connection) -> None:
    """Name, class and the spelling of a code may change: it is the same cell with the same number."""
    document = lattice.collection(2, 1)
    for number, feature in enumerate(document["features"][3:], 1):
        feature["properties"]["code"] = f"441302010001{number:02d}"
    await _import(conn, document)
    before = await conn.fetchval("SELECT id FROM cells WHERE code = '44130201000101'")
    lifted = lattice.collection(2, 1)
    lifted["features"][3]["properties"] |= {"name": "新名", "class": "residential"}
    result = await _import(conn, lifted)
    assert (result.added, result.changed, result.ended, result.areas) == (0, 2, 0, 0)
    row = await conn.fetchrow(IN_FORCE + "AND v.code = '441302010001001'")
    assert row is not None
    assert (row["id"], row["name"], row["class"]) == (before, "新名", "residential")


async def test_import_file_leaves_other_districts_alone(conn: db.Connection) -> None:
    """A file speaks of its own districts only."""
    await _import(conn, lattice.collection(2, 1))
    text = json.dumps(lattice.collection(2, 1)).replace("441302", "441303").replace('"G0"', '"H0"')
    result = await grid_store.import_file(conn, text.encode())
    assert isinstance(result, GridImportResult)
    assert (result.added, result.ended) == (2, 0)


async def test_import_file_reports_classes_this_database_lacks(conn: db.Connection) -> None:
    """Classes are data: what is not in the table is a fault of the file."""
    document = lattice.collection(1, 1)
    document["features"][3]["properties"]["class"] = "harbour"
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(document)), list)
    await conn.execute("INSERT INTO cell_classes VALUES ('harbour', '港口', 'harbour')")
    assert (await _import(conn, document)).added == 1


def _split(columns: int) -> Any:
    """The row of cells with the first one halved: its east half has a new code, of the west half nothing is left."""
    document = lattice.collection(columns, 1)
    east = lattice.square(0, 0)
    west = east[0][0] + lattice.STEP / 2
    east[0][0] = east[3][0] = east[4][0] = west
    document["features"][3] = lattice.cell(90, east, "G0", "residential")
    return document


async def test_import_file_holds_from_the_moment_given(conn: db.Connection) -> None:
    """Each moment has its cells, and what was known of it; the first division holds for all time before."""
    await _import(conn, lattice.collection(2, 1))
    at = db.millis(await conn.fetchval("SELECT now()")) - 86_400_000
    result = await grid_store.import_file(conn, lattice.encoded(_split(2)), valid_from=at)
    assert isinstance(result, GridImportResult)
    assert (result.added, result.ended, result.since) == (1, 1, at)
    before, after = await city.load(conn, at - 1), await city.load(conn, at)
    assert [cell.code[-3:] for cell in before.cells] == ["001", "002"]
    assert [(cell.code[-3:], cell.begins) for cell in after.cells] == [("002", EVER), ("090", at)]
    assert [cell.code[-3:] for cell in (await city.load(conn, at, at)).cells] == ["001", "002"]
    assert after.grid.xy(np.array([23.08]), np.array([114.4])) == before.grid.xy(np.array([23.08]), np.array([114.4]))


async def test_import_file_refuses_what_would_come_before_the_newest(conn: db.Connection) -> None:
    """A division that is yet to come is replaced by one for the same moment, and nothing is put before it."""
    await _import(conn, lattice.collection(2, 1))
    soon = db.millis(await conn.fetchval("SELECT now()")) + 86_400_000
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(_split(2)), valid_from=soon), GridImportResult)
    assert [cell.code[-3:] for cell in (await city.load(conn)).cells] == ["001", "002"]
    faults = await grid_store.import_file(conn, lattice.encoded(lattice.collection(3, 1)))
    assert isinstance(faults, list)
    assert [fault.kind for fault in faults] == [FaultKind.TOO_EARLY]
    again = await grid_store.import_file(conn, lattice.encoded(lattice.collection(2, 1)), valid_from=soon)
    assert isinstance(again, GridImportResult)
    assert (again.added, again.ended) == (1, 1)
    assert [cell.code[-3:] for cell in (await city.load(conn, soon)).cells] == ["001", "002"]
    assert len(await division_store.all_divisions(conn)) == 2


async def test_an_import_for_the_past_makes_windows_of_what_was_judged(conn: db.Connection) -> None:
    """Of the runs that reach beyond the moment, from it on; in the transaction of the import."""
    await _import(conn, lattice.collection(2, 1))
    await conn.execute("DELETE FROM dirty_windows")
    now = await conn.fetchval("SELECT now()")
    runs = [(1, 30, 20), (1, 15, 5), (2, 12, 11)]
    await conn.executemany(
        "INSERT INTO runs "
        "SELECT $1, $2::timestamptz - $3 * interval '1 h', 0, 0, $2 - $4 * interval '1 h', 0, 0, false",
        [(device, now, first, last) for device, first, last in runs],
    )
    at = db.millis(now) - 10 * 3_600_000
    version = await judging.version(conn)
    await grid_store.import_file(conn, lattice.encoded(_split(2)), valid_from=at)
    rows = await conn.fetch("SELECT device, t_lo, t_hi, cause FROM dirty_windows")
    assert [(row["device"], db.millis(row["t_lo"]), row["cause"]) for row in rows] == [(1, at, "rules")]
    assert await judging.version(conn) != version
