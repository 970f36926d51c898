"""REST against a real database: every list, tracks in every form, and nothing that makes a fault 500."""

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from runtime.clock import wall_clock
from tests.integration.web.conftest import store_fixes
from tests.support import observed, web
from tests.support.waiting import until
from tracking.presence.stays import Stay, StayChange, StayKind
from tracking.store.presence import stay_store

if TYPE_CHECKING:
    from runtime import db

HOUR = 3_600_000


def rfc(ms: int) -> str:
    """RFC 3339 of ms."""
    return web.rfc3339(ms)


async def everything(client: Any, path: str, **params: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await client.get(path, params={**params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        items += body["items"]
        cursor = body["next"]
        if cursor is None:
            return items


async def test_track_streams_every_fix_once_in_order(
    server: web.WebServer, conn: "db.Connection", devices: dict[str, int]
) -> None:
    """Over several pages of the store each fix comes once; the end is not included; others' fixes are not there."""
    now = wall_clock() // 1000 * 1000
    times = [now - 2_500_000 + 1000 * k for k in range(2_500)]
    await store_fixes(conn, devices["cam-1"], times)
    await store_fixes(conn, devices["cam-2"], times[:3])
    async with server.client() as client:
        answer = await client.get("/api/v1/devices/cam-1/track")
        assert answer.headers["content-type"] == "application/geo+json"
        features = answer.json()["features"]
        assert [feature["properties"]["t"] for feature in features] == [rfc(t) for t in times]
        assert features[0]["properties"]["acc"] == 4.5
        assert features[0]["geometry"]["coordinates"] == [114.401, 23.105]
        part = {"from": rfc(times[10]), "to": rfc(times[20])}
        answer = await client.get("/api/v1/devices/cam-1/track", params=part)
        assert len(answer.json()["features"]) == 10
        answer = await client.get("/api/v1/devices/cam-1/track", params={"simplify": 2, "format": "geojson"})
        assert 2 <= len(answer.json()["features"]) < 20


async def test_an_accuracy_that_is_never_said_is_shown_as_estimated(
    server: web.WebServer, conn: "db.Connection", devices: dict[str, int]
) -> None:
    """A device that says its accuracy is shown with that; of another its own track tells, and that stands apart."""
    times = [wall_clock() // 1000 * 1000 - 5_000 * k for k in range(100)]
    await store_fixes(conn, devices["cam-1"], times)
    await store_fixes(conn, devices["cam-2"], times)
    await conn.execute("UPDATE fixes SET acc = NULL WHERE device = $1", devices["cam-2"])
    async with server.client() as client:
        said, unsaid = [(await client.get(f"/api/v1/devices/cam-{n}")).json()["last"] for n in (1, 2)]
    assert (said["acc"], said["acc_estimated"]) == (4.5, None)
    assert (unsaid["acc"], unsaid["acc_estimated"]) == (None, 12.0)


async def test_track_is_given_as_the_caller_accepts(
    server: web.WebServer, conn: "db.Connection", devices: dict[str, int]
) -> None:
    """CSV and GPX by header or parameter; what is none of the forms is refused with 406."""
    await store_fixes(conn, devices["cam-1"], [wall_clock() - 1000])
    path = "/api/v1/devices/cam-1/track"
    async with server.client() as client:
        text = (await client.get(path, headers={"Accept": "text/csv"})).text
        assert [row["boot"] for row in csv.DictReader(io.StringIO(text))] == ["b1"]
        assert "<trkpt" in (await client.get(path, headers={"Accept": "application/gpx+xml"})).text
        assert "<trkpt" in (await client.get(path, params={"format": "gpx"})).text
        assert (await client.get(path, headers={"Accept": "image/png"})).status_code == 406


async def test_devices_are_paged_by_name_with_their_newest_position(
    server: web.WebServer, conn: "db.Connection", devices: dict[str, int]
) -> None:
    """Small pages give the same devices as one large one; the newest fix is the position."""
    now = wall_clock()
    await store_fixes(conn, devices["cam-3"], [now - 5000, now - 1000])
    async with server.client() as client:
        items = await everything(client, "/api/v1/devices", limit=2)
        assert [item["id"] for item in items] == ["cam-1", "cam-2", "cam-3", "cam-4", "cam-5"]
        assert items[0]["last"] is None
        assert items[2]["last"]["lat"] == 23.105
        one = (await client.get("/api/v1/devices/cam-3")).json()
        assert one == items[2]
        assert (await client.get("/api/v1/devices/cam-9")).status_code == 404


async def test_visits_events_and_refusals_are_filtered_and_paged(
    server: web.WebServer, conn: "db.Connection", devices: dict[str, int], cell: str
) -> None:
    """Filters restrict, pages join without loss, newest first."""
    now = wall_clock()
    number = await conn.fetchval("SELECT id FROM cells WHERE code = $1", cell)
    stays = [
        Stay(
            device=devices["cam-1"], cell=number, t_in=now - n * HOUR, t_out=now - n * HOUR + 300_000, dwell_ms=300_000,
            path_m=200, fixes=300, kind=StayKind.VISIT if n % 2 else StayKind.SHORT, open=False,
        )
        for n in range(1, 8)
    ]  # fmt: skip
    async with conn.transaction():
        await stay_store.apply(conn, [StayChange(device=s.device, t_in=s.t_in, stay=s) for s in stays], now)
        for n in range(5):
            await conn.execute(
                """INSERT INTO events (id, device, t, received, lat, lon, type, cell)
                VALUES ($1, $2, now() - $3 * interval '1 min', now(), 23.1, 114.4, '05.01', $4)""",
                f"01HZZZZZZZZZZZZZZZZZZZZZZ{n}", devices["cam-2"], n, number,
            )  # fmt: skip
            await conn.execute(
                "INSERT INTO refusals (at, reason, topic, detail, payload) VALUES (now(), 'malformed', 't', 'd', 'x')"
            )
    async with server.client() as client:
        visits = await everything(client, "/api/v1/visits", limit=3)
        assert [visit["t_in"] for visit in visits] == sorted((visit["t_in"] for visit in visits), reverse=True)
        assert len(visits) == 7
        assert len(await everything(client, "/api/v1/visits", kind="visit", cell=cell, device="cam-1")) == 4
        assert len(await everything(client, "/api/v1/visits", **{"from": rfc(now - 3 * HOUR), "to": rfc(now)})) == 3
        assert await everything(client, "/api/v1/visits", device="cam-4") == []
        assert await everything(client, "/api/v1/visits", known=rfc(now - HOUR)) == []
        events = await everything(client, "/api/v1/events", limit=2)
        assert [event["id"][-1] for event in events] == list("01234")
        assert (await client.get(f"/api/v1/events/{events[0]['id']}")).json() == events[0]
        refusals = await everything(client, "/api/v1/refusals", limit=2, reason="malformed")
        assert [refusal["payload"] for refusal in refusals] == ["eA=="] * 5


async def test_a_cell_that_may_have_been_visited_from_its_boundary_is_unknown(
    server: web.WebServer, conn: "db.Connection", devices: dict[str, int], cell: str
) -> None:
    """It would be overdue but for who was between two cells: coverage, the stays and the device all say so."""
    now = wall_clock()
    number = await conn.fetchval("SELECT id FROM cells WHERE code = $1", cell)
    await store_fixes(conn, devices["cam-1"], [now - 300_000])
    maybe = Stay(
        device=devices["cam-1"], cell=number, t_in=now - 1_500_000, t_out=now - 300_000, dwell_ms=1_200_000,
        path_m=900, fixes=1200, kind=StayKind.BETWEEN, open=False,
    )  # fmt: skip
    async with conn.transaction():
        await observed.observed(conn, now - 24 * HOUR, now)
        await conn.execute("UPDATE stays SET known_from = t_in")
        await stay_store.apply(conn, [StayChange(device=maybe.device, t_in=maybe.t_in, stay=maybe)], now - 60_000)
    async with server.client() as client:

        async def shown(**params: str) -> list[tuple[str, str | None]]:
            items = (await client.get("/api/v1/coverage", params=params)).json()["items"]
            return [(item["state"], item["unknown"]) for item in items]

        async def known() -> bool:
            # What was judged before the cell was there may still be on its way.
            server.hub.judging.city_changed()
            judged = server.hub.judging.judged
            return judged is not None and len(judged.place.city.cells) == 1

        await until(known, "the live part knows the cell")
        assert await shown() == [("unknown", "between")]
        assert await shown(at=rfc(now - 200_000)) == [("unknown", "between")]
        assert await shown(at=rfc(now - 100_000), known=rfc(now - 100_000)) == [("overdue", None)]
        assert await shown(at=rfc(now - 2_000_000)) == [("overdue", None)]
        stays = (await client.get("/api/v1/visits", params={"kind": "between", "cell": cell})).json()["items"]
        assert [(stay["device"], stay["cell"], stay["other"]) for stay in stays] == [("cam-1", cell, None)]
        last = (await client.get("/api/v1/devices/cam-1")).json()["last"]
        assert (last["cell"], last["between"]) == (None, [cell, None])


async def test_cells_coverage_and_areas_follow_a_visit(
    server: web.WebServer, conn: "db.Connection", devices: dict[str, int], cell: str
) -> None:
    """A cell nobody was heard from is unknown; after a visit it is fresh, in the list, the map and rolled up."""
    now = wall_clock()
    number = await conn.fetchval("SELECT id FROM cells WHERE code = $1", cell)
    visit = Stay(
        device=devices["cam-1"], cell=number, t_in=now - 600_000, t_out=now - 200_000, dwell_ms=400_000, path_m=300,
        fixes=400, kind=StayKind.VISIT, open=False,
    )  # fmt: skip
    async with server.client() as client:

        async def state(wanted: str) -> dict[str, Any] | None:
            server.hub.judging.city_changed()
            items = (await client.get("/api/v1/coverage")).json()["items"]
            return items[0] if items and items[0]["state"] == wanted else None

        await until(lambda: state("unknown"), "the cell is known and its state is not")
        etag = (await client.get("/api/v1/cells")).headers["etag"]
        async with conn.transaction():
            await observed.observed(conn, now - 3_600_000, now)
            await stay_store.apply(conn, [StayChange(device=visit.device, t_in=visit.t_in, stay=visit)], now)
        fresh = await until(lambda: state("fresh"), "the cell is fresh")
        assert datetime.fromisoformat(fresh["last_visit"]) == datetime.fromisoformat(rfc(now - 200_000))
        answer = await client.get("/api/v1/cells", headers={"If-None-Match": etag})
        assert answer.status_code == 200
        feature = answer.json()["features"][0]
        assert (feature["properties"]["state"], feature["properties"]["code"]) == ("fresh", cell)
        assert (feature["properties"]["class"], feature["geometry"]["type"]) == ("residential", "Polygon")
        again = await client.get("/api/v1/cells", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for level, code in (("grid", "44130200101"), ("street", "441302001"), ("district", "441302")):
            row = (await client.get("/api/v1/coverage", params={"level": level})).json()["items"][0]
            assert (row["area"], row["cells"], row["fresh"], row["covered"]) == (code, 1, 1, 1.0)
        past = (await client.get("/api/v1/coverage", params={"at": rfc(now - 3 * HOUR)})).json()
        assert past["items"][0]["last_visit"] is None
        areas = await everything(client, "/api/v1/areas", limit=1)
        assert [(area["code"], area["cells"]) for area in areas] == [
            ("441302", 1),
            ("441302001", 1),
            ("44130200101", 1),
        ]
        assert len(await everything(client, "/api/v1/grids", parent="441302001")) == 1
        assert (await client.get("/api/v1/stats")).json()["cells"]["fresh"] == 1


async def test_page_and_files_of_the_build_are_served(database_url: str, tmp_path: Any) -> None:
    """The page comes for the addresses it knows, files with their type, packed where there is a packed one."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>map</title>")
    (tmp_path / "assets" / "index-1.js").write_text("let plain")
    (tmp_path / "assets" / "index-1.js.gz").write_bytes(b"packed")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    secret = tmp_path.parent / "secret.txt"
    secret.write_text("secret")
    (tmp_path / "assets" / "link.txt").symlink_to(secret)
    page = {"Accept": "text/html"}
    async with web.serving(database_url, static_dir=tmp_path) as server, server.client() as client:
        for path in ("/", "/map", "/replay/cam-1"):
            assert (await client.get(path, headers=page)).text == "<title>map</title>"
        assert (await client.get("/unknown", headers=page)).status_code == 404
        assert (await client.get("/map", headers={"Accept": "application/json"})).status_code == 404
        plain = await client.get("/assets/index-1.js", headers={"Accept-Encoding": "identity"})
        assert (plain.text, plain.headers["content-type"]) == ("let plain", "text/javascript; charset=utf-8")
        assert "immutable" in plain.headers["cache-control"]
        async with client.stream("GET", "/assets/index-1.js") as packed:
            assert packed.headers["content-encoding"] == "gzip"
            assert b"".join([part async for part in packed.aiter_raw()]) == b"packed"
        assert (await client.get("/favicon.svg")).headers["content-type"] == "image/svg+xml"
        assert (await client.get("/assets/link.txt")).status_code == 404
