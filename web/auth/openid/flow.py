"""State of a sign-in with the provider, kept in a cookie of the browser. Pure.

It needs no signature, since the browser could choose all of its content. A code belongs to the verifier in it (PKCE), a
token to the nonce in it, and an answer to the state in it; changing it only breaks one's own sign-in.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from web.http import browser

LASTS = timedelta(minutes=10)
MOST_CHARACTERS = 3_500
"""Largest cookie; browsers keep 4 KiB."""


def cookie_name(*, secure: bool) -> str:
    """Name of the cookie."""
    return "__Host-patrol_openid" if secure else "patrol_openid"


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sign-in in progress."""

    began: int
    """s since 1970-01-01 UTC."""
    target: str
    """Path to return to."""
    lang: str
    state: str = field(default_factory=_secret)
    nonce: str = field(default_factory=_secret)
    verifier: str = field(default_factory=_secret)

    def fits(self, state: str, now: datetime) -> bool:
        """Whether an answer with this state belongs to it and is in time."""
        age = timedelta(seconds=now.timestamp() - self.began)
        return hmac.compare_digest(self.state.encode(), state.encode("utf-8", "replace")) and age <= LASTS

    def encoded(self) -> str:
        """As the value of the cookie."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def decoded(value: str | None) -> Flow | None:
    """Read the cookie; None: there is none, or it is not valid."""
    if not value or len(value) > MOST_CHARACTERS:
        return None
    try:
        flow = msgspec.json.decode(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), type=Flow)
    except (ValueError, msgspec.MsgspecError):
        return None
    if min(len(flow.state), len(flow.nonce), len(flow.verifier)) < 43:
        return None
    return _safe(flow)


def _safe(flow: Flow) -> Flow:
    return Flow(
        began=flow.began,
        target=browser.safe_next(flow.target),
        lang=flow.lang if flow.lang in ("zh", "en") else "zh",
        state=flow.state,
        nonce=flow.nonce,
        verifier=flow.verifier,
    )
