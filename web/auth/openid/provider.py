"""Communication with the OpenID provider: metadata, authorisation, and exchange of codes.

Every answer is checked: sizes, addresses, signatures, and the claims about the recipient of a token.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from web.auth.openid.client import UNREADABLE, WITHIN_S, Client, ProviderError
from web.auth.openid.config import OpenIdConfig
from web.auth.openid.flow import Flow

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Accepted algorithms: signatures by a private key of the provider, never `none` or a shared secret."""
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
METADATA_S = 3_600.0
KEYS_S = 30.0
"""Shortest interval for reading the keys again because of a token with an unknown key."""
SKEW_S = 30
"""Allowed difference of the clocks of the two servers."""


class NotProvenError(Exception):
    """The provider refuses, or its answer is not valid; the text is for the log."""


class Provider:
    """The provider of the site. One per process; its metadata is cached for an hour."""

    def __init__(self, config: OpenIdConfig) -> None:
        self.config = config
        self._tls = None if config.ca is None else ssl.create_default_context(cafile=config.ca)
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._lock = asyncio.Lock()

    async def address(self, flow: Flow, redirect_uri: str) -> str:
        """Address to which the browser is sent.

        Raises:
            ProviderError: the provider is away.
        """
        metadata = await self._known()
        async with self._client(redirect_uri=redirect_uri) as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=flow.state, code_verifier=flow.verifier, nonce=flow.nonce
            )
        return str(address)

    async def claims(self, flow: Flow, code: str, redirect_uri: str, now: datetime) -> Mapping[str, Any]:
        """Claims of the provider for a code.

        Raises:
            ProviderError: the provider is away.
            NotProvenError: the code or the token is not valid.
        """
        token = await self._exchange(flow, code, redirect_uri)
        spelt, access = token.get("id_token"), token.get("access_token")
        if not isinstance(spelt, str) or len(spelt) > 65_536:
            raise NotProvenError("the answer to the code holds no ID token")
        return self._verified(await self._signed(spelt), flow, access, now)

    def _client(self, **kwargs: Any) -> Client:
        config = self.config
        return Client(
            config.client_id, config.client_secret, scope=config.scopes, code_challenge_method="S256",
            verify=self._tls or True, timeout=WITHIN_S, follow_redirects=False, **kwargs,
        )  # fmt: skip

    async def _exchange(self, flow: Flow, code: str, redirect_uri: str) -> dict[str, Any]:
        metadata = await self._known()
        method = _client_authentication(metadata, self.config)
        async with self._client(redirect_uri=redirect_uri, token_endpoint_auth_method=method) as client:
            try:
                token = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=flow.verifier)
            except OAuthError as error:
                raise NotProvenError(f"the provider refuses the code: {str(error)[:100]}") from error
            except (httpx2.HTTPError, *UNREADABLE) as error:
                raise ProviderError(f"{metadata['token_endpoint']} does not answer with a token: {error!r}") from error
        return dict(token)

    async def _signed(self, spelt: str) -> jwt.Token:
        """Check the signature; read the keys again if the provider may have changed them."""
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
                async with self._client() as client:
                    self._metadata = (time.monotonic(), self._checked(await client.fetch_object(address)))
            return self._metadata[1]

    def _checked(self, found: dict[str, Any]) -> dict[str, Any]:
        if found.get("issuer") != self.config.issuer:
            raise ProviderError(f"it calls itself {str(found.get('issuer'))[:200]!r}, not {self.config.issuer!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not self._may_lead_to(found[name]):
                raise ProviderError(f"its {name} is no https:// address")
        return found

    def _may_lead_to(self, address: str) -> bool:
        """Check that an address uses TLS, or plain HTTP if the configured provider is on this machine and does so."""
        plain = urlsplit(address).scheme == "http" and urlsplit(self.config.issuer).scheme != "http"
        return trusted(address) and not plain

    def _keys_are_old(self) -> bool:
        return self._keys is None or time.monotonic() - self._keys[0] > KEYS_S

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        address = (await self._known())["jwks_uri"]
        async with self._lock:
            if self._keys is None or (anew and self._keys_are_old()) or time.monotonic() - self._keys[0] > METADATA_S:
                async with self._client() as client:
                    self._keys = (time.monotonic(), _key_set(await client.fetch_object(address)))
            return self._keys[1]


def trusted(address: str) -> bool:
    """Whether an address may be used: over TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost"))
    )


def _client_authentication(metadata: dict[str, Any], config: OpenIdConfig) -> str:
    """Method of authentication at the provider: none for a public client, else one that the provider supports."""
    if config.client_secret is None:
        return "none"
    methods = metadata.get("token_endpoint_auth_methods_supported")
    post_only = isinstance(methods, list) and methods and "client_secret_basic" not in methods
    return "client_secret_post" if post_only else "client_secret_basic"


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
