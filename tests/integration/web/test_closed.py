"""Closed by default: every route of the application, and what a session or a token opens."""

import base64
import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from tests.support import web
from tests.support.waiting import until
from web.app import create_app
from web.auth import authentication, first_administrator, route_rules
from web.auth.store import tokens
from web.config import WebConfig
from web.http.route_table import RouteTable


def route_table() -> RouteTable:
    """All routes of the application."""
    config = WebConfig(database_url="postgresql://127.0.0.1:9/none", mqtt_url=web.NOWHERE, static_dir=Path("/none"))
    return RouteTable(create_app(config).routes)


def app_routes() -> list[tuple[str, str]]:
    """Method and a concrete path of every route of the application."""
    return sorted({(method, re.sub(r"\{[^}]*\}", "1", path)) for method, path in route_table().entries()})


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    """A route without a rule is closed and fails here; a rule without a route is forgotten."""
    routes = set(route_table().entries())
    rules = [(method, rule.path) for rule in route_rules.RULES for method in rule.methods]
    assert routes - set(rules) == set(), "give these a rule in web/auth/route_rules.py"
    assert set(rules) - routes == set(), "these rules have no route"
    assert len(rules) == len(set(rules)), "two rules for one route"


def test_routes_are_seen_by_this_file() -> None:
    """The walk below meets the routes of every part, so that it cannot pass by seeing none."""
    found = {path for _, path in app_routes()}
    for path in ("/api/v1/devices", "/api/v1/devices/1/track", "/api/v1/live", "/metrics", "/docs", "/openapi.json",
                 "/", "/1", "/api/v1/alerts/1", "/login"):  # fmt: skip
        assert path in found, path


async def test_every_route_is_closed_without_credentials(server: web.WebServer) -> None:
    """All routes but those of the public table answer 401, with a problem document."""
    public = {(method, rule.path) for rule in route_rules.RULES for method in rule.methods if rule.permission is None}
    async with server.client(token=None) as client:
        for method, path in app_routes():
            if (method, path) in public or method == "WEBSOCKET":
                continue
            answer = await client.request(method, path)
            assert answer.status_code == 401, f"{method} {path}"
            if method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["status"] == 401


async def test_public_routes_are_these_and_no_more() -> None:
    """Whoever opens another route changes this test, too."""
    assert {rule.path for rule in route_rules.RULES if rule.permission is None} == {
        "/healthz", "/readyz", "/login", "/login/login.css", "/api/v1/session", "/login/openid",
        "/login/openid/callback",
    }  # fmt: skip


async def test_browser_that_navigates_is_sent_to_sign_in(server: web.WebServer) -> None:
    """A page is not refused but leads to the sign-in page, and back after it."""
    async with server.client(token=None) as client:
        for path in ("/", "/map", "/docs", "/nothing", "/metrics", "/assets/index.js", "/replay/a?from=1"):
            answer = await client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
            assert answer.status_code == 303
            where = httpx2.URL(answer.headers["location"])
            assert where.path == "/login"
            assert where.params.get("next", "/") == path


async def test_sign_in_page_needs_no_script_and_loads_only_its_style(server: web.WebServer) -> None:
    """The page stands in both languages, without scripts and with nothing from elsewhere."""
    async with server.client(token=None) as client:
        for lang, word in (("zh", "登录"), ("en", "Sign in")):
            page = (await client.get(f"/login?lang={lang}&next=/map")).text
            assert word in page
            assert "<script" not in page
            assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) <= {
                "data:,", "/login/login.css", "/login?lang=en&amp;next=/map", "/login?lang=zh&amp;next=/map"
            }  # fmt: skip
            assert 'name="next" value="/map"' in page
        assert (await client.get("/login", headers={"Accept-Language": "en-GB,en;q=0.9"})).text.count("Sign in")
        assert (await client.get("/login/login.css")).headers["content-type"].startswith("text/css")


async def test_form_begins_a_session_that_signing_out_ends(server: web.WebServer) -> None:
    """Name and password give a strict cookie; it opens the API; after signing out it does not."""
    async with server.client(token=None) as client:
        form = {"name": "admin", "password": web.PASSWORD, "next": "/map"}
        answer = await client.post("/login", data=form, headers={"Origin": server.url})
        assert (answer.status_code, answer.headers["location"]) == (303, "/map")
        cookie = answer.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
            assert part in cookie
        who = await client.get("/api/v1/session")
        assert (who.json()["name"], who.json()["kind"]) == ("admin", "session")
        kept = f"patrol_session={client.cookies['patrol_session']}"
        assert (await client.delete("/api/v1/session", headers={"Origin": server.url})).status_code == 204
        assert (await client.get("/api/v1/session", headers={"Cookie": kept})).status_code == 401


async def test_form_of_any_number_of_fields_is_no_fault(server: web.WebServer) -> None:
    """Nobody needs an account to send one."""
    async with server.client(token=None) as client:
        for form in ("a=1&" * 30, "&" * 5_000, "%00=%00&name=%00&password=%00", "name=%ed%a0%80&password=x"):
            answer = await client.post("/login", content=form)
            assert answer.status_code in (401, 422), (form[:20], answer.text)


