"""After fixes were dropped: what was computed from them stands, whatever comes late, is rebuilt, or a hold kept."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from ingest.run import passes
from runtime import db
from tests.integration.ingest.test_rebuild import looked, stored
from tests.support import lattice, patrols, pipelines
from tests.support.patrols import Said
from tests.support.pipelines import Driven
from tracking.records.retention import DAY_MS, GRACE_MS, DataClass
from tracking.store.city import grid_store
from tracking.store.records import hold_store, retention_store
from tracking.store.records.hold_store import NewHold

HOUR = 3_600_000
DAYS = 30
LATER = patrols.T0 + DAYS * DAY_MS + GRACE_MS + HOUR // 2
"""The pass drops the first half hour of the shift."""


@pytest.fixture
async def driven(database_url: str) -> AsyncIterator[Driven]:
    """A city after a shift whose first half hour was dropped, but for four minutes that a hold keeps."""
    conn = await asyncpg.connect(database_url)
    await grid_store.import_file(conn, lattice.encoded(lattice.collection(4, 1)))
    async with pipelines.driven(database_url, patrols.T0) as made:
        for now, said in patrols.by_minutes(patrols.shift(3, devices=2, minutes=90), 5):
            await made.take(said, now)
        await made.take([], patrols.T0 + 3 * HOUR)
        await retention_store.set_days(conn, DataClass.FIXES, DAYS, "test")
        lo, hi = (db.moment(patrols.T0 + n * patrols.MINUTE) for n in (10, 14))
        async with conn.transaction():
            await hold_store.place(conn, NewHold(why="case", t_from=lo, t_to=hi), "test", datetime.now(UTC))
        before = await stored(conn)
        n = await conn.fetchval("SELECT count(*) FROM fixes")
        dropped = await passes.Pass(conn, LATER).run()
        assert dropped is not None
        assert 0 < dropped[DataClass.FIXES] == n - await conn.fetchval("SELECT count(*) FROM fixes")
        outside = "SELECT count(*) FROM fixes WHERE t < $1 AND NOT (t >= $2 AND t < $3)"
        assert await conn.fetchval(outside, db.moment(LATER - DAYS * DAY_MS - GRACE_MS), lo, hi) == 0
        assert await conn.fetchval("SELECT count(*) FROM fixes WHERE t < $1", hi) > 0
        assert await stored(conn) == before
        await made.take([], LATER)  # every few seconds a worker looks for how long data is kept
        yield made
        await made.settle()
        assert await stored(conn) == before
    await conn.close()


async def refused(driven: Driven) -> int:
    """How many were refused as too old."""
    return int(
        await driven.pipeline.database.pool.fetchval(
            "SELECT coalesce(sum(n), 0) FROM refusal_counts WHERE reason = 'too_old'"
        )
    )


def said(t: int, kind: str = "fix") -> Said:
    """One fix or event of cam-1 at `t`."""
    body: dict[str, object] = {"t": t, "lat": lattice.SOUTH + 0.001, "lon": lattice.WEST + 0.001, "acc": 5.0}
    if kind == "event":
        body |= {"id": "01HZZZZZZZZZZZZZZZZZZZZZZZ", "type": "05.01"}
    topic = f"patrol/v1/{patrols.UNIT}/cam-1/{kind}"
    return Said(arrives=LATER, topic=topic, payload=json.dumps(body).encode())


async def test_late_fix_older_than_what_is_kept_is_refused_and_counted(driven: Driven) -> None:
    """One beside those that were dropped, and one beside those that the grace kept; no stay changes."""
    await driven.take(
        [said(patrols.T0 + 5 * patrols.MINUTE + 123), said(patrols.T0 + 50 * patrols.MINUTE + 123)], LATER
    )
    assert await refused(driven) == 2
    kept = await driven.pipeline.database.pool.fetch("SELECT reason, payload FROM refusals")
    assert [(row["reason"], row["payload"]) for row in kept] == [("too_old", None)] * 2


async def test_late_event_of_a_time_whose_fixes_are_gone_is_stored_alone(driven: Driven) -> None:
    """The event is kept; the stays of its time stay as they are, and nothing is left waiting."""
    await driven.take([said(patrols.T0 + 12 * patrols.MINUTE, "event")], LATER)
    assert await driven.pipeline.database.pool.fetchval("SELECT count(*) FROM events") == 1
    assert await driven.pipeline.database.pool.fetchval("SELECT count(*) FROM dirty_windows") == 0


async def test_rebuild_leaves_what_was_cut(driven: Driven) -> None:
    """The period before, the minutes a hold kept, and the run that was cut: none is compared, none differs."""
    async with driven.pipeline.database.pool.acquire() as conn:
        found = await looked(conn, patrols.T0 - HOUR, patrols.T0 + 2 * HOUR)
    assert found.differences == []
    assert found.runs > 0
