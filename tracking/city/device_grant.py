"""Rights of a device at the broker, and its password, which is derived from a key and not stored."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

PASSWORD_BYTES = 24
LEAST_KEY_CHARACTERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrant:
    """Rights of a device at the broker: to publish and subscribe under its own name, in its unit."""

    name: str
    unit: str
    generation: int
    """0: it has no password yet and cannot connect."""
    revoked: bool
    reserved: bool = False
    """It has the name of an account of the server (enrolled before this was refused) and cannot connect."""

    @property
    def open(self) -> bool:
        """Whether it may connect."""
        return self.generation > 0 and not self.revoked and not self.reserved


def password(key: str, name: str, generation: int) -> str:
    """Password of a device: 32 characters, HMAC-SHA256 of name and generation. Pure.

    Raises:
        ValueError: the key is too short.
    """
    if len(key) < LEAST_KEY_CHARACTERS:
        raise ValueError(f"the device key needs {LEAST_KEY_CHARACTERS} characters or more: openssl rand -hex 32")
    digest = hmac.digest(key.encode(), f"device\0{name}\0{generation}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:PASSWORD_BYTES]).decode()


def password_fits(key: str, grant: DeviceGrant | None, secret: str) -> bool:
    """Whether a password is that of a grant, compared in constant time. Pure."""
    known = grant if grant is not None else DeviceGrant(name="", unit="", generation=0, revoked=True)
    same = hmac.compare_digest(password(key, known.name, known.generation).encode(), secret.encode())
    return same and known.open
