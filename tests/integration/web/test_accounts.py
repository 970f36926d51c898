"""Accounts, tokens, passwords and second factors over REST and the command line; everything ends at its second."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from patrol.cli import errors
from patrol.cli.accounts import account_add, account_change, account_list, token_create
from patrol.cli.progress import Progress
from patrol.services import composition
from patrol.settings import settings
from tests.support import web
from tests.support.clock import Clock
from tests.support.waiting import PATIENCE, until
from web.auth import hashing, totp
from web.auth.store import sessions

if TYPE_CHECKING:
    from runtime.db import Connection

PASSWORD = "a long enough phrase"


@asynccontextmanager
async def signed_in(server: web.WebServer, name: str, password: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser with a session."""
    async with server.client(token=None) as client:
        client.headers["Origin"] = server.url
        answer = await client.post("/api/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        yield client


async def test_administrator_keeps_accounts_and_each_change_is_recorded(
    timed: web.WebServer, conn: "Connection"
) -> None:
    """Made with a password shown once, limited to a street, changed, disabled; the record tells it all, no password."""
    async with timed.client() as admin:
        given = {"name": "anna", "role": "supervisor", "areas": ["441302001"]}
        made = (await admin.post("/api/v1/accounts", json=given)).json()
        assert len(made["password"]) >= 16
        assert (await admin.post("/api/v1/accounts", json=given)).status_code == 409
        async with signed_in(timed, "anna", made["password"]) as anna:
            assert (await anna.get("/api/v1/coverage")).status_code == 200
            changed = await admin.patch("/api/v1/accounts/anna", json={"role": "analyst", "areas": None})
            assert (changed.json()["role"], changed.json()["areas"]) == ("analyst", None)
            assert (await anna.get("/api/v1/coverage")).status_code == 401
        assert (await admin.patch("/api/v1/accounts/anna", json={"disabled": True})).json()["disabled"] is True
        async with timed.client(token=None) as client:
            answer = await client.post("/api/v1/session", json={"name": "anna", "password": made["password"]})
            assert answer.status_code == 401
        listed = (await admin.get("/api/v1/accounts")).json()["items"]
        assert [account["name"] for account in listed] == ["admin", "anna"]
        record = (await admin.get("/api/v1/audit", params={"object": "anna"})).json()["items"]
    assert [entry["action"] for entry in record] == [
        "session.refused", "account.change", "account.change", "session.begin", "account.create",
    ]  # fmt: skip
    assert record[2]["detail"]["sessions_ended"] == 1
    assert made["password"] not in json.dumps(record)
    assert made["password"] not in str(await conn.fetch("SELECT * FROM accounts"))


WRONG_ACCOUNTS: list[tuple[dict[str, Any], str]] = [
    ({"name": "a", "role": "king"}, "role"),
    ({"name": "a\u0000", "role": "analyst"}, "name"),
    ({"name": "<b>", "role": "analyst"}, "name"),
    ({"name": "a", "role": "analyst", "password": "short"}, "password"),
    ({"name": "a", "role": "analyst", "areas": ["nowhere"]}, "no area nowhere"),
    ({"name": "a", "role": "officer", "officer": "nobody"}, "no officer"),
    ({"name": "a", "role": "analyst", "valid_from": "2026-05-02T00:00:00Z", "valid_to": "2026-05-01T00:00:00Z"},
     "must be before"),
    ({"name": "a", "role": "analyst", "disabled": True}, "Extra"),
]  # fmt: skip


async def test_wrong_accounts_are_refused_by_what_is_wrong(timed: web.WebServer) -> None:
    """And nothing is made."""
    async with timed.client() as admin:
        for given, word in WRONG_ACCOUNTS:
            answer = await admin.post("/api/v1/accounts", json=given)
            assert answer.status_code == 422, given
            assert word in answer.text, given
        assert len((await admin.get("/api/v1/accounts")).json()["items"]) == 1
        assert (await admin.patch("/api/v1/accounts/none", json={"disabled": True})).status_code == 404
        for wrong in ({"role": None}, {"disabled": None}, {"areas": ["x"]}):
            assert (await admin.patch("/api/v1/accounts/admin", json=wrong)).status_code == 422


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "commander"}, {"areas": ["441302001"]}])
async def test_last_administrator_stays(timed: web.WebServer, change: dict[str, Any]) -> None:
    """Nobody can lock everybody out."""
    async with timed.client() as admin:
        assert (await admin.patch("/api/v1/accounts/admin", json=change)).status_code == 409
        await admin.post("/api/v1/accounts", json={"name": "other", "role": "administrator"})
        assert (await admin.patch("/api/v1/accounts/admin", json=change)).status_code == 200


