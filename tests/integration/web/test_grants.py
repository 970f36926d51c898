"""Grants over REST: nobody gives what they do not hold, and what was made ends with its maker."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx2
import pytest

from patrol.cli import errors
from patrol.cli.accounts import account_change
from patrol.settings import settings
from tests.integration.web.granting import PASSWORD, session, token
from tests.support import web
from tests.support.clock import Clock
from tests.support.waiting import until
from web.auth.access import PERMISSIONS, Permission, Role

if TYPE_CHECKING:
    from runtime.db import Connection

NOBODY_LEFT = "no administrator"


async def test_token_for_accounts_makes_nothing_that_it_does_not_hold(timed: web.WebServer) -> None:
    """Neither a token nor an account of a stronger role; it changes, signs out and revokes nobody stronger, either."""
    async with timed.client() as root:
        made = (await token(root, "narrow", scopes=["accounts", "self"])).json()["token"]
        strong = (await token(root, "strong")).json()["token"]
        await root.post("/api/v1/accounts", json={"name": "anna", "role": "commander", "password": PASSWORD})
        numbers = {item["name"]: item["id"] for item in (await root.get("/api/v1/tokens")).json()["items"]}
    async with timed.client(token=made) as narrow:
        for role in Role:
            if PERMISSIONS[role] - {Permission.ACCOUNTS, Permission.SELF}:
                assert (await token(narrow, "child", role=role)).status_code == 403, role
                account = {"name": "child", "role": role, "password": PASSWORD}
                assert (await narrow.post("/api/v1/accounts", json=account)).status_code == 403, role
        for change in ({"password": PASSWORD + "!"}, {"disabled": True}, {"role": "administrator"},
                       {"reset_second_factor": True}, {"valid_to": None}):  # fmt: skip
            for name in ("anna", "admin"):
                assert (await narrow.patch(f"/api/v1/accounts/{name}", json=change)).status_code == 403, change
        assert (await narrow.post("/api/v1/accounts/admin/sign-out")).status_code == 403
        assert (await narrow.delete(f"/api/v1/tokens/{numbers['strong']}")).status_code == 403
        assert (await token(narrow, "equal", scopes=["accounts", "self"])).status_code == 201
    async with timed.client(token=strong) as tool:
        assert (await tool.get("/api/v1/session")).status_code == 200


async def test_children_end_with_the_token_that_made_them(timed: web.WebServer, conn: "Connection") -> None:
    """Tokens of tokens, accounts of tokens, and what these accounts made."""
    async with timed.client() as root:
        parent = (await token(root, "parent")).json()["token"]
    async with timed.client(token=parent) as tool:
        child = (await token(tool, "child")).json()["token"]
        await tool.post("/api/v1/accounts", json={"name": "eve", "role": "administrator", "password": PASSWORD})
    eve = await session(timed, "eve")
    async with eve, timed.client(token=child) as other:
        grandchild = (await token(eve, "grandchild")).json()["token"]
        await eve.post("/api/v1/accounts", json={"name": "mallory", "role": "administrator", "password": PASSWORD})
        mallory = await session(timed, "mallory")
        async with mallory, timed.client(token=grandchild) as third, timed.client() as root:
            living = (other, eve, third, mallory)
            assert [(await one.get("/api/v1/session")).status_code for one in living] == [200] * 4
            number = await conn.fetchval("SELECT id FROM api_tokens WHERE name = 'parent'")
            assert (await root.delete(f"/api/v1/tokens/{number}")).status_code == 204
            assert [(await one.get("/api/v1/session")).status_code for one in living] == [401] * 4
            for name in ("eve", "mallory"):
                assert (await root.get(f"/api/v1/accounts/{name}")).json()["disabled"] is True
    assert await conn.fetchval("SELECT count(*) FROM api_tokens") == 0


@pytest.mark.parametrize(
    "change",
    [{"disabled": True}, {"role": "commander"}, {"areas": ["441302001"]}, {"password": PASSWORD + "!"},
     {"valid_from": "2099-01-01T00:00:00Z"}, {"valid_to": "2099-01-01T00:00:00Z"}],
    ids=str,
)  # fmt: skip
async def test_children_end_when_their_account_is_narrowed(timed: web.WebServer, change: dict[str, Any]) -> None:
    """However it is narrowed, by whomever, in the database's own words, too."""
    async with timed.client() as root:
        await root.post("/api/v1/accounts", json={"name": "anna", "role": "administrator", "password": PASSWORD})
        async with await session(timed, "anna") as anna:
            made = (await token(anna, "made")).json()["token"]
        async with timed.client(token=made) as tool:
            child = (await token(tool, "child")).json()["token"]
            async with timed.client(token=child) as other:
                assert (await other.get("/api/v1/session")).status_code == 200
                assert (await root.patch("/api/v1/accounts/anna", json=change)).status_code == 200
                assert (await tool.get("/api/v1/session")).status_code == 401
                assert (await other.get("/api/v1/session")).status_code == 401


