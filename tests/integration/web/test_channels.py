"""Channels over REST: addresses only from administrators, secrets shown once, tests and the log for their owners."""

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import web
from web.auth import principal

if TYPE_CHECKING:
    from runtime import db

BROWSER = {
    "endpoint": "https://push.example/abc",
    "keys": {"p256dh": base64.urlsafe_b64encode(b"\4" + b"x" * 64).decode(), "auth": "x" * 22},
}


@pytest.fixture
async def person(conn: "db.Connection", server: web.WebServer) -> str:
    """A supervisor's token, whose account is of the same name."""
    assert server
    await conn.execute("INSERT INTO accounts (name, password_hash, role) VALUES ('zhang', 'x', 'supervisor')")
    token = "patrol_of_zhang"
    await conn.execute(
        "INSERT INTO api_tokens (token_hash, name, role, created_at) VALUES ($1, 'zhang', 'supervisor', now())",
        principal.hash_token(token),
    )
    return token


async def test_an_administrator_sets_a_webhook_whose_secret_is_shown_once(server: web.WebServer) -> None:
    """Made, listed, changed, tested, removed; the address is never given back."""
    hook = {"kind": "webhook", "name": "指挥平台", "url": "https://hooks.example/s3cret", "system": True}
    async with server.client() as client:
        made = await client.post("/api/v1/channels", json=hook)
        assert made.status_code == 201, made.text
        assert made.json()["secret"].startswith("whsec_")
        number = made.json()["id"]
        changed = await client.put(
            f"/api/v1/channels/{number}", json={"name": "新名", "quiet": ["22:00", "06:00"], "level": "red"}
        )
        assert (changed.status_code, changed.json()["quiet"]) == (200, ["22:00", "06:00"])
        sent = await client.post(f"/api/v1/channels/{number}/test")
        assert sent.status_code == 202
        log = (await client.get("/api/v1/deliveries", params={"channel": number})).json()["items"]
        assert [(one["id"], one["reason"], one["state"]) for one in log] == [
            (sent.json()["delivery"], "test", "waiting")
        ]
        listed = (await client.get("/api/v1/channels")).text
        assert "s3cret" not in listed + changed.text + str(log)
        assert "whsec_" not in listed + changed.text
        for status in (204, 404):
            assert (await client.delete(f"/api/v1/channels/{number}")).status_code == status
        assert (await client.post(f"/api/v1/channels/{number}/test")).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x"}, {"url": None}, {"kind": "apprise", "url": "json://127.0.0.1/x"}, {"quiet": ["22:00"]},
        {"quiet": ["25:00", "06:00"]}, {"account": "nobody", "system": False}, {"area": "9"}, {"per_hour": 0},
        {"kind": "webpush"},
    ],
)  # fmt: skip
async def test_a_channel_that_cannot_work_is_refused(server: web.WebServer, wrong: dict[str, Any]) -> None:
    """Each with a text that says what to do, and without the address in it."""
    hook = {"kind": "webhook", "name": "x", "url": "https://hooks.example/x", "system": True}
    async with server.client() as client:
        answer = await client.post("/api/v1/channels", json=hook | wrong)
        assert answer.status_code == 422, answer.text
        assert (await client.get("/api/v1/channels")).json()["items"] == []


async def test_a_person_keeps_the_own_browser_and_sees_nothing_of_others(server: web.WebServer, person: str) -> None:
    """Subscribing twice is one channel; addresses that the server calls are not theirs to set."""
    hook = {"kind": "webhook", "name": "x", "url": "https://hooks.example/x"}
    async with server.client() as admin, server.client(token=person) as client:
        other = (await admin.post("/api/v1/channels", json=hook | {"account": "admin"})).json()["id"]
        assert (await client.post("/api/v1/channels", json=hook)).status_code == 403
        assert len((await client.get("/api/v1/push/key")).json()["key"]) == 87
        numbers = {(await client.post("/api/v1/push/subscriptions", json=BROWSER)).json()["id"] for _ in range(2)}
        (own,) = (await client.get("/api/v1/channels")).json()["items"]
        assert ({own["id"]}, own["account"], own["kind"]) == (numbers, "zhang", "webpush")
        await admin.post(f"/api/v1/channels/{other}/test")
        assert (await client.post(f"/api/v1/channels/{own['id']}/test")).status_code == 202
        assert [one["channel"] for one in (await client.get("/api/v1/deliveries")).json()["items"]] == [own["id"]]
        assert len((await admin.get("/api/v1/deliveries")).json()["items"]) == 2
        for method, path in (("POST", "/test"), ("DELETE", "")):
            assert (await client.request(method, f"/api/v1/channels/{other}{path}")).status_code == 404
