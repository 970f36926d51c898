"""Sign-in at a real OpenID provider over real HTTP: who comes in as what, and what does not open."""

import re
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.web.openid_site import ROLES, Site, account, has_account, person, serving
from tests.support import openid, web
from tests.support.openid import CLIENT, OpenIdProvider
from tests.support.waiting import until

if TYPE_CHECKING:
    from runtime.db import Connection


@pytest.fixture
async def site(database_url: str, conn: "Connection") -> AsyncIterator[Site]:
    """A server and its provider; claims may give roles."""
    await conn.execute(
        "INSERT INTO areas VALUES ('441302', 'district', 'D', NULL, NULL), ('441302001', 'street', 'S', '441302', NULL)"
    )
    async with openid.provider() as provider, serving(database_url, provider, ROLES) as server:
        await until(has_account(conn), "the first account is made")
        yield Site(server, provider)


async def test_person_of_the_provider_comes_in_with_role_and_areas(site: Site, conn: "Connection") -> None:
    """The button leads there, the way back makes account and session; a page of ours leads on; all is recorded."""
    site.provider.claims = person()
    async with site.browser() as client:
        page = (await client.get("/login?lang=en&next=/map")).text
        assert re.findall(r'class="other" href="([^"]*)">([^<]*)<', page) == [
            ("/login/openid?lang=en&amp;next=/map", "Sign in with 市平台 SSO")
        ]
        answer = await site.sign_in(client)
        assert answer.status_code == 200
        assert 'content="0;url=/map"' in answer.text
        assert "<script" not in answer.text
        cookies = answer.headers.get_list("set-cookie")
        assert any("patrol_session=" in each and "SameSite=strict" in each and "HttpOnly" in each for each in cookies)
        assert any("patrol_openid=" in each and "Max-Age=0" in each for each in cookies)
        who = (await client.get("/api/v1/session")).json()
        assert (who["name"], who["role"], who["kind"]) == ("wang", "supervisor", "session")
    asked = site.provider.asked[0]
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) == len(asked["nonce"]) == 43
    assert tuple(await account(conn)) == ("supervisor", ["441302001"], site.provider.issuer, "s-1")
    rows = await conn.fetch("SELECT actor, action FROM audit WHERE object = 'wang' ORDER BY n")
    assert [tuple(row) for row in rows] == [("openid", "account.create"), ("wang", "session.begin")]


async def test_claims_are_followed_at_each_sign_in(site: Site, conn: "Connection") -> None:
    """Another role and name: the same account changes and its other sessions end; no role: out, everywhere."""
    site.provider.claims = person()
    async with site.browser() as first, site.browser() as second:
        await site.sign_in(first)
        site.provider.claims = person(realm={"roles": ["leads", "chiefs"]}, patrol_areas="*", preferred_username="w2")
        assert (await site.sign_in(second)).status_code == 200
        assert (await first.get("/api/v1/session")).status_code == 401
        assert tuple(await account(conn))[:2] == ("commander", None)
        assert await account(conn, "w2") is None
        site.provider.claims = person(realm={"roles": ["guests"]})
        async with site.browser() as third:
            answer = await site.sign_in(third)
            assert (answer.status_code, "may not use this system" in answer.text) == (403, True)
        assert (await second.get("/api/v1/session")).status_code == 401


NOT_WELCOME: dict[str, dict[str, Any]] = {
    "no role": {"realm": None},
    "role elsewhere": {"realm": {"roles": ["administrator"]}, "roles": ["leads"]},
    "name of a local account": {"preferred_username": "admin"},
    "no name": {"preferred_username": None},
    "name that is none": {"preferred_username": "../admin"},
    "no subject": {"sub": 7},
}


@pytest.mark.parametrize("how", NOT_WELCOME)
async def test_person_without_a_right_to_be_here_stays_out(site: Site, conn: "Connection", how: str) -> None:
    """Known to the provider is not enough, and no name takes an account that has a password."""
    site.provider.claims = person(**NOT_WELCOME[how])
    before = await conn.fetch("SELECT * FROM accounts ORDER BY name")
    async with site.browser() as client:
        answer = await site.sign_in(client)
        assert answer.status_code in (401, 403)
        assert (await client.get("/api/v1/session")).status_code == 401
    assert await conn.fetch("SELECT * FROM accounts ORDER BY name") == before


