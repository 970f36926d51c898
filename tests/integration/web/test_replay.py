"""Looking back: clips of the past, and who was in a drawn area, on a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx2

from runtime import db
from runtime.clock import wall_clock
from tests.integration.web.conftest import store_fixes
from tests.support import observed, web
from tracking.presence.stays import Stay, StayChange, StayKind
from tracking.store.presence import stay_store
from web.auth.access import WHOLE_CITY
from web.export import replay

MINUTE = 60_000
RING = [[114.400, 23.10], [114.405, 23.10], [114.405, 23.11], [114.400, 23.11], [114.400, 23.10]]


@asynccontextmanager
async def signed_in(server: web.WebServer, name: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser with a session."""
    async with server.client(token=None) as client:
        given = {"name": name, "password": "ein Pferd frisst nur Salat"}
        assert (await client.post("/api/v1/session", json=given)).status_code == 200
        yield client


def polygon(ring: list[list[float]] = RING) -> dict[str, Any]:
    """A GeoJSON polygon."""
    return {"type": "Polygon", "coordinates": [ring]}


async def visited(conn: db.Connection, device: int, cell: str, t_in: int, t_out: int, known: int | None = None) -> None:
    """Store a valid visit and the watch over its street."""
    number = await conn.fetchval("SELECT id FROM cells WHERE code = $1", cell)
    stay = Stay(
        device=device, cell=number, t_in=t_in, t_out=t_out, dwell_ms=t_out - t_in, path_m=400.0, fixes=60,
        kind=StayKind.VISIT, open=False,
    )  # fmt: skip
    async with conn.transaction():
        await stay_store.apply(conn, [StayChange(device=device, t_in=t_in, stay=stay, reason=None)], known or t_out)
        await observed.observed(conn, t_in - 10 * MINUTE)


async def clip(server: web.WebServer, **params: Any) -> list[dict[str, Any]]:
    """All lines of a clip."""
    async with server.client() as client:
        answer = await client.get("/api/v1/replay", params=params)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in answer.text.splitlines()]


async def test_clip_tells_tracks_and_coverage_as_live_showed_them(
    server: web.WebServer, conn: db.Connection, devices: dict[str, int], cell: str
) -> None:
    """Each state of the clip is what the coverage of that moment says; the track has every fix of the period."""
    now = wall_clock() // 1000 * 1000
    start, end = now - 60 * MINUTE, now - 10 * MINUTE
    times = list(range(start + 5 * MINUTE, start + 15 * MINUTE, 10_000))
    await store_fixes(conn, devices["cam-1"], times)
    await visited(conn, devices["cam-1"], cell, times[0], times[-1])
    lines = await clip(server, **{"from": web.rfc3339(start), "to": web.rfc3339(end), "step": 300})
    assert [line["type"] for line in lines][:4] == ["head", "alerts", "events", "cells"]
    assert lines[-1] == {"type": "end", "left_out": 0}
    (track,) = [line for line in lines if line["type"] == "track"]
    assert track["device"] == "cam-1"
    assert [sum(track["t"][: n + 1]) for n in range(len(track["t"]))] == times
    assert sum(track["lon"]) / 1e6 == round(114.401 + 1e-5 * (len(times) - 1), 6)
    steps = [line for line in lines if line["type"] == "cells"]
    assert [step["at"] for step in steps] == list(range(start, end + 1, 5 * MINUTE))
    assert len(steps[0]["changes"]) == 1
    shown: list[Any] = []
    async with server.client() as client:
        for step in steps:
            shown = step["changes"][0] if step["changes"] else shown
            said = (await client.get("/api/v1/coverage", params={"at": web.rfc3339(step["at"])})).json()["items"][0]
            assert (said["state"], said["present"]) == (shown[1], bool(shown[4])), step["at"]
    assert {row[4] for step in steps for row in step["changes"]} == {0, 1}, "the visit begins and ends in the clip"


async def test_clip_shows_chosen_devices_only(
    server: web.WebServer, conn: db.Connection, devices: dict[str, int]
) -> None:
    """With `device` only those tracks are sent, and a device without a fix in the period has none."""
    now = wall_clock()
    for name in ("cam-1", "cam-2"):
        await store_fixes(conn, devices[name], [now - 5 * MINUTE, now - 4 * MINUTE])
    period = {"from": web.rfc3339(now - 10 * MINUTE), "to": web.rfc3339(now)}
    lines = await clip(server, **period, device=["cam-2", "cam-3"])
    assert [line["device"] for line in lines if line["type"] == "track"] == ["cam-2"]
    lines = await clip(server, **period)
    assert [line["device"] for line in lines if line["type"] == "track"] == ["cam-1", "cam-2"]


