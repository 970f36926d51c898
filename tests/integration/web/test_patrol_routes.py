"""Roads and checkpoints over REST: imported, walked and passed, and told of in the indicators."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ingest.run.late import cleaner_routes
from runtime import db
from tests.integration.web.conftest import store_fixes
from tests.integration.web.test_indicators import HOUR, MINUTE, START, rfc
from tests.support import observed, web
from tracking.store.city import city, route_store
from tracking.store.tracks import fix_store, hour_store

if TYPE_CHECKING:
    from runtime.db import Connection

GEOJSON = {"Content-Type": "application/geo+json"}
CSV = {"Content-Type": "text/csv"}
EAST_M = 102_440.0
"""Metres in a degree of longitude there."""
LENGTH_M = 0.008 * EAST_M
POINTS = "code,name,lat,lon\nP1,东口,23.105,114.402\nP2,,23.105,114.4085\n"


def roads(*lines: list[list[float]]) -> bytes:
    """A GeoJSON file of lines."""
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": line}} for line in lines
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


STREET = roads([[114.401, 23.105], [114.409, 23.105]])


async def put(
    server: web.WebServer, what: str, body: bytes, kind: dict[str, str], *, dry_run: bool = False, status: int = 200
) -> Any:
    """Import a file."""
    async with server.client() as client:
        query = {"dry_run": "true"} if dry_run else {}
        answer = await client.post(f"/api/v1/{what}/import", content=body, headers=kind, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()


async def cell_of(server: web.WebServer, start: float = 0, end: float = 480) -> Any:
    """Indicators of the only cell."""
    async with server.client() as client:
        asked = {"from": rfc(start), "to": rfc(end), "level": "cell"}
        answer = await client.get("/api/v1/indicators", params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"][0]


async def gone_over(conn: "Connection", device: int, hour: int) -> None:
    """Compare an hour of a device with the patrol routes."""
    await cleaner_routes.compare(conn, await route_store.load(conn, (await city.load(conn)).grid), device, hour)


@pytest.fixture
async def watched(conn: "Connection", devices: dict[str, int], cell: str) -> int:
    """A cell that is observed from 07:00 on; the number of a device."""
    assert cell
    await observed.observed(conn, START - HOUR)
    return devices["cam-1"]


async def walked(conn: "Connection", device: int, begin: float, east_m: float, *, back: bool = False) -> None:
    """A walk along the street from its western end, a fix every 10 s, and counts of them; `begin` in minutes."""
    metres = np.arange(0, east_m + 1, 12.5)
    times = [START + round(begin * MINUTE) + 10_000 * n for n in range(len(metres))]
    lon = (114.401 + (metres[::-1] if back else metres) / EAST_M).tolist()
    await store_fixes(conn, device, times, lon=lon)
    await hour_store.add(conn, await fix_store.page_of(conn, device, times[0], times[-1], 20_000))
    await hour_store.fold(conn)


async def test_what_is_walked_and_passed_is_told_once_it_was_gone_over(
    server: web.WebServer, conn: "Connection", watched: int
) -> None:
    """Half of the street and one of two checkpoints; what was not gone over yet is null, not 0."""
    before = await cell_of(server)
    assert (before["coverage_road_by"], before["checkpoints"]["required"]) == ("visited", 0)
    made = await put(server, "roads", STREET, GEOJSON)
    assert (made["done"], made["added"], made["ended"]) == (True, made["pieces"], 0)
    assert made["length_m"] == pytest.approx(LENGTH_M, rel=1e-3)
    assert made["inside_m"] == pytest.approx(made["length_m"])
    assert (await put(server, "checkpoints", POINTS.encode(), CSV))["added"] == 2
    await walked(conn, watched, 5, LENGTH_M / 2)
    unseen = await cell_of(server)
    assert (unseen["coverage_road_by"], unseen["coverage_road"]) == ("walked", None)
    assert unseen["checkpoints"] == {"required": 2, "passed": 0, "unknown": 0, "share": None}
    await gone_over(conn, watched, START)
    half = await cell_of(server)
    assert half["coverage_road"] == pytest.approx(0.5, abs=0.03)
    assert (half["coverage_road_cells"], half["sufficiency"]["roads_told"]) == (0, 1)
    assert half["checkpoints"] == {"required": 2, "passed": 1, "unknown": 0, "share": 0.5}
    await walked(conn, watched, 61, LENGTH_M * 0.7)
    await gone_over(conn, watched, START + HOUR)
    most = await cell_of(server)
    assert most["coverage_road"] == pytest.approx(0.7, abs=0.03)
    assert most["coverage_road_cells"] == 1


async def test_a_period_has_what_was_done_in_it(server: web.WebServer, conn: "Connection", watched: int) -> None:
    """A walk from 08:05 to 08:16: half of it by 08:10.5, and nothing after 08:20 nor before the roads were known."""
    await put(server, "roads", STREET, GEOJSON)
    await put(server, "checkpoints", POINTS.encode(), CSV)
    await walked(conn, watched, 5, LENGTH_M)
    await gone_over(conn, watched, START)
    assert (await cell_of(server, 0, 10.5))["coverage_road"] == pytest.approx(0.5, abs=0.06)
    assert (await cell_of(server, 10.5, 30))["coverage_road"] == pytest.approx(0.5, abs=0.06)
    after = await cell_of(server, 20, 60)
    assert (after["coverage_road"], after["checkpoints"]["passed"]) == (0, 0)
    assert (await cell_of(server, 0, 8))["checkpoints"]["passed"] == 1
    await conn.execute("UPDATE road_pieces SET valid_from = $1", db.moment(START + HOUR))
    await conn.execute("UPDATE meta SET value = 'changed' WHERE key = 'beat_version'")
    assert (await cell_of(server, 0, 30))["coverage_road_by"] == "visited"


async def test_silence_hides_neither_for_nor_against_anybody(
    server: web.WebServer, conn: "Connection", watched: int
) -> None:
    """Half of the street, and then silence in the cell: what is missing cannot be told. Enough is enough."""
    await put(server, "roads", STREET, GEOJSON)
    await put(server, "checkpoints", POINTS.encode(), CSV)
    await walked(conn, watched, 5, LENGTH_M / 2)
    await conn.execute(
        "INSERT INTO runs VALUES ($1, $2, 23.105, 114.401, $3, 23.105, 114.405, false)",
        watched, db.moment(START + 5 * MINUTE), db.moment(START + 11 * MINUTE),
    )  # fmt: skip
    await gone_over(conn, watched, START)
    silent = await cell_of(server)
    assert (silent["coverage_road"], silent["coverage_road_cells"]) == (None, None)
    assert silent["checkpoints"] == {"required": 2, "passed": 1, "unknown": 1, "share": None}
    await walked(conn, watched, 61, LENGTH_M)
    await gone_over(conn, watched, START + HOUR)
    enough = await cell_of(server)
    assert (enough["coverage_road"], enough["coverage_road_cells"]) == (pytest.approx(1), 1)
    assert enough["checkpoints"]["share"] == 1


async def test_a_tag_that_is_read_counts_at_once(server: web.WebServer, conn: "Connection", watched: int) -> None:
    """An event with the code of a checkpoint, in the period and no other."""
    await put(server, "checkpoints", POINTS.encode(), CSV)
    await conn.execute(
        "INSERT INTO events (id, device, t, received, lat, lon, type, text) "
        "VALUES ('01HZZZZZZZZZZZZZZZZZZZZZZ1', $1, $2, $2, 23.105, 114.4085, 'checkpoint', 'P2')",
        watched, db.moment(START + 30 * MINUTE),
    )  # fmt: skip
    assert (await cell_of(server, 0, 60))["checkpoints"] == {"required": 2, "passed": 1, "unknown": 0, "share": 0.5}
    assert (await cell_of(server, 31, 60))["checkpoints"]["passed"] == 0
    assert (await cell_of(server, 0, 30))["checkpoints"]["passed"] == 0
    assert (await cell_of(server, 30, 60))["checkpoints"]["passed"] == 1


async def test_same_roads_again_keep_their_pieces(server: web.WebServer, conn: "Connection", watched: int) -> None:
    """Nothing changes, nor drawn from the other end; a road that is gone goes out of force; a trial does nothing."""
    assert watched
    two = roads([[114.401, 23.105], [114.409, 23.105]], [[114.405, 23.101], [114.405, 23.109]])
    tried = await put(server, "roads", two, GEOJSON, dry_run=True)
    assert (tried["done"], tried["added"]) == (False, tried["pieces"])
    assert await conn.fetchval("SELECT count(*) FROM road_pieces") == 0
    await put(server, "roads", two, GEOJSON)
    kept = await conn.fetch("SELECT id, key FROM road_pieces ORDER BY id")
    turned = roads([[114.405, 23.109], [114.405, 23.101]], [[114.409, 23.105], [114.401, 23.105]])
    again = await put(server, "roads", turned, GEOJSON)
    assert (again["added"], again["ended"]) == (0, 0)
    one = await put(server, "roads", STREET, GEOJSON)
    assert (one["added"], one["ended"]) == (0, len(kept) - one["pieces"])
    assert await conn.fetch("SELECT id, key FROM road_pieces ORDER BY id") == kept


async def test_a_checkpoint_that_moves_is_another(server: web.WebServer, conn: "Connection", watched: int) -> None:
    """A new name is the same place; another place is a new one, and the old stays for the past."""
    assert watched
    await put(server, "checkpoints", POINTS.encode(), CSV)
    renamed = await put(server, "checkpoints", POINTS.replace("东口", "西口").encode(), CSV)
    assert (renamed["added"], renamed["ended"]) == (1, 0)
    points = [("P1", [114.403, 23.105]), ("P2", [114.4085, 23.105])]
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Point", "coordinates": place}}
        for code, place in points
    ]
    moved = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    made = await put(server, "checkpoints", moved, GEOJSON)
    assert (made["checkpoints"], made["added"], made["ended"]) == (2, 1, 1)
    rows = await conn.fetch("SELECT code, valid_to IS NULL AS now FROM checkpoints ORDER BY id")
    assert [tuple(row) for row in rows] == [("P1", False), ("P2", True), ("P1", True)]


async def test_files_with_faults_are_refused_with_words(
    server: web.WebServer, conn: "Connection", watched: int
) -> None:
    """Every fault with the number of its feature, in both languages; nothing of the file is taken."""
    assert watched
    polygon = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": []}}
    features = [
        *json.loads(roads([[114.4, 23.1], [114.4, 23.1]], [[114.4, 123.1], [114.5, 23.1]]))["features"],
        polygon,
    ]
    document = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    bad = await put(server, "roads", document, GEOJSON, status=422)
    assert [(fault["kind"], fault["feature"]) for fault in bad["faults"]] == [
        ("short_line", 0), ("no_place", 1), ("not_line", 2),
    ]  # fmt: skip
    for body, kind in (
        (roads([[120.0, 30.0], [120.1, 30.0]]), "roads_astray"),
        (roads(), "no_roads"),
        (b"\x00", "not_json"),
    ):
        assert [fault["kind"] for fault in (await put(server, "roads", body, GEOJSON, status=422))["faults"]] == [kind]
    table = "code,lat,lon\nP1,114.402,23.105\nP1,23.105,x\nP 2,23.105,114.402\nP3,23.105,114.402\nP3,23.2,114.402\n"
    wrong = await put(server, "checkpoints", table.encode(), CSV, status=422)
    assert [(fault["kind"], fault["feature"]) for fault in wrong["faults"]] == [
        ("no_place", 0), ("no_place", 1), ("bad_code", 2), ("repeated", 4), ("astray", 4),
    ]  # fmt: skip
    assert all(fault["zh"] and fault["en"] for fault in wrong["faults"])
    for text, kind in (
        (b"a,b\n1,2\n", "not_table"),
        ("编码".encode("gbk"), "not_table"),
        (b"code,lat,lon\n", "no_checkpoints"),
    ):
        assert [fault["kind"] for fault in (await put(server, "checkpoints", text, CSV, status=422))["faults"]] == [
            kind
        ]
    assert await conn.fetchval("SELECT (SELECT count(*) FROM road_pieces) + (SELECT count(*) FROM checkpoints)") == 0
