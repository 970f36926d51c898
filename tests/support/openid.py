"""An OpenID provider of the test's own: real HTTP on a free port, real signatures, PKCE, codes for once."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "patrol-test", "provider-secret"


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})


@dataclass
class OpenIdProvider:
    """Who would sign in next, and what is wrong with the provider."""

    port: int = 0
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "s-1", "preferred_username": "wang"})
    key: RSAKey = field(default_factory=_new_key)
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda token: token
    """Changes the claims of the next token."""
    sign: str = "RS256"
    """How tokens are signed: RS256, by another's key (`foreign`), by the public key as a secret (`HS256`), `none`."""
    down: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    """Replaces what the provider says of itself."""
    answers: dict[str, bytes] = field(default_factory=dict)
    """Path to what stands there instead of the right answer."""
    post_only: bool = False
    """The client shows its secret in the form, as the provider reads no other place."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """Every request to authorize."""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def app(self) -> Starlette:
        """The provider as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    async def _discovery(self, _request: Request) -> Response:
        if self.down:
            return Response("away", status_code=502)
        if "metadata" in self.answers:
            return Response(self.answers["metadata"])
        methods = ["client_secret_post"] if self.post_only else ["client_secret_basic", "client_secret_post"]
        ends = {name: f"{self.issuer}/{path}" for name, path in (
            ("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "keys"))}  # fmt: skip
        says = {"issuer": self.issuer, "token_endpoint_auth_methods_supported": methods, **ends, **self.metadata}
        return JSONResponse(says)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", status_code=302)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self._codes.pop(form["code"], None)
        if not self._knows(request, form):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if "token" in self.answers:
            return Response(self.answers["token"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        token = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **self.claims}
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": self._signed(self.spoil(token))})

    def _knows(self, request: Request, form: dict[str, str]) -> bool:
        if self.post_only:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {basic}"

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": self.key.kid}
        if self.sign in ("none", "HS256"):  # by hand: no library makes such a token
            text = f"{_b64({**header, 'alg': self.sign})}.{_b64(claims)}"
            made = hmac.digest(self.key.as_pem(private=False), text.encode(), "sha256") if self.sign == "HS256" else b""
            return f"{text}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"
        key = _new_key() if self.sign == "foreign" else self.key
        return jwt.encode(header, claims, key)

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@asynccontextmanager
async def provider() -> AsyncIterator[OpenIdProvider]:
    """Run a provider for the length of the context."""
    made = OpenIdProvider()
    config = uvicorn.Config(made.app(), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    made.port = server.servers[0].sockets[0].getsockname()[1]
    serving = asyncio.create_task(server.main_loop())
    try:
        yield made
    finally:
        server.should_exit = True
        await serving
        await server.shutdown()
