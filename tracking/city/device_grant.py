"""What a device may do at the broker, and its password: it follows from a key and is stored nowhere."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

PASSWORD_BYTES = 24
LEAST_KEY_CHARACTERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrant:
    """What a device may do at the broker: speak and listen as itself, in its unit."""

    name: str
    unit: str
    generation: int
    """0: no password was made yet, it cannot come in."""
    revoked: bool
    reserved: bool = False
    """Named like an account of the server: enrolled before that was refused, it cannot come in."""

    @property
    def open(self) -> bool:
        """Whether it may come in."""
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
    """Tell whether a password opens a grant, in a time that does not depend on it. Pure."""
    known = grant if grant is not None else DeviceGrant(name="", unit="", generation=0, revoked=True)
    same = hmac.compare_digest(password(key, known.name, known.generation).encode(), secret.encode())
    return same and known.open