async def test_without_claimed_areas_nothing_is_seen(site: Site, conn: "Connection") -> None:
    """Closed until opened: an account that no claim gives areas sees none; what an administrator sets then stays."""
    site.provider.claims = person(patrol_areas=None)
    async with site.browser() as client:
        await site.sign_in(client)
        assert (await account(conn))["areas"] == []
        assert (await client.get("/api/v1/areas")).json()["items"] == []
        await conn.execute("UPDATE accounts SET areas = '{441302}' WHERE name = 'wang'")
        await site.sign_in(client)
        assert len((await client.get("/api/v1/areas")).json()["items"]) == 2


FORGED: dict[str, Any] = {
    "nonce": lambda token: {**token, "nonce": "other"},
    "no nonce": lambda token: {key: value for key, value in token.items() if key != "nonce"},
    "audience": lambda token: {**token, "aud": "another-client"},
    "party": lambda token: {**token, "aud": [CLIENT, "x"], "azp": "x"},
    "issuer": lambda token: {**token, "iss": "https://evil.example"},
    "expired": lambda token: {**token, "exp": int(time.time()) - 31},
    "endless": lambda token: {key: value for key, value in token.items() if key != "exp"},
    "of the future": lambda token: {**token, "nbf": int(time.time()) + 900},
    "access token": lambda token: {**token, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("how", FORGED)
async def test_token_that_is_not_for_this_sign_in_opens_nothing(site: Site, how: str) -> None:
    """Each claim that binds a token to us, to now and to this browser is looked at."""
    site.provider.claims, site.provider.spoil = person(), FORGED[how]
    async with site.browser() as client:
        assert (await site.sign_in(client)).status_code == 401
        assert (await client.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize("sign", ["none", "HS256", "foreign"])
async def test_token_that_the_provider_did_not_sign_opens_nothing(site: Site, sign: str) -> None:
    """No signature, one with the public key as a secret, one with another key."""
    site.provider.claims, site.provider.sign = person(), sign
    async with site.browser() as client:
        assert (await site.sign_in(client)).status_code == 401
        assert (await client.get("/api/v1/session")).status_code == 401


async def test_new_key_of_the_provider_is_learned(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider changes its key now and then; its keys are read again, but not for each bad token."""
    site.provider.claims = person()
    async with site.browser() as client:
        assert (await site.sign_in(client)).status_code == 200
        site.provider.key = OpenIdProvider().key
        assert (await site.sign_in(client)).status_code == 401
        monkeypatch.setattr("web.auth.openid.provider.KEYS_S", -1.0)
        assert (await site.sign_in(client)).status_code == 200


async def test_answer_without_the_own_flow_opens_nothing(site: Site) -> None:
    """Another's answer, another's cookie, an answer sent twice, an error: no session, whoever made the link."""
    site.provider.claims = person()
    async with site.browser() as client, site.browser() as victim:
        back = await site.begin(client)
        where = back.headers["location"]
        assert (await victim.get(where)).status_code == 400
        await site.begin(victim)
        assert (await victim.get(where)).status_code == 400
        assert (await client.get(where.replace("state=", "state=x"))).status_code == 400
        await site.begin(client)
        assert (await client.get(where)).status_code == 400  # the flow of the second begin has another state
        again = (await site.begin(client)).headers["location"]
        assert (await client.get(again)).status_code == 200
        assert (await client.get(again)).status_code == 400
        state = site.provider.asked[-1]["state"]
        for query in (f"state={state}", f"state={state}&error=access_denied", "", "state=%00"):
            assert (await client.get(f"/login/openid/callback?{query}")).status_code == 400
        begun = (await site.begin(victim)).headers["location"]
        assert (await victim.get(re.sub(r"iss=[^&]*", "iss=https://evil.example", begun))).status_code == 401
        assert (await victim.get("/api/v1/session")).status_code == 401


async def test_provider_that_is_away_or_not_itself_is_said(site: Site) -> None:
    """Down, another issuer, an address without TLS: a page that says so, and no redirect."""
    for trouble in ({"down": True}, {"metadata": {"issuer": "https://x"}},
                    {"metadata": {"token_endpoint": "http://10.0.0.1/token"}}):  # fmt: skip
        for name, value in trouble.items():
            setattr(site.provider, name, value)
        async with site.browser() as client:
            answer = await client.get("/login/openid?lang=en")
            assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
        site.provider.down, site.provider.metadata = False, {}


HOSTILE = {
    "long": b'{"x": "' + b"x" * (1 << 20) + b'"}',
    "deep": b'{"x": ' + b"[" * 100_000,
    "no object": b"[]",
    "no JSON": b"<html>",
    "no number": b'{"access_token": "a", "expires_in": 1e999}',
}


@pytest.mark.parametrize("end", ["metadata", "token"])
@pytest.mark.parametrize("how", HOSTILE)
async def test_answer_that_cannot_be_read_is_said(site: Site, how: str, end: str) -> None:
    """Whatever stands in the place of metadata or token: a page that says so, within the limits."""
    site.provider.claims, site.provider.answers = person(), {end: HOSTILE[how]}
    async with site.browser() as client:
        if end == "metadata":
            answer = await client.get("/login/openid?lang=en")
        else:
            answer = await site.sign_in(client)
        assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)


async def test_secret_goes_where_the_provider_reads_it(site: Site) -> None:
    """A provider that takes the secret in the form alone gets it there."""
    site.provider.claims, site.provider.post_only = person(), True
    async with site.browser() as client:
        assert (await site.sign_in(client)).status_code == 200


async def test_failures_are_limited(site: Site) -> None:
    """After some answers that prove nothing an address has to wait."""
    site.provider.claims, site.provider.sign = person(), "foreign"
    async with site.browser() as client:
        statuses = [(await site.sign_in(client)).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2


async def test_account_of_the_provider_has_no_password_here(site: Site) -> None:
    """Neither its own nor one that an administrator sets; a disabled one stays out."""
    site.provider.claims = person()
    async with site.browser() as client, site.server.client() as admin:
        await site.sign_in(client)
        client.headers["Origin"] = site.server.url
        given = {"current": "a long enough phrase"}
        assert (await client.post("/api/v1/session/second-factor", json=given)).status_code == 409
        for path, body in (("/api/v1/accounts/wang", {"password": "a long enough phrase"}),):
            assert (await admin.patch(path, json=body)).status_code == 422
        wrong = await client.post("/api/v1/session", json={"name": "wang", "password": "a long enough phrase"})
        assert wrong.status_code == 401
        assert (await admin.patch("/api/v1/accounts/wang", json={"disabled": True})).status_code == 200
        assert (await site.sign_in(client)).status_code == 403
        assert (await client.get("/api/v1/session")).status_code == 401


async def test_account_made_beforehand_is_taken_by_its_name_once(database_url: str, conn: "Connection") -> None:
    """Where claims give no roles, administrators do; the first who signs in under the name has it from then on."""
    async with openid.provider() as provider, serving(database_url, provider, ()) as server, server.client() as admin:
        site = Site(server, provider)
        await until(has_account(conn), "the first account is made")
        made = await admin.post("/api/v1/accounts", json={"name": "wang", "role": "auditor", "openid": True})
        assert (made.status_code, made.json()["password"]) == (201, None)
        async with site.browser() as client:
            provider.claims = person(sub="unknown", preferred_username="li")
            assert (await site.sign_in(client)).status_code == 403
            provider.claims = person()
            assert (await site.sign_in(client)).status_code == 200
            assert (await client.get("/api/v1/session")).json()["role"] == "auditor"
            provider.claims = person(sub="s-2")
            assert (await site.sign_in(client)).status_code == 403
        assert (await account(conn))["subject"] == "s-1"


async def test_without_a_provider_there_is_no_button_and_no_address(server: web.WebServer) -> None:
    """A site of passwords shows nothing of it."""
    async with server.client(token=None) as client:
        assert "openid" not in (await client.get("/login")).text
        for path in ("/login/openid", "/login/openid/callback"):
            assert (await client.get(path)).status_code == 404
    async with server.client() as admin:
        refused = await admin.post("/api/v1/accounts", json={"name": "x", "role": "officer", "openid": True})
        assert (refused.status_code, "PATROL_OPENID_ISSUER" in refused.text) == (422, True)
