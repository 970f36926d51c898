"""Indicators over REST, of places and of people, against what was put in."""

import csv
from typing import TYPE_CHECKING, Any

import pytest

from runtime import db
from schemas import rest
from tests.integration.web.conftest import store_fixes
from tests.support import observed, web
from tracking.presence.fixes import FixColumns
from tracking.store.city import people_store
from tracking.store.tracks import hour_store

if TYPE_CHECKING:
    from runtime.db import Connection

START = 1_788_393_600_000
"""2026-09-03 08:00 in the city."""
MINUTE = 60_000
HOUR = 60 * MINUTE


def rfc(minute: float) -> str:
    """RFC 3339 of a minute after START."""
    return rest.rfc3339(db.moment(START + round(minute * MINUTE)))


async def stay(
    conn: "Connection", device: int, start: float, end: float, *, kind: str = "visit", path: float = 200
) -> None:
    """A stay in the cell, in minutes after START."""
    await conn.execute(
        "INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from) "
        "SELECT $1, id, $2, $3, $4, $5, 9, $6, false, $3 FROM cells",
        device, db.moment(START + round(start * MINUTE)), db.moment(START + round(end * MINUTE)),
        round((end - start) * MINUTE), path, kind,
    )  # fmt: skip


async def run(conn: "Connection", device: int, start: float, end: float) -> None:
    """Fixes without a gap, in the cell."""
    await conn.execute(
        "INSERT INTO runs VALUES ($1, $2, 23.105, 114.405, $3, 23.105, 114.405, false)",
        device, db.moment(START + round(start * MINUTE)), db.moment(START + round(end * MINUTE)),
    )  # fmt: skip


@pytest.fixture
async def patrolled(conn: "Connection", devices: dict[str, int], cell: str) -> dict[str, int]:
    """A cell observed from 07:00 on with two visits and a drive; an officer on a shift from 08:00 to 16:00."""
    assert cell
    await observed.observed(conn, START - HOUR)
    await conn.execute("UPDATE units SET area = '441302001' WHERE code = 'team-1'")
    one = devices["cam-1"]
    officers = await people_store.add_officers(conn, [("b-1", "张三", "team-1"), ("b-2", "李四", "team-1")])
    await people_store.bind(conn, one, officers["b-1"], START - 2 * HOUR, "test")
    await people_store.add_shifts(
        conn, [(number, None, START, START + 8 * HOUR, "patrol") for number in officers.values()]
    )
    await stay(conn, one, 5, 65)
    await stay(conn, one, 125, 245)
    await stay(conn, one, 300, 301, kind="drive_through", path=800)
    await run(conn, one, -10, 100)
    await run(conn, one, 110, 470)
    # The device is off after its shift, and said so.
    await conn.execute("INSERT INTO sign_offs VALUES ($1, $2)", one, db.moment(START + 470 * MINUTE))
    return officers


async def asked(server: web.WebServer, **query: Any) -> list[dict[str, Any]]:
    """Indicators of the shift."""
    async with server.client() as client:
        answer = await client.get("/api/v1/indicators", params={"from": rfc(0), "to": rfc(480), **query})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["from"], answer.json()["to"]) == (
            rfc(0).replace(".000", ""),
            rfc(480).replace(".000", ""),
        )
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


