"""An authenticated caller."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from web.auth.access import PERMISSIONS, Permission, Role, SightGrant
from web.auth.grants import Holding


class CredentialKind(StrEnum):
    """Methods of authentication."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated caller."""

    name: str
    role: str
    kind: CredentialKind
    token_hash: bytes | None
    """Key of the session or token in the database; None for the token of the settings."""
    expires_at: datetime | None
    permissions: frozenset[Permission]
    areas: frozenset[str] | None = None
    """Codes of areas; None: the whole city."""
    officer: int | None = None
    """Officer whose own record it may read."""
    device: int | None = None
    """Slot of the device; None: a person or a tool."""
    account: str | None = None
    """Account that signed in, or with which the token ends; None: made by the command line or the settings."""
    token: int | None = None
    """Number of the token; None: a session, or the token of the settings."""
    maker: int | None = None
    """Number of the token with which new accounts end: itself, or the one that made the account."""
    settings: bytes | None = None
    """SHA-256 of the token of the settings, if it is this one."""
    until: datetime | None = None
    """End of the account or token; None: no end."""

    @property
    def payer(self) -> str:
        """Key of the cost limit: the account, with all its sessions and tokens; else the token itself."""
        return f"token {self.token or self.name}" if self.account is None else self.account

    @property
    def holding(self) -> Holding:
        """Rights that it can grant."""
        return Holding(permissions=self.permissions, areas=self.areas, until=self.until, officer=self.officer)

    @property
    def grant(self) -> SightGrant:
        """Key of the sight."""
        return SightGrant(self.areas, Permission.POSITIONS in self.permissions)


def hash_token(token: str) -> bytes:
    """Hash a random token; it has enough entropy that no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def by_settings(token: str, configured: str | None) -> Principal | None:
    """Principal of the token of the settings, compared in constant time; None: it is another token."""
    if configured is None or not hmac.compare_digest(hash_token(token), hash_token(configured)):
        return None
    role = Role.ADMINISTRATOR
    return Principal(
        name="api-token",
        role=role,
        kind=CredentialKind.TOKEN,
        token_hash=None,
        expires_at=None,
        permissions=PERMISSIONS[role],
        settings=hash_token(token),
    )