async def test_next_of_the_form_cannot_lead_elsewhere(server: web.WebServer) -> None:
    """Signing in through a prepared link stays here."""
    async with server.client(token=None) as client:
        form = {"name": "admin", "password": web.PASSWORD, "next": "//evil.example"}
        assert (await client.post("/login", data=form)).headers["location"] == "/"


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_foreign_page_can_neither_sign_in_nor_act(server: web.WebServer, origin: str) -> None:
    """A request that a foreign page makes is refused, with and without a cookie."""
    async with server.client(token=None) as client:
        form = {"name": "admin", "password": web.PASSWORD}
        assert (await client.post("/login", data=form, headers={"Origin": origin})).status_code == 403
        await client.post("/login", data=form)
        assert (await client.delete("/api/v1/session", headers={"Origin": origin})).status_code == 403
        assert (await client.delete("/api/v1/session")).status_code == 403
        assert (await client.get("/api/v1/session")).status_code == 200


async def test_wrong_password_and_unknown_name_are_told_alike(server: web.WebServer) -> None:
    """Nothing says whether the name exists; after five failures the answer is to wait."""
    async with server.client(token=None) as client:
        answers = [
            (await client.post("/api/v1/session", json={"name": name, "password": "wrong"}))
            for name in ("admin", "nobody", "nul\0name")
        ]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.text for answer in answers}) == 1
        for _ in range(4):
            await client.post("/api/v1/session", json={"name": "admin", "password": "wrong"})
        waiting = await client.post("/api/v1/session", json={"name": "admin", "password": web.PASSWORD})
        assert waiting.status_code == 429
        assert 0 < int(waiting.headers["retry-after"]) <= 30


@pytest.mark.parametrize(("ttl", "status"), [(None, 200), (timedelta(hours=1), 200), (timedelta(seconds=-1), 401)])
async def test_token_of_the_database_opens_until_it_expires(
    server: web.WebServer, ttl: timedelta | None, status: int
) -> None:
    """`patrol token create` makes tokens; their plain text is nowhere in the database."""
    pool = server.hub.database.pool
    token = await tokens.create_token(pool, "tool", "analyst", ttl)
    async with server.client(token=token) as client:
        answer = await client.get("/api/v1/session")
    assert answer.status_code == status
    stored: bytes = await pool.fetchval("SELECT token_hash FROM api_tokens")
    assert token.encode() not in stored


async def test_expired_session_is_closed(server: web.WebServer) -> None:
    """A session holds twelve hours and not longer."""
    async with server.client(token=None) as client:
        await client.post("/api/v1/session", json={"name": "admin", "password": web.PASSWORD})
        assert (await client.get("/api/v1/stats")).status_code == 200
        await server.hub.database.pool.execute("UPDATE sessions SET expires_at = now()")
        assert (await client.get("/api/v1/stats")).status_code == 401


async def test_every_answer_has_the_security_headers(server: web.WebServer) -> None:
    """Also refusals and redirects forbid other origins, frames and guessing of types."""
    async with server.client(token=None) as client:
        for path in ("/healthz", "/login", "/api/v1/devices", "/nothing"):
            headers = (await client.get(path)).headers
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"


async def test_pages_of_the_server_have_only_styles_that_the_policy_knows(server: web.WebServer) -> None:
    """What stands within a page is allowed by its hash; nothing has a style of its own, and nothing a script."""
    async with server.client() as client:
        for path in ("/docs", "/", "/login", "/audit", "/own"):
            answer = await client.get(path, headers={"Accept": "text/html"})
            for style in re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL):
                digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in answer.headers["content-security-policy"], path
            assert re.search(r"\sstyle=|<script|\son\w+=", answer.text) is None, path
        assert "<style>" in (await client.get("/docs")).text


async def test_first_start_makes_a_password_and_shows_it_once(database_url: str) -> None:
    """Without a password in the settings one is made; the second start makes none; a given one replaces it."""
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=2)
    try:
        made = await first_administrator.ensure(pool, None)
        assert made is not None
        assert await first_administrator.ensure(pool, None) is None
        assert await authentication.sign_in(pool, "admin", made) is not None
        assert await first_administrator.ensure(pool, "another one") is None
        assert await authentication.sign_in(pool, "admin", made) is None
        assert await authentication.sign_in(pool, "admin", "another one") is not None
        stored = await pool.fetchval("SELECT password_hash FROM accounts")
        assert stored.startswith("$argon2id$")
    finally:
        await pool.close()


async def test_process_starts_before_its_database(empty_database_url: str) -> None:
    """Without tables the process serves, says what is missing, and sign-in tells to wait; nothing is a fault 500."""
    async with web.serving(empty_database_url) as server, server.client(token=None) as client:

        async def reached() -> dict[str, Any] | None:
            checks: dict[str, Any] = (await client.get("/readyz")).json()["checks"]
            return checks if checks["database"]["ok"] else None

        checks = await until(reached, "the database is reached")
        assert "run patrol migrate" in checks["migrations"]["detail"]
        form = {"name": "admin", "password": "x"}
        assert (await client.post("/login", data=form)).status_code == 503
        assert (await client.post("/api/v1/session", json=form)).status_code == 503
        assert (await client.get("/api/v1/devices", headers={"Authorization": "Bearer x"})).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