async def test_places_are_told_with_owner_and_sufficiency(server: web.WebServer, patrolled: dict[str, int]) -> None:
    """Residential limit 240 min; waits of 65, 60 and 235 min: always within it; 08:00 begins with an hour's wait."""
    assert patrolled
    grid = (await asked(server, level="grid"))[0]
    assert (grid["code"], grid["name"], grid["owner"]) == ("44130200101", "一网格", "team-1")
    assert (grid["cells"], grid["visited"], grid["not_visited"], grid["unknown"]) == (1, 1, 0, 0)
    assert (grid["coverage"], grid["completion"], grid["compliance"]) == (1, 1, 1)
    assert (grid["visits"], grid["drive_throughs"], grid["worst_s"]) == (2, 1, 235 * 60)
    mean = ((65**2 - 60**2) + 60**2 + 235**2) / 2 / 480
    assert grid["idle_mean_s"] == pytest.approx(mean * 60)
    assert grid["gap_mean_s"] == pytest.approx((65 + 60) / 2 * 60)
    assert grid["sufficiency"] == {
        "known_cells": 1, "known_time": 1, "observed": 1, "roads_told": 1, "checkpoints_told": 1,
    }  # fmt: skip
    for level, code in (("cell", "44130200100101"), ("street", "441302001"), ("district", "441302")):
        assert [(row["code"], row["visits"]) for row in await asked(server, level=level)] == [(code, 2)]


async def test_required_visits_are_counted_by_the_plan(
    server: web.WebServer, conn: "Connection", patrolled: dict[str, int]
) -> None:
    """Three visits a shift are required and no silence hides one: two were made, the cell is not visited."""
    assert patrolled
    await conn.execute("DELETE FROM runs WHERE t_first > $1", db.moment(START))
    await conn.execute("UPDATE runs SET t_last = $1", db.moment(START + 470 * MINUTE))
    await conn.execute(
        "INSERT INTO rule_versions (kind, scope, body, valid_from, made_by) "
        "VALUES ('plan', 'grid:44130200101', $1, $2, 'x')",
        '{"visits": [{"days": ["workday"], "hours": [["08:00", "16:00"]], "n": 3}]}',
        db.moment(START - HOUR),
    )
    grid = (await asked(server, level="grid"))[0]
    assert (grid["visited"], grid["not_visited"], grid["completion"]) == (0, 1, pytest.approx(2 / 3))


async def test_silence_makes_a_cell_unknown(
    server: web.WebServer, conn: "Connection", patrolled: dict[str, int]
) -> None:
    """Without the sign-off and the visits the device may have been there: neither covered nor a failure."""
    assert patrolled
    await conn.execute("DELETE FROM stays")
    await conn.execute("UPDATE runs SET t_last = t_first + interval '1 min'")
    grid = (await asked(server, level="grid"))[0]
    assert (grid["visited"], grid["not_visited"], grid["unknown"]) == (0, 0, 1)
    assert (grid["coverage"], grid["sufficiency"]["known_cells"]) == (None, 0)


async def test_time_between_cells_makes_a_cell_unknown(
    server: web.WebServer, conn: "Connection", devices: dict[str, int], patrolled: dict[str, int]
) -> None:
    """Who was on the boundary may have visited the cell: no failure, and no visit either; one that is sure counts."""
    assert patrolled
    await conn.execute("DELETE FROM stays WHERE device > 0")
    await conn.execute("DELETE FROM runs WHERE device > 0")
    await run(conn, devices["cam-1"], 0, 480)
    counts = "visited", "not_visited", "unknown"
    await conn.execute("UPDATE runs SET lat_first = -23, lat_last = -23 WHERE device > 0")
    grid = (await asked(server, level="grid"))[0]
    assert [grid[name] for name in counts] == [0, 1, 0]
    await stay(conn, devices["cam-1"], 30, 50, kind="between")
    grid = (await asked(server, level="grid"))[0]
    assert ([grid[name] for name in counts], grid["visits"]) == ([0, 0, 1], 0)
    await stay(conn, devices["cam-1"], 100, 120)
    grid = (await asked(server, level="grid"))[0]
    assert ([grid[name] for name in counts], grid["visits"]) == ([1, 0, 0], 1)


