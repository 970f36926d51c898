"""Signed webhooks after the Standard Webhooks specification: id, timestamp, HMAC-SHA256 of both and the body."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from alerts.notify.message import NotSentError, OutgoingMessage
from alerts.run.notify import guard
from alerts.run.notify.guard import Allowed

TIMEOUT_S = 10.0
SECRET_PREFIX = "whsec_"  # noqa: S105 - lets scanners recognise a leaked one; it is no secret

_GONE = 410


def new_secret() -> str:
    """Generate the signing secret of a webhook channel."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, number: str, at_s: int, body: bytes) -> str:
    """Sign a message; the receiver computes the same over `{id}.{timestamp}.{body}`. Pure."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.new(key, f"{number}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


class Webhook:
    """Posts messages to the address of a channel: `{"url", "secret"}`.

    Args:
        allowed: private addresses that are allowed.
        now: the time, ms since 1970-01-01 UTC.
    """

    def __init__(self, allowed: Allowed, now: Callable[[], int]) -> None:
        self._allowed, self._now = allowed, now

    async def __call__(self, target: Mapping[str, Any], message: OutgoingMessage) -> None:
        """Send.

        Raises:
            NotSentError: it was not accepted.
        """
        body = json.dumps(message.body(), ensure_ascii=False, separators=(",", ":")).encode()
        at_s = self._now() // 1000
        headers = {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(target["secret"], message.id, at_s, body),
        }
        await post(target["url"], body, headers, self._allowed)


async def post(url: str, body: bytes, headers: Mapping[str, str], allowed: Allowed) -> None:
    """Post to a checked address; redirects are not followed, since they could lead anywhere.

    Raises:
        NotSentError: it was not accepted.
    """
    pinned = await guard.pin(url, allowed)
    try:
        async with (
            asyncio.timeout(1.5 * TIMEOUT_S),  # a server that answers byte by byte never exceeds httpx2's own limit
            httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST",
                pinned.url,
                content=body,
                headers={**headers, "host": pinned.host, "user-agent": "patrolgrid"},
                extensions={"sni_hostname": pinned.name},
            ) as answer,
        ):
            status = answer.status_code
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
        raise NotSentError(f"no answer: {type(error).__name__}") from None
    if not 200 <= status < 300:
        raise NotSentError(f"answered {status}", gone=status == _GONE)
