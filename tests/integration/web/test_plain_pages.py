"""Auditors and officers have no map: their pages are made on the server, and lead to nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.support import web
from tests.support.waiting import until
from web.audit.audit_anchors import Anchors
from web.audit.store import audit_log
from web.auth import hashing

if TYPE_CHECKING:
    from runtime.db import Connection

KEY = "k" * 64
PHRASE = "a long enough phrase"
AS_BROWSER = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
async def site(database_url: str, conn: "Connection", tmp_path: Path) -> AsyncIterator[web.WebServer]:
    """A server with accounts of an auditor and an officer, and some entries in the record."""
    hashed = await hashing.hash_password(PHRASE)
    await conn.execute("INSERT INTO units (code, name) VALUES ('u', 'u')")
    badge = await conn.fetchval("INSERT INTO officers (badge, name, unit) VALUES ('7', '张伟', 'u') RETURNING id")
    for name, role, officer in (("odd", "auditor", None), ("own", "officer", badge), ("nobody", "officer", None)):
        await conn.execute(
            "INSERT INTO accounts (name, password_hash, role, officer) VALUES ($1, $2, $3, $4)",
            name,
            hashed,
            role,
            officer,
        )
    for n in range(3):
        await audit_log.record(
            conn, "anna", "look", f"/api/v1/devices/cam-{n}/track", {"why": "<script>alert(1)</script>"}
        )
    async with web.serving(database_url, device_key=KEY, audit_anchor=tmp_path / "anchors") as server:

        async def reached() -> bool:
            async with server.client() as client:
                return (await client.get("/api/v1/devices")).status_code == 200

        await until(reached, "the web process reaches its database")
        yield server


@asynccontextmanager
async def browsing(server: web.WebServer, name: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who signed in on the page and was led on."""
    async with server.client(token=None) as client:
        client.headers.update({"Origin": server.url, **AS_BROWSER})
        await client.post("/login", data={"name": name, "password": PHRASE, "next": "/"})
        yield client


async def test_auditor_is_led_to_the_record_and_finds_who_looked(site: web.WebServer) -> None:
    """Filtered by who, what and about what, in pages, in both languages; what others wrote is text and no page."""
    async with browsing(site, "odd") as auditor:
        assert (await auditor.get("/")).headers["location"] == "/audit"
        page = await auditor.get("/audit", params={"actor": "anna", "object": "cam-1/"})
        assert page.headers["content-type"].startswith("text/html")
        assert re.findall(r"cam-\d/track", page.text) == ["cam-1/track"]
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
        assert "审计记录" in (await auditor.get("/audit?lang=zh&action=none")).text
        wrong = await auditor.get("/audit?from=yesterday")
        assert (wrong.status_code, "from: not an RFC 3339 time" in wrong.text) == (422, True)
        attack = await auditor.get("/audit", params={"actor": '"><img src=x onerror=alert(1)>', "lang": '"><b>'})
        assert "<img" not in attack.text
        assert "<b>" not in attack.text


async def test_auditor_turns_the_pages(site: web.WebServer, conn: "Connection") -> None:
    """Each row once, newest first, and the filter stays."""
    for n in range(230):
        await audit_log.record(conn, "bert", "change", f"thing-{n}")
    async with browsing(site, "odd") as auditor:
        where, seen = "?actor=bert", []
        while where:
            text = (await auditor.get(f"/audit{where}")).text
            seen += [int(n) for n in re.findall(r"thing-(\d+)<", text)]
            more = re.search(r'rel="next" href="([^"]+)"', text)
            where = more[1].replace("&amp;", "&") if more else ""
    assert seen == list(range(229, -1, -1))


async def test_auditor_checks_that_nothing_was_changed(site: web.WebServer, conn: "Connection", tmp_path: Path) -> None:
    """The chain and its anchors; after somebody wrote in it the page says where."""
    anchors = Anchors(tmp_path / "anchors", KEY)

    async def anchored() -> bool:
        return await asyncio.to_thread(anchors.newest) == await audit_log.head_of(conn)

    async with browsing(site, "odd") as auditor:
        await until(anchored, "the web process wrote the head down")
        checked = (await auditor.get("/audit?check=true")).text
        assert re.search(r"All \d+ entries are as they were written\. Matching anchors: 1\.", checked)


async def test_officer_is_led_to_the_own_record(site: web.WebServer) -> None:
    """With a link to it where the account has a badge, and nothing of the audit record."""
    async with browsing(site, "own") as officer:
        assert (await officer.get("/")).headers["location"] == "/own"
        assert 'href="/api/v1/me/record"' in (await officer.get("/own")).text
        assert "张伟" in (await officer.get("/api/v1/me/record")).text
        assert (await officer.get("/audit")).status_code == 403
    async with browsing(site, "nobody") as nobody:
        assert "/me/record" not in (await nobody.get("/own")).text


async def test_form_signs_out(site: web.WebServer) -> None:
    """The session ends at the server, and a foreign page cannot end it."""
    async with browsing(site, "odd") as auditor:
        kept = f"patrol_session={auditor.cookies['patrol_session']}"
        assert (await auditor.post("/logout", headers={"Origin": "http://evil.example"})).status_code == 403
        assert (await auditor.get("/audit")).status_code == 200
        answer = await auditor.post("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    async with site.client(token=None) as client:
        assert (await client.get("/api/v1/session", headers={"Cookie": kept})).status_code == 401


async def test_everybody_changes_the_own_password_on_a_page(site: web.WebServer) -> None:
    """Also who has no map; what is wrong is said on the page, and only a page of the server may ask for it."""
    new = "sieben Eulen lesen Zeitung"
    async with browsing(site, "own") as officer:
        assert 'href="/password"' in (await officer.get("/own")).text
        assert 'autocomplete="new-password"' in (await officer.get("/password?lang=zh")).text
        good = {"current": PHRASE, "new": new, "again": new}
        for wrong, said in (
            ({"again": "another phrase of some words"}, "new passwords differ"),
            ({"new": "short", "again": "short"}, "10 to 1024"),
            ({"new": "password123", "again": "password123"}, "first that are tried"),
            ({"current": "not it"}, "current password is wrong"),
        ):
            answer = await officer.post("/password?lang=en", data=good | wrong)
            assert (answer.status_code, said in answer.text) == (422, True), answer.text
        foreign = await officer.post("/password", data=good, headers={"Origin": "https://elsewhere.example"})
        assert foreign.status_code == 403
        done = await officer.post("/password?lang=en", data=good)
        assert (done.status_code, "Password changed" in done.text) == (200, True)
        assert (await officer.get("/own")).status_code == 200
    async with site.client(token=None) as client:
        assert (await client.post("/login", data={"name": "own", "password": new})).status_code == 303