async def test_officers_are_told_by_their_shifts(
    server: web.WebServer, conn: "Connection", devices: dict[str, int], patrolled: dict[str, int]
) -> None:
    """One came at 08:05 and was in the area for 181 min; the other has no device: no track, nothing assessed."""
    assert patrolled
    one = devices["cam-1"]
    times = [START + n * MINUTE for n in range(10)]
    received = [t + (120_000 if n < 2 else 1000) for n, t in enumerate(times)]
    await store_fixes(conn, one, times, received=received, flags=[6] * 6 + [2] * 2 + [0] * 2)
    await hour_store.add(
        conn,
        FixColumns.from_columns(10, device=[one] * 10, t=times, received=received, flags=[6] * 6 + [2] * 2 + [0] * 2),
    )
    await hour_store.fold(conn)
    first, second = await asked(server, level="officer")
    assert (first["code"], first["name"], first["unit"], first["shifts"]) == ("b-1", "张三", "team-1", 1)
    assert (first["expected_s"], first["covered_s"]) == (8 * 3600, (100 + 360 + 2) * 60)
    assert (first["on_post_s"], first["way_m"], first["drive_m"]) == (181 * 60, 400, 800)
    assert first["arrivals"] == {"on_time": 1, "late": 0, "absent": 0, "unknown": 0}
    assert (first["fixes"], first["late_share"], first["recorder_share"]) == (10, 0.2, 0.75)
    assert (second["code"], second["completeness"], second["assessable"], second["on_post_rate"]) == (
        "b-2",
        0,
        False,
        None,
    )
    assert second["arrivals"]["unknown"] == 1
    by_device = {row["code"]: row for row in await asked(server, level="device")}
    assert (by_device["cam-1"]["visits"], by_device["cam-1"]["shifts"], by_device["cam-1"]["fixes"]) == (2, 1, 10)
    assert (by_device["cam-2"]["visits"], by_device["cam-2"]["completeness"]) == (0, None)


async def test_events_are_told_by_recorder_and_second_officer(
    server: web.WebServer, conn: "Connection", devices: dict[str, int], patrolled: dict[str, int]
) -> None:
    """The recorder ran before one of two events; a second officer was 30 m away at one of them. Signals are none."""
    assert patrolled
    one, two = devices["cam-1"], devices["cam-2"]
    seconds = list(range(0, 600, 10))
    times = [START + 130 * MINUTE + s * 1000 for s in seconds]
    await store_fixes(conn, one, times, flags=[6 if s < 200 else 2 for s in seconds])
    await store_fixes(conn, two, times, lat=[23.105 + (30 if s < 200 else 300) / 111_195 for s in seconds])
    await stay(conn, two, 130, 140, kind="short")
    for number, (s, kind) in enumerate(
        [(100, "05.01"), (400, "05.01"), (90, "sign_in"), (410, "sos"), (420, "checkpoint")]
    ):
        await conn.execute(
            "INSERT INTO events (id, device, t, received, lat, lon, type, cell) "
            "SELECT $1, $2, $3, $3, 23.105, $4, $5, id FROM cells",
            f"01HZZZZZZZZZZZZZZZZZZZZZZ{number}",
            one,
            db.moment(times[0] + s * 1000),
            114.401 + 1e-5 * (s // 10),
            kind,
        )
    first = (await asked(server, level="officer"))[0]
    assert (first["events"], first["events_recorded"], first["events_two"]) == (2, 0.5, 0.5)


async def test_indicators_as_csv(server: web.WebServer, patrolled: dict[str, int]) -> None:
    """All rows of a level for a spreadsheet, null as nothing."""
    assert patrolled
    async with server.client() as client:
        answer = await client.get(
            "/api/v1/indicators", params={"from": rfc(0), "to": rfc(480)}, headers={"Accept": "text/csv"}
        )
        names, row = answer.text.removeprefix("\ufeff").splitlines()
        told = dict(zip(names.split(","), next(csv.reader([row])), strict=True))
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert (told["code"], told["owner"], told["sufficiency.known_cells"]) == ("44130200101", "team-1", "1.0")
        assert told["coverage_road"] == ""
        assert told["export"].startswith("patrolgrid export")
        for query in ({"from": rfc(0), "to": rfc(-9)}, {"from": rfc(-99_999)}, {"level": "planet"}, {"interval_s": 0}):
            refused = await client.get("/api/v1/indicators", params=query)
            assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
