"""What could be seen at a moment is answered again later, to the second: for cells, areas and alerts."""

from collections.abc import Sequence

import asyncpg
import pytest

from alerts.run import watch
from alerts.store import past
from alerts.store.store import AlertStore
from runtime import db
from schemas import alerting, rest
from tests.support import lattice, patrols, pipelines
from tracking.store.city import grid_store
from web.store import coverage

STEP_MIN = 5.0


async def shown(conn: db.Connection, at: int, known: int | None) -> list[Sequence[rest.Model]]:
    """Coverage of cells and areas at a moment."""
    place = await coverage.load_place(conn)
    basis, arrivals = await coverage.read_inputs(conn, place, at, known)
    judged = coverage.judge(place, basis, arrivals, at)
    drives = await coverage.drive_throughs(conn, judged, known)
    cells = [coverage.of_cell(judged, row, drives) for row in range(len(place.city.cells))]
    return [cells, *(coverage.of_areas(judged, level, drives) for level in ("grid", "street", "district"))]


@pytest.mark.parametrize("seed", range(2))
async def test_coverage_as_known_is_what_was_shown(database_url: str, seed: int) -> None:
    """A shift is replayed as it arrived; what was shown at each step is what `known` gives when all is over."""
    conn = await asyncpg.connect(database_url)
    await grid_store.import_file(conn, lattice.encoded(lattice.collection(4, 1)))
    await conn.execute(
        "INSERT INTO rule_versions (kind, scope, body, valid_from, made_by) "
        "VALUES ('plan', 'grid:G0', $1, 'epoch', 'x')",
        '{"visits": [{"hours": [["00:00", "12:00"], ["12:00", "24:00"]], "n": 3}]}',
    )
    seen: list[tuple[int, list[Sequence[rest.Model]], list[alerting.Alert]]] = []
    async with pipelines.driven(database_url, patrols.T0) as driven, asyncpg.create_pool(database_url) as pool:
        watcher = watch.Watcher(pool, now=driven.clock)
        for now, said in patrols.by_minutes(patrols.shift(seed, minutes=110), STEP_MIN):
            await driven.take(said, now)
            await watcher.look_once(conn)
            seen.append((now, await shown(conn, now, None), await AlertStore(pool).open()))
    states = {cell.state for _, (cells, *_), _ in seen for cell in cells if isinstance(cell, rest.CellCoverage)}
    assert len(states) >= 3, "the shift shows too little"
    amended = await conn.fetchval("SELECT count(*) FROM stays WHERE reason IS NOT NULL")
    assert amended > 0, "nothing came late"
    differs = 0
    for now, then, alerts in seen:
        assert await shown(conn, now, now) == then
        differs += await shown(conn, now, None) != then
        stood, more = await past.standing(conn, now, limit=1000)
        assert more is None
        assert {(one.id, one.level, one.state, one.text_en) for one in stood} == {
            (one.id, one.level, one.state, one.text_en) for one in alerts
        }
    assert differs > 0, "late data changed nothing that was shown"
    await conn.close()
