"""Passwords: which are refused, and that each is verified exactly once; failed sign-ins; second factors."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from patrol.cli import errors
from patrol.cli.progress import Progress
from patrol.services import composition
from patrol.settings import settings
from tests.integration.web.signing_in import PASSWORD, signed_in
from tests.support import web
from tests.support.clock import Clock
from tests.support.waiting import until
from web.auth import hashing, totp
from web.auth.store import sessions

if TYPE_CHECKING:
    from runtime.db import Connection

COMMON = ("password123", "1234567890", "qwertyuiop", "Passw0rd2024", "woaini1314520", "patrolgrid2026", "anna123456",
          "x" * 1_024)  # fmt: skip


async def test_new_password_ends_every_other_session(timed: web.WebServer) -> None:
    """The one that changed it stays; signing out everywhere ends that one, too."""
    async with timed.client() as admin:
        await admin.post("/api/v1/accounts", json={"name": "anna", "role": "supervisor", "password": PASSWORD})
    async with signed_in(timed, "anna", PASSWORD) as here, signed_in(timed, "anna", PASSWORD) as there:
        wrong = {"current": "not it", "new": PASSWORD + "!"}
        assert (await here.post("/api/v1/session/password", json=wrong)).status_code == 422
        change = {"current": PASSWORD, "new": PASSWORD + "!"}
        assert (await here.post("/api/v1/session/password", json=change)).json() == {"sessions_ended": 1}
        assert (await there.get("/api/v1/session")).status_code == 401
        assert (await here.get("/api/v1/session")).status_code == 200
        async with signed_in(timed, "anna", PASSWORD + "!") as again:
            assert (await here.delete("/api/v1/session/everywhere")).status_code == 204
            assert (await again.get("/api/v1/session")).status_code == 401


async def test_second_factor_is_asked_for_and_each_code_opens_once(timed: web.WebServer, clock: Clock) -> None:
    """Set up by a first code; then password alone is not enough; replay is refused; recovery codes open once."""
    async with timed.client() as admin:
        await admin.post("/api/v1/accounts", json={"name": "anna", "role": "supervisor", "password": PASSWORD})
    async with signed_in(timed, "anna", PASSWORD) as anna:
        assert (await anna.post("/api/v1/session/second-factor")).status_code == 422
        wrong = await anna.post("/api/v1/session/second-factor", json={"current": "not it"})
        assert wrong.status_code == 422
        begun = (await anna.post("/api/v1/session/second-factor", json={"current": PASSWORD})).json()
        secret = base64.b32decode(begun["secret"])
        assert (await anna.post("/api/v1/session/second-factor/confirm", json={"code": "000000"})).status_code == 422

        def code() -> str:
            return totp.code(secret, int(clock.now.timestamp()) // totp.STEP_S)

        confirmed = await anna.post("/api/v1/session/second-factor/confirm", json={"code": code()})
        recovery = confirmed.json()["codes"]
        again = await anna.post("/api/v1/session/second-factor", json={"current": PASSWORD})
        assert again.status_code == 409

    async def status(**given: str) -> int:
        async with timed.client(token=None) as client:
            fields = {"name": "anna", "password": PASSWORD, **given}
            return (await client.post("/api/v1/session", json=fields)).status_code

    assert await status() == 401
    assert await status(code=code()) == 401  # it confirmed the factor: used
    clock.now += timedelta(seconds=30)
    assert await status(code=code()) == 200
    assert await status(code=code()) == 401
    assert await status(code=recovery[0]) == 200
    assert await status(code=recovery[0]) == 401
    form = {"name": "anna", "password": PASSWORD}
    async with timed.client(token=None) as client:
        page = await client.post("/login", data=form)
        assert (page.status_code, 'name="code"' in page.text) == (401, True)
        assert (await client.post("/login", data={**form, "code": recovery[1]})).status_code == 303
        client.headers["Origin"] = timed.url
        request = client.build_request("DELETE", "/api/v1/session/second-factor", json={"code": recovery[2]})
        assert (await client.send(request)).status_code == 204
    assert await status() == 200


async def test_password_is_verified_exactly_once_whoever_is_asked_for(
    timed: web.WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known, unknown, disabled, malformed: the same work, so that the time taken tells nothing."""
    async with timed.client() as admin:
        for name, disabled in (("anna", False), ("gone", True)):
            await admin.post("/api/v1/accounts", json={"name": name, "role": "analyst", "password": PASSWORD})
            await admin.patch(f"/api/v1/accounts/{name}", json={"disabled": disabled})
    verified: list[str] = []
    really = hashing._verify_now

    def counted(stored: str, password: str) -> bool:
        verified.append(stored)
        return really(stored, password)

    monkeypatch.setattr(hashing, "_verify_now", counted)
    async with timed.client(token=None) as client:
        for name in ("anna", "gone", "nobody", "nul\0name", "x" * 64):
            verified.clear()
            answer = await client.post("/api/v1/session", json={"name": name, "password": "wrong"})
            assert (answer.status_code, len(verified)) == (401, 1), name
            parameters = {stored.split("$")[1:4][-1] for stored in verified}
            assert parameters == {"m=19456,t=2,p=1"}


