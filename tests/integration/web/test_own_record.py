"""An officer reads all that is stored about oneself, and nothing of anybody else."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from schemas import rest
from tests.integration.web.matrix_requests import BODIES
from tests.integration.web.matrix_street import NOW
from tests.integration.web.test_matrix import City, city, leaks
from tests.support import web
from web.audit.audit_chain import Entry, detail
from web.audit.store import audit_log, looks
from web.auth import hashing
from web.auth.access import Role

if TYPE_CHECKING:
    from runtime.db import Connection

__all__ = ["city"]
HOUR = timedelta(hours=1)
PRESENCE = {**BODIES["/api/v1/presence"], "to": rest.rfc3339(NOW + HOUR)}


async def test_officer_reads_the_own_record_and_who_looked(city: City, conn: "Connection") -> None:
    """Shifts, bindings, stays, events, the track and looks at it, with a mark of who exported it."""
    pool = city.server.hub.database.pool
    hashed = await hashing.hash_password("a long enough phrase")
    for street in (city.mine, city.other):
        await pool.execute(
            "INSERT INTO accounts (name, password_hash, role, officer) VALUES ($1, $2, 'officer', $3)",
            f"{street.mark}-own", hashed, street.ids["officer"],
        )  # fmt: skip
    async with city.server.client(token=city.tokens[Role.SUPERVISOR, "street"]) as boss:
        # Of another device, of another day, and refused: none of them is a look at this officer.
        await conn.execute("INSERT INTO devices (name, unit) VALUES ('hazel-cam-10', 'hazel-team')")
        await boss.get("/api/v1/devices/hazel-cam-10/track")
        await boss.get("/api/v1/devices/hazel-cam-1/track?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z")
        await boss.get("/api/v1/devices/hazel-cam-1/track?from=never")
        for path in ("devices/hazel-cam-1/track", "visits?device=hazel-cam-1"):
            assert (await boss.get(f"/api/v1/{path}")).status_code == 200
        period = {"from": rest.rfc3339(NOW - HOUR), "to": rest.rfc3339(NOW + HOUR)}
        assert (await boss.get("/api/v1/replay", params={**period, "step": 3600})).status_code == 200
        assert (await boss.post("/api/v1/presence", json=PRESENCE)).json()["items"] != []
        file = {"form": "gpx", "devices": ["hazel-cam-1"], **period, "purpose": "case 8"}
        mark = (await boss.post("/api/v1/exports", json=file)).json()["mark"]
        assert ("for supervisor-street" in mark, "case 8" in mark) == (True, True)
        assert (await boss.post("/api/v1/exports", json={**file, "devices": ["quart-cam-1"]})).status_code == 404
    async with city.server.client(token=None) as client:
        client.headers["Origin"] = city.server.url
        await client.post("/api/v1/session", json={"name": "hazel-own", "password": "a long enough phrase"})
        answer = await client.get("/api/v1/me/record")
        assert answer.status_code == 200
        assert (await client.get("/api/v1/coverage")).status_code == 403
    lines = [json.loads(line) for line in answer.text.splitlines()]
    kinds = [line["type"] for line in lines]
    assert (kinds[0], kinds[-1]) == ("export", "end")
    assert "for hazel-own" in lines[0]["text"]
    assert {kind: kinds.count(kind) for kind in ("officer", "shift", "binding", "fix", "look")} == {
        "officer": 1, "shift": 1, "binding": 1, "fix": 10, "look": 5,
    }  # fmt: skip
    looks = [line for line in lines if line["type"] == "look"]
    assert {look["actor"] for look in looks} == {"supervisor-street"}
    assert [look["object"].removeprefix("/api/v1/") for look in looks] == [
        "devices/hazel-cam-1/track", "visits", "replay", "presence", "exports",
    ]  # fmt: skip
    # What the officer did in the other street is part of the own record; its people are not.
    assert leaks("\n".join(line for line in answer.text.splitlines() if "-team" in line), city.other) == []
    assert "quart-cam" not in answer.text
    assert "quart-badge" not in answer.text


WATCHED: tuple[tuple[str, str, int, dict[str, int]], ...] = (
    ("live.watch", "hazel-cam-1, hazel-cam-2", -30, {}),
    ("live.unwatch", "hazel-cam-1, hazel-cam-2", -20, {"seconds": 600}),
    ("live.watch", "hazel-cam-2", -20, {}),
    ("live.watch", "hazel-cam-1", -5, {}),
)


async def test_officer_reads_who_watched_and_until_when(conn: "Connection") -> None:
    """One line for each time, also for one that began before the shift; nobody else who was watched is named."""
    start, end = NOW - timedelta(minutes=25), NOW
    entries = [
        Entry(at=NOW + timedelta(minutes=at), actor="anna", action=action, object=what, detail=detail(more))
        for action, what, at, more in WATCHED
    ]
    await audit_log.append(conn, entries)
    assert await looks.looks_at_device(conn, "hazel-cam-1", start, end) == [
        {"at": NOW - timedelta(minutes=30), "until": NOW - timedelta(minutes=20), "actor": "anna",
         "action": "live.watch", "object": "hazel-cam-1"},
        {"at": NOW - timedelta(minutes=5), "until": None, "actor": "anna", "action": "live.watch",
         "object": "hazel-cam-1"},
    ]  # fmt: skip
    before = await looks.looks_at_device(conn, "hazel-cam-1", NOW - HOUR, NOW - timedelta(minutes=40))
    assert before == []


async def test_account_of_nobody_has_no_record(city: City) -> None:
    """A token that stands for no officer is told what to do."""
    async with city.server.client(token=city.tokens[Role.OFFICER, "city"]) as client:
        answer = await client.get("/api/v1/me/record")
        assert (answer.status_code, "badge" in answer.text) == (404, True)


@pytest.mark.parametrize("form", ["csv", "gpx", "geojson"])
async def test_export_says_for_whom_it_was_made(city: City, form: str) -> None:
    """Name, time and purpose are in the file; a purpose cannot break out of it."""
    async with city.server.client(token=city.tokens[Role.SUPERVISOR, "street"]) as client:
        question = {"format": form, "purpose": '<b> "court", case 7'}
        text = (await client.get("/api/v1/devices/hazel-cam-1/track", params=question)).text
        assert "for supervisor-street" in text
        assert "case 7" in text
        assert ("<b>" in text) is (form != "gpx")
        assert web.TOKEN not in text
        wrong = await client.get("/api/v1/devices/hazel-cam-1/track", params={"purpose": "a\nb"})
        assert wrong.status_code == 422
