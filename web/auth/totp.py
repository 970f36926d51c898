"""Time-based one-time passwords by RFC 6238 (SHA-1, 30 s, six digits), as every authenticator app makes them. Pure."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30
DIGITS = 6
AROUND = 1
"""Steps before and after that are accepted, since clocks differ."""
RECOVERY_CODES = 10


def new_secret() -> bytes:
    """Generate a secret of the length that RFC 4226 recommends."""
    return secrets.token_bytes(20)


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step."""
    return TOTP(secret, digits, SHA1(), STEP_S).generate(step * STEP_S).decode()  # noqa: S303 - as the apps do


def accepted(secret: bytes, given: str, now_s: float, after: int) -> int | None:
    """Step of a valid code, to be stored as the next `after`; None: wrong, or used before."""
    now = int(now_s) // STEP_S
    found: int | None = None
    for step in range(now - AROUND, now + AROUND + 1):
        if step > after and hmac.compare_digest(code(secret, step).encode(), given.encode("utf-8", "replace")):
            found = step
    return found


def address(secret: bytes, name: str) -> str:
    """URI for the QR code of an authenticator app."""
    label = quote(f"patrolgrid:{name}")
    return f"otpauth://totp/{label}?secret={spelt(secret)}&issuer=patrolgrid&algorithm=SHA1&digits=6&period=30"


def spelt(secret: bytes) -> str:
    """A secret in a form for typing."""
    return base64.b32encode(secret).decode().rstrip("=")


def recovery_codes() -> list[str]:
    """Recovery codes for a lost phone, each valid once."""
    return [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]


def recovery_hash(given: str) -> bytes:
    """Stored form of a recovery code."""
    return hashlib.sha256(given.strip().lower().replace("-", "").encode("utf-8", "replace")).digest()
