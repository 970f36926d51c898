"""The viewer that was written from docs/live-protocol.md alone, against the real server: what it knows is what is."""

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from runtime.clock import wall_clock
from schemas import feed
from tests.support import lattice, web
from tests.support.live_client import Known, Place, watching
from tests.support.waiting import PATIENCE
from tests.unit.web.live.positions import columns, scattered
from tracking.store.city import grid_store
from tracking.store.records import event_log
from tracking.store.tracks import device_store

if TYPE_CHECKING:
    from runtime import db

CITY = {"bbox": web.HUIZHOU, "zoom": 11}
STREET = {"bbox": [114.39, 23.09, 114.41, 23.11], "zoom": 15}
LIMIT_S = 30 * PATIENCE


def metres(place: Place, lat: float, lon: float) -> float:
    """Distance near Huizhou."""
    return math.hypot((place.lat - lat) * 110_900, (place.lon - lon) * 102_400)


async def remark(conn: "db.Connection", key: str) -> int:
    """Commit an event to the event log; its number."""
    async with conn.transaction():
        seq = await event_log.append(conn, [("event", {"id": key})])
    assert seq is not None
    return seq


async def test_fleet_is_where_the_page_says(server: web.WebServer, devices: dict[str, int]) -> None:
    """Place, course, speed, duty and age of each device follow from the bytes; one that leaves the tiles goes."""
    now = wall_clock()
    rows: list[dict[str, Any]] = [
        {"device": devices["cam-1"], "lat": 23.1, "lon": 114.4, "t": now - 20_000, "hdg": 270, "spd": 3.25, "duty": 1},
        {"device": devices["cam-2"], "lat": 23.101, "lon": 114.401, "t": now - 240_000, "hdg": np.nan, "spd": np.nan},
    ]
    server.hub.feed.take(feed.encode_positions("w", columns(*rows)))
    async with asyncio.timeout(LIMIT_S), watching(server.url, web.TOKEN, STREET) as viewer:
        await viewer.hear(lambda known: len(known.records) == 2 and bool(known.counts))
        places = viewer.known.places()
        first, second = places["cam-1"], places["cam-2"]
        assert metres(first, 23.1, 114.4) < 0.1
        assert (first.course, first.speed, first.freshness, first.duty) == (270, 3.25, "moving", "task")
        assert (second.course, second.speed, second.freshness, second.duty) == (None, None, "silent", "duty")
        assert abs(first.fix_at - (now - 20_000)) < 2_000
        assert abs(second.fix_at - (now - 240_000)) < 62_000
        assert (viewer.known.counts["total"], viewer.known.counts["silent"]) == (2, 1)
        away = {**rows[0], "lat": 23.19, "lon": 114.49, "t": now}
        server.hub.feed.take(feed.encode_positions("w", columns(away)))
        await viewer.hear(lambda known: set(known.places()) == {"cam-2"})
        await viewer.look(**STREET, selected=["cam-1"])
        await viewer.hear(lambda known: set(known.places()) == {"cam-1", "cam-2"})
        assert metres(viewer.known.places()["cam-1"], 23.19, 114.49) < 0.1


@pytest.mark.parametrize(("fleet", "band"), [(900, "dots"), (7_000, "sampled")])
async def test_viewer_that_moves_about_ends_with_the_truth(
    server: web.WebServer, conn: "db.Connection", fleet: int, band: str
) -> None:
    """A walking fleet, a viewer that looks here and there: in the end it shows what is in its tiles, where it is."""
    await device_store.enrol(conn, {f"bulk-{n}": "team-2" for n in range(fleet)})
    slots = np.array([each.id for each in await device_store.all_devices(conn)][:fleet], dtype=np.int32)
    walk, random = scattered(fleet, seed=fleet), np.random.default_rng(fleet)
    walk["device"], walk["t"] = slots, np.full(fleet, wall_clock(), dtype=np.int64)
    async with asyncio.timeout(2 * LIMIT_S), watching(server.url, web.TOKEN, CITY) as viewer:
        for step in range(12):
            walk["t"] = walk["t"] + 1
            for axis in ("lat", "lon"):
                walk[axis] = walk[axis].astype(np.float64) + random.normal(0, 5e-4, fleet)
            server.hub.feed.take(feed.encode_positions("w", walk))
            if step % 3 == 0:
                west, south = random.uniform(114.3, 114.45), random.uniform(23.0, 23.15)
                await viewer.look(bbox=[west, south, west + 0.03, south + 0.03], zoom=float(random.integers(10, 16)))
            heard = viewer.known.heard.count("frame")
            await viewer.hear(lambda known, heard=heard: known.heard.count("frame") > heard)  # type: ignore[misc]
        await viewer.look(**CITY)
        shown = fleet if band == "dots" else None
        await viewer.hear(lambda known: known.counts.get("band") == band and known.counts["total"] == fleet)
        await viewer.hear(lambda known: shown is None or len(known.records) == shown)
        walk["t"] = walk["t"] + 1
        walk["lat"] = walk["lat"].astype(np.float64) + 1e-3
        server.hub.feed.take(feed.encode_positions("w", walk))
        place_of = {int(slot): (lat, lon) for slot, lat, lon in zip(slots, walk["lat"], walk["lon"], strict=True)}

        def true(known: Known) -> bool:
            grain = 1.42 * 40_075_000 / 2**12 / 65_536  # along the diagonal
            slot_of = {name[0]: slot for slot, name in known.names.items()}
            return all(metres(place, *place_of[slot_of[name]]) < grain for name, place in known.places().items())

        await viewer.hear(true)
        assert len(viewer.known.records) == fleet if band == "dots" else 0 < len(viewer.known.records) <= 4_500