@pytest.mark.parametrize("password", COMMON)
async def test_passwords_that_are_tried_first_are_refused(timed: web.WebServer, password: str) -> None:
    """Whoever sets them, and however: made with an account, by an administrator, by oneself."""
    async with timed.client() as admin:
        given = {"name": "anna", "role": "analyst", "password": password}
        refused = await admin.post("/api/v1/accounts", json=given)
        assert (refused.status_code, "first that are tried" in refused.text) == (422, True)
        await admin.post("/api/v1/accounts", json={**given, "password": PASSWORD})
        assert (await admin.patch("/api/v1/accounts/anna", json={"password": password})).status_code == 422
    async with signed_in(timed, "anna", PASSWORD) as anna:
        change = {"current": PASSWORD, "new": password}
        assert (await anna.post("/api/v1/session/password", json=change)).status_code == 422
    async with signed_in(timed, "anna", PASSWORD):
        pass


async def test_common_password_of_the_settings_is_refused(database_url: str) -> None:
    """Before it is set; the process says so and ends."""
    given = settings.Settings(database_url=database_url, admin_password="password123")  # type: ignore[arg-type]
    with pytest.raises(errors.SetupError, match="PATROL_ADMIN_PASSWORD"):
        await composition.ensure_admin(given, database_url, Progress())


async def test_failed_sign_ins_are_recorded(timed: web.WebServer, conn: "Connection") -> None:
    """By the name of the account where there is one; what else was typed may be a password, and is not kept."""
    async with timed.client() as admin:
        await admin.post("/api/v1/accounts", json={"name": "anna", "role": "analyst", "password": PASSWORD})
    async with timed.client(token=None) as client:
        for name in ("anna", "my secret phrase"):
            form = {"name": name, "password": "wrong"}
            assert (await client.post("/api/v1/session", json=form)).status_code == 401
            assert (await client.post("/login", data=form)).status_code == 401
    rows = await conn.fetch("SELECT actor, object, detail FROM audit WHERE action = 'session.refused' ORDER BY n")
    assert [row["object"] for row in rows] == ["anna", "anna", sessions.UNKNOWN, sessions.UNKNOWN]
    assert {json.loads(row["detail"])["client"] for row in rows} == {"127.0.0.1"}
    assert "secret" not in str(await conn.fetch("SELECT * FROM audit"))


@pytest.mark.parametrize(("proxies", "seen"), [((), "127.0.0.1"), (("127.0.0.0/8",), "203.0.113.9"),
                                               (("10.0.0.0/8",), "127.0.0.1")])  # fmt: skip
async def test_only_proxies_that_are_named_say_who_comes(
    database_url: str, conn: "Connection", proxies: tuple[str, ...], seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else: neither from this machine, nor by the variable of the HTTP server. The last address counts."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    async with web.serving(database_url, trusted_proxies=proxies) as server:
        await until(lambda: conn.fetchval("SELECT count(*) FROM accounts"), "the first account is made")
        await server.hub.database.opened()
        async with server.client(token=None) as client:
            forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
            given = {"name": "admin", "password": web.PASSWORD}
            assert (await client.post("/api/v1/session", json=given, headers=forged)).status_code == 200
    said = await conn.fetchval("SELECT detail FROM audit WHERE action = 'session.begin'")
    assert json.loads(said)["client"] == seen


async def test_secrets_of_second_factors_are_encrypted(database_url: str, conn: "Connection", clock: Clock) -> None:
    """Those of before are, at the next start; with another key only recovery codes open, which the log says."""
    secret, recovery = totp.new_secret(), totp.recovery_codes()
    async with web.serving(database_url, clock=clock):
        await until(lambda: conn.fetchval("SELECT count(*) FROM accounts"), "the first account is made")
    await conn.execute(
        "UPDATE accounts SET totp_secret = $1, totp_confirmed = true, recovery = $2",
        secret,
        [totp.recovery_hash(code) for code in recovery],
    )

    async def status(server: web.WebServer, code: str) -> int:
        given = {"name": "admin", "password": web.PASSWORD, "code": code}
        async with server.client(token=None) as client:
            return (await client.post("/api/v1/session", json=given)).status_code

    def now() -> str:
        return totp.code(secret, int(clock.now.timestamp()) // totp.STEP_S)

    async with web.serving(database_url, clock=clock) as server:

        async def encrypted() -> bool:
            kept = await conn.fetchval("SELECT totp_secret FROM accounts")
            return secret not in kept and len(kept) > len(secret)

        await until(encrypted, "the secret of before is encrypted")
        assert await status(server, now()) == 200
    clock.now += timedelta(minutes=2)
    async with web.serving(database_url, clock=clock, secrets_key="another" * 8) as server:
        await asyncio.wait_for(server.hub.database.opened(), 20)
        assert await status(server, now()) == 401
        assert await status(server, recovery[0]) == 200
