"""Web push: messages to subscribed browsers, encrypted for each; the push services of browsers must be reachable."""

import base64
import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from alerts.notify.message import NotSentError, OutgoingMessage
from alerts.run.notify import webhook
from alerts.run.notify.guard import Allowed
from runtime import db
from runtime.vault import Vault, VaultError
from tracking.store.records import meta_store

TTL_S = 3_600
"""Time the service keeps a message for an offline browser."""
MOST_BYTES = 3_000
"""Most bytes of text; a whole message may have 4,096."""
_KEY = "vapid"
_PLAIN = "-----BEGIN"
"""Prefix of keys stored before keys were encrypted."""
_CONTACT = "mailto:patrolgrid@localhost.localdomain"


def _vapid() -> Any:
    """The class of keys, imported at the first use, which takes a second."""
    return importlib.import_module("py_vapid").Vapid02


async def key(conn: db.Connection, vault: Vault) -> Any:
    """The key that identifies the sender; created at the first use and stored encrypted in the database.

    Raises:
        VaultError: it was encrypted with another key than that of `vault`.
    """
    stored = await meta_store.get(conn, _KEY)
    if stored is None:
        fresh = _vapid()()
        fresh.generate_keys()
        stored = await meta_store.first(conn, _KEY, _sealed(vault, fresh.private_pem()))
    elif stored.startswith(_PLAIN):
        await meta_store.put(conn, _KEY, _sealed(vault, stored.encode()))
    kept = stored.encode() if stored.startswith(_PLAIN) else base64.b64decode(stored)
    return _vapid().from_pem(vault.open(kept, _KEY))


def _sealed(vault: Vault, pem: bytes) -> str:
    return base64.b64encode(vault.seal(pem, _KEY)).decode()


def public(vapid: Any) -> str:
    """Encode the public key for browsers: base64url of the uncompressed point."""
    numbers = vapid.public_key.public_numbers()
    point = b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


class Push:
    """Sends messages to the browser of a channel: `{"endpoint", "keys": {"p256dh", "auth"}}`."""

    def __init__(self, pool: db.Pool, allowed: Allowed, vault: Vault | None, now: Callable[[], int]) -> None:
        self._pool, self._allowed, self._vault, self._now = pool, allowed, vault, now

    async def __call__(self, target: Mapping[str, Any], message: OutgoingMessage) -> None:
        """Send.

        Raises:
            NotSentError: the service did not take it; gone when the browser withdrew.
        """
        if self._vault is None:
            raise NotSentError("this worker has no key of the secrets")
        try:
            async with self._pool.acquire() as conn:
                vapid = await key(conn, self._vault)
        except VaultError as error:
            raise NotSentError(f"{error}: restore the key of the secrets") from error
        headers = vapid.sign({"aud": _origin(target["endpoint"]), "exp": self._now() // 1000 + TTL_S, "sub": _CONTACT})
        try:
            body = (
                importlib.import_module("pywebpush")
                .WebPusher(dict(target))
                .encode(payload(message), content_encoding="aes128gcm")["body"]
            )
        except Exception as error:
            raise NotSentError("the browser's keys cannot be used", gone=True) from error
        # The same message replaces itself, at the service and on the screen.
        topic = base64.urlsafe_b64encode(hashlib.sha256(message.id.encode()).digest()[:24]).decode()
        headers |= {
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(TTL_S),
            "urgency": "high",
            "topic": topic,
        }
        try:
            await webhook.post(target["endpoint"], body, headers, self._allowed)
        except NotSentError as error:
            raise NotSentError(str(error), gone=error.gone or str(error) == "answered 404") from None


def payload(message: OutgoingMessage) -> bytes:
    """Content shown by the service worker of the page. Pure."""
    text = message.text.encode()[:MOST_BYTES].decode("utf-8", "ignore")
    alert = message.notices[0].alert["id"] if len(message.notices) == 1 else None
    shown = {"id": message.id, "title": message.title, "text": text, "alert": alert}
    return json.dumps(shown, ensure_ascii=False).encode()


def _origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"