async def test_children_expire_no_later_than_their_maker(timed: web.WebServer, clock: Clock) -> None:
    """Without an end of their own they take that of the maker; a later one is refused."""
    ends = clock.now + timedelta(hours=1)
    later = (ends + timedelta(seconds=1)).isoformat()
    async with timed.client() as root:
        made = (await token(root, "short", expires_at=ends.isoformat())).json()["token"]
    async with timed.client(token=made) as tool:
        assert (await token(tool, "late", expires_at=later)).status_code == 403
        late = {"name": "late", "role": "administrator", "password": PASSWORD, "valid_to": later}
        assert (await tool.post("/api/v1/accounts", json=late)).status_code == 403
        child = (await token(tool, "child")).json()["token"]
        account = {"name": "bert", "role": "administrator", "password": PASSWORD}
        assert (await tool.post("/api/v1/accounts", json=account)).json()["valid_to"] is not None
    async with await session(timed, "bert") as bert, timed.client(token=child) as other:
        assert (await bert.patch("/api/v1/accounts/bert", json={"valid_to": None})).status_code == 403
        clock.now = ends
        assert (await bert.get("/api/v1/session")).status_code == 401
        assert (await other.get("/api/v1/session")).status_code == 401


async def test_children_of_the_settings_token_end_with_it(database_url: str, conn: "Connection") -> None:
    """A web process that is started with another token, or none, ends them."""
    async with web.serving(database_url) as server, server.client() as root:
        await until(lambda: conn.fetchval("SELECT count(*) FROM accounts"), "the first account is made")
        made = (await token(root, "made")).json()["token"]
    for configured, status in ((web.TOKEN, 200), ("another-token-of-an-administrator", 401)):
        async with web.serving(database_url, api_token=configured) as server, server.client(token=made) as tool:

            async def answers(tool: httpx2.AsyncClient = tool, status: int = status) -> bool:
                return (await tool.get("/api/v1/session")).status_code == status

            await until(answers, f"the token's child is answered with {status}")


LOCKED_OUT: dict[str, dict[str, Any]] = {
    "disabled": {"disabled": True},
    "demoted": {"role": "commander"},
    "limited": {"areas": ["441302001"]},
    "ends": {"valid_to": "2099-01-01T00:00:00Z"},
    "ended": {"valid_to": "2001-01-01T00:00:00Z"},
    "begins later": {"valid_from": "2099-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("how", LOCKED_OUT)
async def test_last_administrator_cannot_be_locked_out(
    timed: web.WebServer, conn: "Connection", database_url: str, how: str
) -> None:
    """Neither by rights nor by dates; over REST, the command line or SQL; others that end, too, do not count."""
    column, value = next(iter(LOCKED_OUT[how].items()))
    async with timed.client() as root:
        short = {"name": "short", "role": "administrator", "valid_to": "2099-01-01T00:00:00Z"}
        assert (await root.post("/api/v1/accounts", json=short)).status_code == 201
        answer = await root.patch("/api/v1/accounts/admin", json=LOCKED_OUT[how])
        assert (answer.status_code, NOBODY_LEFT in answer.text) == (409, True)
        stored = datetime.fromisoformat(value) if column.startswith("valid") else value
        with pytest.raises(asyncpg.PostgresError, match="no administrator would be left"):
            await conn.execute(f"UPDATE accounts SET {column} = $1 WHERE name = 'admin'", stored)  # noqa: S608 - ours
        with pytest.raises(asyncpg.PostgresError, match="no administrator would be left"):
            await conn.execute("DELETE FROM accounts")
        if how == "disabled":
            given = settings.Settings(database_url=database_url)
            with pytest.raises(errors.SetupError, match=NOBODY_LEFT):
                await asyncio.to_thread(account_change.run, given, name="admin", disabled=True)
        await root.post("/api/v1/accounts", json={"name": "other", "role": "administrator"})
        assert (await root.patch("/api/v1/accounts/admin", json=LOCKED_OUT[how])).status_code == 200


async def test_two_who_demote_one_another_leave_one(timed: web.WebServer) -> None:
    """At the same moment."""
    async with timed.client() as root:
        await root.post("/api/v1/accounts", json={"name": "other", "role": "administrator"})
        answers = await asyncio.gather(
            *(root.patch(f"/api/v1/accounts/{name}", json={"disabled": True}) for name in ("admin", "other"))
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
