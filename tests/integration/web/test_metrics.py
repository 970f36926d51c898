"""Figures of the web process that lie in the database."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runtime.clock import wall_clock
from tests.support import web
from tracking.store.city.sight import WHOLE_CITY
from tracking.store.tracks import minute_store
from web.store import queries

if TYPE_CHECKING:
    from runtime import db


async def test_fixes_of_the_last_hour_are_counted_by_the_minute(conn: "db.Connection") -> None:
    """Those of the hour, of the units in sight; what is older is not counted, what is old is forgotten."""
    ids = await conn.fetch("INSERT INTO devices (name, unit) VALUES ('a', 'u'), ('b', 'u'), ('c', 'v') RETURNING id")
    now = wall_clock()
    counted = minute_store.MinuteCounts()
    for unit in (0, 0, 1):
        counted.note(now - np.arange(150) * 60_000 - 30_000, np.full(150, unit, np.int32), ["u", "v"], now)
    for _ in range(2):  # the second time there is nothing more to add
        await counted.store(conn)
    assert await conn.fetchval("SELECT sum(fixes) FROM unit_minutes") == 3 * 120
    moment = datetime.now(UTC)
    assert (await queries.counts(conn, moment, "UTC", WHOLE_CITY))["fixes"] in (177, 180, 183)
    seen = replace(WHOLE_CITY, devices=frozenset({ids[2]["id"]}), units=frozenset({"v"}))
    assert (await queries.counts(conn, moment, "UTC", seen))["fixes"] in (59, 60, 61)
    await minute_store.trim(conn, now + 3_600_000)
    assert await conn.fetchval("SELECT sum(fixes) FROM unit_minutes") in (3 * 59, 3 * 60, 3 * 61)


async def test_metrics_have_what_waits_in_the_database(server: web.WebServer, conn: "db.Connection") -> None:
    """Queues with their ages, workers and alerts are there for Prometheus, beside the process's own figures."""
    await conn.execute("INSERT INTO dirty_windows (device, t_lo, t_hi, received) "
                       "VALUES (1, now(), now(), now() - interval '2 h')")  # fmt: skip
    await conn.execute("INSERT INTO workers VALUES ('w-9', now(), now() - interval '1 h', '{none}', '{}')")
    await conn.execute("INSERT INTO workers VALUES ('w-8', now(), now(), '{+}', '{}', false, now())")
    await conn.execute(
        "INSERT INTO alerts (key, kind, level, opened_at, updated_at, state, facts, ended_at) "
        "SELECT n::text, 'sos', level, now(), now(), state, '{}', ended "
        "FROM (VALUES (1, 'red', 'open', NULL), (2, 'red', 'open', NULL), (3, 'orange', 'closed', now())) "
        "AS v(n, level, state, ended)"
    )
    async with server.client() as client:
        text = (await client.get("/metrics")).text
    told = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}
    assert told["patrol_windows_waiting"] == 1
    assert told["patrol_windows_oldest_seconds"] == pytest.approx(7_200, abs=60)
    assert told['patrol_worker_heartbeat_age_seconds{worker="w-9"}'] == pytest.approx(3_600, abs=60)
    assert 'patrol_worker_heartbeat_age_seconds{worker="w-8"}' not in told
    assert (told["patrol_deliveries_waiting"], told["patrol_commands_oldest_seconds"]) == (0, 0)
    assert told["patrol_units_unserved"] == 1
    assert told["patrol_database_bytes"] > 1_000_000
    assert (told['patrol_alerts_open{level="red"}'], told['patrol_alerts_open{level="orange"}']) == (2, 0)
    assert "patrol_wal_archive_failing" not in told
    assert told["patrol_live_viewers"] == 0
