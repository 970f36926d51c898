"""Talking to the OpenID provider: what it can do, where to send a browser, what a code is worth.

Every answer of it is checked: sizes, addresses, signatures, and each claim that says for whom a token was made.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from web.auth.openid.config import OpenIdConfig
from web.auth.openid.flow import Flow

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has: never `none`, never a shared secret."""
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
MOST_BYTES = 1 << 20
WITHIN_S = 5.0
METADATA_S = 3_600.0
KEYS_S = 30.0
"""A token with an unknown key makes us ask for the keys again, so often at most."""
SKEW_S = 30
"""Clocks of two servers may differ so much."""


class ProviderError(Exception):
    """The provider cannot be reached or does not answer as it should; the text is for our log."""


class NotProvenError(Exception):
    """The provider refuses, or what it gave proves nothing; the text is for our log."""


class Provider:
    """The site's provider. One for a process; what it said of itself is kept for an hour."""

    def __init__(self, config: OpenIdConfig) -> None:
        self.config = config
        self._tls = None if config.ca is None else ssl.create_default_context(cafile=config.ca)
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._lock = asyncio.Lock()

    async def address(self, flow: Flow, redirect_uri: str) -> str:
        """Where to send a browser.

        Raises:
            ProviderError: the provider is away.
        """
        metadata = await self._known()
        client = OAuth2Client(
            None, client_id=self.config.client_id, scope=self.config.scopes, redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )  # fmt: skip
        made, _ = client.create_authorization_url(
            metadata["authorization_endpoint"], state=flow.state, code_verifier=flow.verifier, nonce=flow.nonce
        )
        return str(made)

    async def claims(self, flow: Flow, code: str, redirect_uri: str, now: datetime) -> Mapping[str, Any]:
        """What the provider says of who brought a code.

        Raises:
            ProviderError: the provider is away.
            NotProvenError: the code or the token is not good.
        """
        token = await self._exchange(flow, code, redirect_uri)
        spelt, access = token.get("id_token"), token.get("access_token")
        if not isinstance(spelt, str) or len(spelt) > 65_536:
            raise NotProvenError("the answer to the code holds no ID token")
        return self._verified(await self._signed(spelt), flow, access, now)

    async def _exchange(self, flow: Flow, code: str, redirect_uri: str) -> dict[str, Any]:
        metadata, config = await self._known(), self.config
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=flow.verifier,
            client_id=config.client_id,
        )  # fmt: skip
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth = None
        if config.client_secret is not None and "client_secret_basic" in methods:
            auth = httpx.BasicAuth(config.client_id, config.client_secret)
        elif config.client_secret is not None:
            body = prepare_token_request("authorization_code", body, client_secret=config.client_secret)
        status, answer = await self._ask("POST", metadata["token_endpoint"], body=body, auth=auth)
        if status != 200:
            error = answer.get("error")
            raise NotProvenError(f"the provider refuses the code: {status} {str(error)[:100]}")
        return answer

    async def _signed(self, spelt: str) -> jwt.Token:
        """Check the signature; with keys read anew where the provider may have changed them."""
        try:
            return _decoded(spelt, await self._key_set())
        except (JoseError, ValueError):
            if not self._keys_are_old():
                raise NotProvenError("the signature of the ID token does not fit") from None
        try:
            return _decoded(spelt, await self._key_set(anew=True))
        except (JoseError, ValueError) as error:
            raise NotProvenError("the signature of the ID token does not fit") from error

    def _verified(self, token: jwt.Token, flow: Flow, access: Any, now: datetime) -> Mapping[str, Any]:
        config = self.config
        claims = CodeIDToken(
            dict(token.claims),
            dict(token.header),
            {
                "iss": {"essential": True, "value": config.issuer},
                "aud": {"essential": True, "value": config.client_id},
                "exp": {"essential": True},
            },
            {"nonce": flow.nonce, "client_id": config.client_id, "access_token": access},
        )
        try:
            claims.validate(now=int(now.timestamp()), leeway=SKEW_S)
        except (JoseError, ValueError, TypeError) as error:
            raise NotProvenError(f"the ID token is not for this sign-in: {error}") from error
        return token.claims

    async def _known(self) -> dict[str, Any]:
        async with self._lock:
            if self._metadata is None or time.monotonic() - self._metadata[0] > METADATA_S:
                address = self.config.issuer.rstrip("/") + "/.well-known/openid-configuration"
                _, found = await self._ask("GET", address)
                self._metadata = (time.monotonic(), self._checked(found))
            return self._metadata[1]

    def _checked(self, found: dict[str, Any]) -> dict[str, Any]:
        if found.get("issuer") != self.config.issuer:
            raise ProviderError(f"it calls itself {str(found.get('issuer'))[:200]!r}, not {self.config.issuer!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not self._may_lead_to(found[name]):
                raise ProviderError(f"its {name} is no https:// address")
        return found

    def _may_lead_to(self, address: str) -> bool:
        """Over TLS; in the clear only where the operator set a provider on this machine that is asked so, too."""
        plain = urlsplit(address).scheme == "http" and urlsplit(self.config.issuer).scheme != "http"
        return trusted(address) and not plain

    def _keys_are_old(self) -> bool:
        return self._keys is None or time.monotonic() - self._keys[0] > KEYS_S

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        address = (await self._known())["jwks_uri"]
        async with self._lock:
            if self._keys is None or (anew and self._keys_are_old()) or time.monotonic() - self._keys[0] > METADATA_S:
                _, found = await self._ask("GET", address)
                self._keys = (time.monotonic(), _key_set(found))
            return self._keys[1]

    async def _ask(
        self, method: str, address: str, *, body: str | None = None, auth: httpx.Auth | None = None
    ) -> tuple[int, dict[str, Any]]:
        """A JSON object from the provider; redirects are not followed, long answers not read."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            async with (
                asyncio.timeout(WITHIN_S),
                httpx.AsyncClient(
                    verify=self._tls or True, timeout=WITHIN_S, auth=auth, follow_redirects=False
                ) as client,
                client.stream(method, address, content=body, headers=headers) as response,
            ):
                content = b""
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise ProviderError(f"{address} answers with more than {MOST_BYTES:,} bytes")
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise ProviderError(f"{address} does not answer: {error!r}") from error
        return response.status_code, _object(address, response.status_code, content, refusals=body is not None)


def trusted(address: str) -> bool:
    """Tell whether an address may be asked: over TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost"))
    )


def _object(address: str, status: int, content: bytes, *, refusals: bool) -> dict[str, Any]:
    if status != 200 and not (refusals and 400 <= status < 500):
        raise ProviderError(f"{address} answers {status}")
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise ProviderError(f"{address} does not answer with JSON") from error
    if not isinstance(found, dict):
        raise ProviderError(f"{address} does not answer with an object")
    return found


def _key_set(found: dict[str, Any]) -> KeySet:
    keys = found.get("keys")
    usable = [
        key
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig" and "d" not in key
    ]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderError("its keys cannot be read") from error


def _decoded(spelt: str, keys: KeySet) -> jwt.Token:
    return jwt.decode(spelt, keys, algorithms=list(ALGORITHMS))
