"""A server whose people an OpenID provider knows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from tests.support import web
from tests.support.openid import CLIENT, SECRET, OpenIdProvider
from web.auth.openid.config import OpenIdConfig

if TYPE_CHECKING:
    from runtime.db import Connection

ROLES = (("chiefs", "commander"), ("leads", "supervisor"), ("staff", "officer"))


@dataclass
class Site:
    """A server whose people sign in at a provider."""

    server: web.WebServer
    provider: OpenIdProvider

    def browser(self) -> httpx2.AsyncClient:
        """A browser without cookies that follows no redirect by itself."""
        return self.server.client(token=None)

    async def begin(self, client: httpx2.AsyncClient, query: str = "next=/map&lang=en") -> httpx2.Response:
        """Press the button and come back with a code; the request that brings the browser back, not yet sent."""
        out = await client.get(f"/login/openid?{query}")
        assert out.status_code == 303, out.text
        async with httpx2.AsyncClient() as elsewhere:
            return await elsewhere.get(out.headers["location"])

    async def sign_in(self, client: httpx2.AsyncClient) -> httpx2.Response:
        """Go the whole way."""
        back = await self.begin(client)
        return await client.get(back.headers["location"])


def serving(database_url: str, provider: OpenIdProvider, roles: tuple[tuple[str, str], ...]) -> Any:
    """A server with a button for the provider, whose roles are those given."""
    config = OpenIdConfig(
        issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, label="市平台 SSO", role_claim="realm.roles",
        roles=roles,
    )  # fmt: skip
    return web.serving(database_url, openid=config)


def has_account(conn: "Connection") -> Any:
    """Tells whether the first account is there."""

    async def made() -> bool:
        return bool(await conn.fetchval("SELECT count(*) FROM accounts"))

    return made


def person(**claims: Any) -> dict[str, Any]:
    """Claims of a supervisor of the street."""
    known = {"sub": "s-1", "preferred_username": "wang", "realm": {"roles": ["x", "leads"]}}
    return {**known, "patrol_areas": ["441302001", "999"], **claims}


async def account(conn: "Connection", name: str = "wang") -> Any:
    """An account as it is stored."""
    return await conn.fetchrow("SELECT role, areas, issuer, subject FROM accounts WHERE name = $1", name)
