"""Late data costs what it touches: the fixes read and the rows written do not grow with the history before it."""

from typing import Any

import asyncpg
from structlog.testing import capture_logs

from runtime import db
from tests.support import lattice, patrols, pipelines
from tests.support.database import TestServer
from tests.support.patrols import MINUTE, T0, Fix, Said
from tracking.store.city import grid_store

DAY = 86_400_000
LATE = T0 + 180 * MINUTE
_WRITTEN = """
SELECT (SELECT count(*) FROM stays WHERE $1 IN (known_from, known_to, grown_at)) AS stays,
       (SELECT count(*) FROM stay_growth WHERE known_to = $1) AS stay_growth,
       (SELECT count(*) FROM runs WHERE known_from = $1) AS runs,
       (SELECT count(*) FROM run_history WHERE known_to = $1) AS run_history,
       (SELECT count(*) FROM lane WHERE kind = 'stay' AND body ->> 'known_to' IS NOT NULL) AS told
"""


def stood(start: int, minutes: range) -> list[Said]:
    """A device that goes to and fro in the first cell, with a fix every twenty seconds; all in one message."""
    times = range(start + minutes.start * MINUTE, start + minutes.stop * MINUTE, 20_000)
    lat, lon = lattice.SOUTH + lattice.STEP / 2, lattice.WEST + lattice.STEP / 2
    there = [
        Fix(device="cam-1", t=t, lat=lat, lon=lon + (n % 2) * 60 / patrols.M_PER_LON, acc=5.0)
        for n, t in enumerate(times)
    ]
    return [patrols.message(there, times[-1] + 400)]


async def cost(url: str, days: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """What was computed again, and rows written, for ten minutes that come in hours late after days of history."""
    conn = await asyncpg.connect(url)
    await grid_store.import_file(conn, lattice.encoded(lattice.collection(2, 1)))
    async with pipelines.driven(url, T0 - days * DAY) as driven:
        for start in range(T0 - days * DAY, T0, DAY):
            await driven.take(stood(start, range(60)), start + 65 * MINUTE)
        await driven.take(stood(T0, range(30)), T0 + 31 * MINUTE)
        await driven.take(stood(T0, range(40, 60)), T0 + 65 * MINUTE)
        with capture_logs() as logs:
            await driven.take(stood(T0, range(30, 40)), LATE)
    again = [
        {"windows": log["windows"], "fixes": log["fixes"], "changes": log["changes"]}
        for log in logs
        if log["event"] == "stays computed again"
    ]
    written = await conn.fetchrow(_WRITTEN, db.moment(LATE))
    assert written is not None
    await conn.close()
    return again, dict(written)


async def test_late_data_costs_the_same_after_any_history(postgres: TestServer) -> None:
    """One window with the fixes of its own run is computed again, and the same few rows change after 1 day and 9."""
    costs = []
    for days in (1, 9):
        url = await postgres.create()
        costs.append(await cost(url, days))
        await postgres.drop(url)
    again, written = costs[0]
    assert costs[1] == (again, written)
    assert [(one["windows"], one["fixes"]) for one in again] == [(1, 180)]
    assert 0 < sum(written.values()) <= 12
