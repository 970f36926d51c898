"""Accounts, tokens, passwords and second factors over REST and the command line; everything ends at its second."""

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed

from patrol.cli import errors
from patrol.cli.accounts import account_add, account_change, account_list, token_create
from patrol.settings import settings
from tests.integration.web.signing_in import PASSWORD, signed_in
from tests.support import web
from tests.support.clock import Clock
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from runtime.db import Connection


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