async def test_token_has_the_rights_that_were_given_and_no_more(timed: web.WebServer) -> None:
    """Scopes and areas narrow the role; revoked, it is closed at once."""
    async with timed.client() as admin:
        given = {"name": "report", "role": "supervisor", "scopes": ["coverage"], "areas": ["441302001"]}
        token = (await admin.post("/api/v1/tokens", json=given)).json()["token"]
        async with timed.client(token=token) as tool:
            assert (await tool.get("/api/v1/coverage")).status_code == 200
            assert (await tool.get("/api/v1/devices")).status_code == 403
            (shown,) = (await admin.get("/api/v1/tokens")).json()["items"]
            assert (shown["scopes"], shown["areas"]) == (["coverage"], ["441302001"])
            assert "token" not in shown
            assert (await admin.delete(f"/api/v1/tokens/{shown['id']}")).status_code == 204
            assert (await tool.get("/api/v1/coverage")).status_code == 401
        wrong = {"name": "t", "role": "analyst", "scopes": ["tracks"]}
        assert "does not include tracks" in (await admin.post("/api/v1/tokens", json=wrong)).text
        assert (await admin.delete("/api/v1/tokens/1")).status_code == 404


async def test_token_ends_with_the_account_that_made_it(timed: web.WebServer) -> None:
    """An administrator who is disabled leaves no door open."""
    async with timed.client() as root:
        await root.post("/api/v1/accounts", json={"name": "anna", "role": "administrator", "password": PASSWORD})
        async with signed_in(timed, "anna", PASSWORD) as anna:
            made = (await anna.post("/api/v1/tokens", json={"name": "t", "role": "administrator"})).json()["token"]
        async with timed.client(token=made) as tool:
            assert (await tool.get("/api/v1/session")).status_code == 200
            await root.patch("/api/v1/accounts/anna", json={"disabled": True})
            assert (await tool.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize("kind", ["token", "session", "account"])
async def test_credentials_end_at_their_second_for_requests_and_live(
    timed: web.WebServer, clock: Clock, kind: str
) -> None:
    """A millisecond before, all is open; at the second, requests get 401 and the websocket its goodbye."""
    ends = clock.now + timedelta(hours=2)
    headers: dict[str, str] = {}
    async with timed.client() as admin:
        if kind == "token":
            given = {"name": "t", "role": "supervisor", "expires_at": ends.isoformat()}
            token = (await admin.post("/api/v1/tokens", json=given)).json()["token"]
            headers = {"Authorization": f"Bearer {token}"}
        else:
            account = {"name": "anna", "role": "supervisor", "password": PASSWORD}
            account |= {"valid_to": ends.isoformat()} if kind == "account" else {}
            assert (await admin.post("/api/v1/accounts", json=account)).status_code == 201
            async with signed_in(timed, "anna", PASSWORD) as client:
                headers = {"Cookie": f"patrol_session={client.cookies['patrol_session']}", "Origin": timed.url}
            ends = clock.now + timedelta(hours=12) if kind == "session" else ends
    async with timed.live(headers=headers) as viewer, timed.client(token=None) as client:
        await viewer.send(json.dumps({"type": "subscribe", "bbox": web.HUIZHOU, "zoom": 11}))
        await web.receive(viewer)
        clock.now = ends - timedelta(milliseconds=1)
        assert (await client.get("/api/v1/coverage", headers=headers)).status_code == 200
        clock.now = ends
        assert (await client.get("/api/v1/coverage", headers=headers)).status_code == 401
        said: list[Any] = []

        async def listen() -> None:
            while True:
                said.append(await viewer.recv())

        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(listen(), 2 * PATIENCE)
    assert json.loads(said[-1]) == {"type": "bye", "reason": "signed_out"}


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


async def test_command_line_makes_and_disables_accounts(
    timed: web.WebServer, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when nobody can sign in any more; the record names the user of the machine."""
    given = settings.Settings(database_url=database_url)
    add: dict[str, Any] = {"areas": ["441302001"], "valid_to": None, "officer": None}
    await asyncio.to_thread(account_add.run, given, name="anna", role="supervisor", **add)
    password = capsys.readouterr().out.split("password ")[1].split()[0]
    async with signed_in(timed, "anna", password):
        pass
    await asyncio.to_thread(account_change.run, given, name="anna", disabled=True)
    await asyncio.to_thread(account_list.run, given)
    assert "disabled" in capsys.readouterr().out
    await asyncio.to_thread(account_change.run, given, name="anna", disabled=False, password=True)
    fresh = capsys.readouterr().out.split("password ")[1].split()[0]
    async with signed_in(timed, "anna", fresh):
        pass
    await asyncio.to_thread(
        token_create.run, given, name="tool", role="supervisor", valid=timedelta(days=1), areas=["441302001"]
    )
    async with timed.client(token=capsys.readouterr().out.split()[-1]) as tool:
        assert (await tool.get("/api/v1/session")).json()["role"] == "supervisor"
    async with timed.client() as admin:
        record = (await admin.get("/api/v1/audit")).json()["items"]
    kept = [entry for entry in record if not entry["action"].startswith("session.")]
    assert {entry["actor"].split(":")[0] for entry in kept} == {"cli"}
    with pytest.raises(errors.SetupError, match="There is no area nowhere"):
        await asyncio.to_thread(account_add.run, given, name="b", role="analyst", **{**add, "areas": ["nowhere"]})
    with pytest.raises(errors.SetupError, match="role: Input should be"):
        await asyncio.to_thread(account_add.run, given, name="b", role="king", **add)


COMMON = ("password123", "1234567890", "qwertyuiop", "Passw0rd2024", "woaini1314520", "patrolgrid2026", "anna123456",
          "x" * 1_024)  # fmt: skip


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
