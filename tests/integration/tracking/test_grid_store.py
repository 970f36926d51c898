"""Import of grids into a real database."""

import json
from typing import Any

import pytest

from tests.support import lattice
from tracking import db, grid_store
from tracking.grid_faults import FaultKind
from tracking.grid_store import ImportResult


async def _import(conn: db.Connection, document: Any) -> ImportResult:
    result = await grid_store.import_file(conn, lattice.encoded(document))
    assert isinstance(result, ImportResult), [str(fault) for fault in result]
    return result


async def test_import_file_stores_areas_and_cells(conn: db.Connection) -> None:
    """A valid file becomes areas and cells in force, and viewers are told."""
    result = await _import(conn, lattice.collection(3, 2))
    assert result == ImportResult(cells=6, added=6, changed=0, ended=0, areas=4)
    row = await conn.fetchrow("SELECT * FROM cells WHERE code = '441302010001001'")
    assert row is not None
    assert (row["name"], row["grid"], row["class"], row["synthetic"]) == ("小金口-01", "G0", "business", True)
    assert row["area_m2"] == pytest.approx(45_380, rel=0.01)
    assert json.loads(row["geometry"])["coordinates"] == [lattice.square(0, 0)]
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
    assert await conn.fetchval("SELECT count(*) FROM cells WHERE valid_to IS NULL") == 2
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
    assert await conn.fetchval("SELECT count(*) FROM cells WHERE name = '改名'") == 0


async def test_import_file_takes_new_names_and_lifted_codes(conn: db.Connection) -> None:
    """Name, class and the spelling of a code may change: it is the same cell with the same number."""
    document = lattice.collection(2, 1)
    for number, feature in enumerate(document["features"][3:], 1):
        feature["properties"]["code"] = f"441302010001{number:02d}"
    await _import(conn, document)
    before = await conn.fetchval("SELECT id FROM cells WHERE code = '44130201000101'")
    lifted = lattice.collection(2, 1)
    lifted["features"][3]["properties"] |= {"name": "新名", "class": "residential"}
    assert await _import(conn, lifted) == ImportResult(cells=2, added=0, changed=2, ended=0, areas=0)
    row = await conn.fetchrow("SELECT id, name, class FROM cells WHERE code = '441302010001001'")
    assert row is not None
    assert tuple(row) == (before, "新名", "residential")


async def test_import_file_leaves_other_districts_alone(conn: db.Connection) -> None:
    """A file speaks of its own districts only."""
    await _import(conn, lattice.collection(2, 1))
    text = json.dumps(lattice.collection(2, 1)).replace("441302", "441303").replace('"G0"', '"H0"')
    result = await grid_store.import_file(conn, text.encode())
    assert isinstance(result, ImportResult)
    assert (result.added, result.ended) == (2, 0)


async def test_import_file_reports_classes_this_database_lacks(conn: db.Connection) -> None:
    """Classes are data: what is not in the table is a fault of the file."""
    document = lattice.collection(1, 1)
    document["features"][3]["properties"]["class"] = "harbour"
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(document)), list)
    await conn.execute("INSERT INTO cell_classes VALUES ('harbour', '港口', 'harbour')")
    assert (await _import(conn, document)).added == 1