async def test_clip_tells_what_was_known_then(
    server: web.WebServer, conn: db.Connection, devices: dict[str, int], cell: str
) -> None:
    """A visit that became known half an hour late is not in the clip of what was known, and is in that of now."""
    now = wall_clock() // 1000 * 1000
    start = now - 60 * MINUTE
    await visited(conn, devices["cam-1"], cell, start, start + 5 * MINUTE, known=start + 40 * MINUTE)
    asked = {"from": web.rfc3339(start + 2 * MINUTE), "to": web.rfc3339(start + 50 * MINUTE), "step": 60}
    ends: dict[str, dict[int, Any]] = {}
    for known in ("now", "then"):
        steps = [line for line in await clip(server, **asked, known=known) if line["type"] == "cells"]
        ends[known] = {step["at"]: step["changes"][0][3] for step in steps if step["changes"]}
    assert min(at for at, last in ends["now"].items() if last) < start + 10 * MINUTE
    assert min(at for at, last in ends["then"].items() if last) >= start + 40 * MINUTE


async def test_account_has_only_so_many_clips_under_way(
    server: web.WebServer, conn: db.Connection, devices: dict[str, int], cell: str
) -> None:
    """Four of a supervisor at once: two are answered, the others told to come again; nobody else is."""
    now = wall_clock() // 1000 * 1000
    await visited(conn, devices["cam-1"], cell, now - 60 * MINUTE, now - 50 * MINUTE)
    asked: dict[str, str | int] = {
        "from": web.rfc3339(now - 700 * MINUTE),
        "to": web.rfc3339(now - 10 * MINUTE),
        "step": 60,
    }
    async with server.client() as root:
        for name in ("anna", "bert"):
            account = {"name": name, "role": "supervisor", "password": "ein Pferd frisst nur Salat"}
            assert (await root.post("/api/v1/accounts", json=account)).status_code == 201
        async with signed_in(server, "anna") as anna, signed_in(server, "bert") as bert:
            answers = await asyncio.gather(
                *(anna.get("/api/v1/replay", params=asked) for _ in range(4)), bert.get("/api/v1/replay", params=asked)
            )
            assert sorted(answer.status_code for answer in answers[:4]) == [200, 200, 429, 429]
            assert answers[4].status_code == 200
            (refused, *_) = [answer for answer in answers if answer.status_code == 429]
            assert int(refused.headers["retry-after"]) > 0
            assert refused.headers["content-type"] == "application/problem+json"
            assert (await anna.get("/api/v1/replay", params=asked)).status_code == 200


async def test_clip_that_nobody_reads_holds_nobody_up(
    server: web.WebServer, devices: dict[str, int], cell: str
) -> None:
    """Of however many: between two lines a clip holds neither a turn nor a connection."""
    assert cell
    assert devices
    now = wall_clock() // 1000 * 1000
    asked = replay.ClipRequest(start=now - 60 * MINUTE, end=now - MINUTE, step=MINUTE, devices=None)
    pool = server.hub.database.pool
    left = [replay.lines(pool, asked, WHOLE_CITY, [], None) for _ in range(3 * replay.AT_ONCE)]
    for one in left:
        for _ in range(5):
            await anext(one)
    async with asyncio.timeout(30):
        lines = [line async for line in replay.lines(pool, asked, WHOLE_CITY, [], None)]
    assert json.loads(lines[-1])["type"] == "end"
    for one in left:
        await one.aclose()  # type: ignore[attr-defined] # an asynchronous generator


async def test_clip_beyond_the_limits_is_refused(server: web.WebServer) -> None:
    """Too many steps, too long a period, the future and a missing end are answered with what to do."""
    now = wall_clock()
    asked: list[tuple[dict[str, Any], str]] = [
        ({"from": web.rfc3339(now - 24 * 60 * MINUTE), "to": web.rfc3339(now), "step": 60}, "shorter period"),
        ({"from": web.rfc3339(now - 8 * 24 * 60 * MINUTE), "to": web.rfc3339(now), "step": 86_400}, "shorter period"),
        ({"from": web.rfc3339(now + MINUTE), "to": web.rfc3339(now + 2 * MINUTE)}, "past"),
        ({"from": web.rfc3339(now - MINUTE)}, "from and to"),
    ]
    async with server.client() as client:
        for params, word in asked:
            answer = await client.get("/api/v1/replay", params=params)
            assert answer.status_code == 422, params
            assert word in answer.json()["detail"]