async def test_resumed_viewer_knows_what_one_that_stayed_knows(server: web.WebServer, conn: "db.Connection") -> None:
    """Whoever comes back again and again has taken the same items, in the same order, each once."""
    stayed, came_back = Known(), Known()
    async with asyncio.timeout(2 * LIMIT_S), watching(server.url, web.TOKEN, CITY, stayed) as viewer:
        await viewer.hear(lambda known: known.complete)
        async with watching(server.url, web.TOKEN, CITY, came_back) as other:
            await other.hear(lambda known: known.complete)
        last = 0
        for n in range(1, 8):
            for _ in range(n):
                last = await remark(conn, f"{n}-{last}")
            async with watching(server.url, web.TOKEN, CITY, came_back) as other:
                await other.hear(lambda known, last=last: known.offset == last)  # type: ignore[misc]
                assert other.known.recovered
        await viewer.hear(lambda known: known.offset == last)
    assert [item["seq"] for item in stayed.items] == [item["seq"] for item in came_back.items]
    assert [item["body"] for item in stayed.items] == [item["body"] for item in came_back.items]
    assert came_back.heard.count("state") == 1


async def test_viewer_is_told_the_end_it_can_act_on(server: web.WebServer, conn: "db.Connection") -> None:
    """A bye has the reason and the code of the page; what is against the page has 1008 and no bye."""
    async with asyncio.timeout(LIMIT_S), watching(server.url, web.TOKEN, CITY) as viewer:
        await viewer.hear(lambda known: known.complete)
        await viewer.socket.send(json.dumps({"type": "view", **CITY, "colour": "red"}))
        assert await viewer.hear_end() == 1008
        assert viewer.known.bye is None
    async with server.client() as client:
        made = await client.post("/api/v1/tokens", json={"name": "wall", "role": "supervisor", "areas": None})
        assert made.status_code == 201, made.text
    async with asyncio.timeout(LIMIT_S), watching(server.url, made.json()["token"], CITY) as viewer:
        await viewer.hear(lambda known: known.complete)
        await conn.execute("DELETE FROM api_tokens WHERE name = 'wall'")
        assert await viewer.hear_end() == 1008
        assert viewer.known.bye == "signed_out"


async def test_city_that_is_told_is_the_one_that_is_given(server: web.WebServer, conn: "db.Connection") -> None:
    """Whoever fetches cells until they are of the city it is told has the newest ones, and forgets those of before."""

    async def given(known: Known) -> set[int]:
        """Cells of REST once they are of the city that is told."""
        async with server.client() as client:
            while (answer := (await client.get("/api/v1/cells")).json())["city"] != known.city:
                await asyncio.wait_for(viewer.hear(lambda heard: heard.city == answer["city"]), LIMIT_S)
        return {feature["id"] for feature in answer["features"]}

    async def imported(columns: int) -> None:
        result = await grid_store.import_file(conn, lattice.encoded(lattice.collection(columns)))
        assert isinstance(result, grid_store.GridImportResult), result

    async with asyncio.timeout(LIMIT_S):
        await imported(3)
        async with watching(server.url, web.TOKEN, CITY) as viewer:
            await viewer.hear(lambda known: len(known.cells) == 3)
            first = await given(viewer.known)
            assert first == viewer.known.cells.keys()
            await imported(2)
            await viewer.hear(lambda known: len(known.cells) == 2)
            assert await given(viewer.known) == viewer.known.cells.keys() < first
            told = viewer.known.city
            await conn.execute("UPDATE areas SET name = 'another' WHERE level = 'street'")
            await viewer.hear(lambda known: known.city != told)
            assert await given(viewer.known) == viewer.known.cells.keys()