async def test_drawn_area_names_who_was_there_and_when(
    server: web.WebServer, conn: db.Connection, devices: dict[str, int], cell: str
) -> None:
    """Devices inside are named with their times: by stays where cells cover the area, by runs where they do not."""
    start = wall_clock() // 1000 * 1000 - 60 * MINUTE
    inside = [start + 10_000 * n for n in range(31)]
    await store_fixes(conn, devices["cam-1"], inside)
    await store_fixes(conn, devices["cam-2"], inside, lon=[114.409] * 31)
    for name in ("cam-1", "cam-2"):
        await visited_run(conn, devices[name], inside)
    number = await conn.fetchval("SELECT id FROM cells WHERE code = $1", cell)
    stay = Stay(
        device=devices["cam-1"], cell=number, t_in=inside[0], t_out=inside[-1], dwell_ms=300_000, path_m=40.0,
        fixes=31, kind=StayKind.SHORT, open=False,
    )  # fmt: skip
    await stay_store.apply(conn, [StayChange(device=stay.device, t_in=stay.t_in, stay=stay, reason=None)], inside[-1])
    period = {"from": web.rfc3339(start - MINUTE), "to": web.rfc3339(start + 30 * MINUTE)}
    beyond = [[114.400, 23.09], [114.405, 23.09], [114.405, 23.11], [114.400, 23.11]]
    async with server.client() as client:
        for ring in (RING, beyond):
            answer = await client.post("/api/v1/presence", json={"polygon": polygon(ring), **period})
            assert answer.status_code == 200, answer.text
            (found,) = answer.json()["items"]
            assert (found["device"], found["fixes"], found["seconds"]) == ("cam-1", 31, 300.0)
            (interval,) = found["intervals"]
            assert interval["fixes"] == 31
            ends = [datetime.fromisoformat(interval[end]) for end in ("t_in", "t_out")]
            assert ends == [db.moment(inside[0]), db.moment(inside[-1])]
        later = {"from": web.rfc3339(start + 20 * MINUTE), "to": web.rfc3339(start + 30 * MINUTE)}
        answer = await client.post("/api/v1/presence", json={"polygon": polygon(), **later})
        assert answer.json()["items"] == []


async def visited_run(conn: db.Connection, device: int, times: list[int]) -> None:
    """Store the run of a device's fixes."""
    await conn.execute(
        """INSERT INTO runs VALUES ($1, 'epoch'::timestamptz + $2 * interval '1 ms', 23.105, 114.401,
        'epoch'::timestamptz + $3 * interval '1 ms', 23.105, 114.402, false)""",
        device, times[0], times[-1],
    )  # fmt: skip


async def test_hostile_areas_are_refused(server: web.WebServer) -> None:
    """No area, a crossing outline, too many corners, holes, wrong order of times: 422 with words, never a fault."""
    now = wall_clock()
    good = {"from": web.rfc3339(now - MINUTE), "to": web.rfc3339(now)}
    crossing = [[114.4, 23.1], [114.41, 23.11], [114.41, 23.1], [114.4, 23.11]]
    bodies: list[Any] = [
        {"polygon": polygon(crossing), **good},
        {"polygon": polygon([[114.4, 23.1]] * 4), **good},
        {"polygon": polygon([[114.4, 23.1 + n * 1e-5] for n in range(501)]), **good},
        {"polygon": {"type": "Polygon", "coordinates": [RING, RING]}, **good},
        {"polygon": polygon([[1e9, 23.1], [114.4, 23.1], [114.4, 23.2]]), **good},
        {"polygon": polygon(), "from": good["to"], "to": good["from"]},
        {"polygon": polygon(), "from": "1990-01-01T00:00:00Z", "to": "1990-01-02T00:00:00Z"},
        {"polygon": polygon()},
    ]
    async with server.client() as client:
        for body in bodies:
            answer = await client.post("/api/v1/presence", json=body)
            assert answer.status_code == 422, body
            assert answer.json()["detail"]
