"""Configuration of the OpenID provider."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdConfig:
    """The provider, and the meaning of its claims."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    """None: a public client, protected by PKCE only."""
    label: str = "OpenID"
    """Name on the button of the sign-in page."""
    scopes: str = "openid profile"
    name_claim: str = "preferred_username"
    role_claim: str = "roles"
    """A dot leads into an object: realm_access.roles."""
    roles: tuple[tuple[str, str], ...] = ()
    """Value of the role claim → role; the first match counts. Empty: accounts are created beforehand."""
    areas_claim: str = "patrol_areas"
    badge_claim: str = "patrol_badge"
    ca: Path | None = None
    """CA of the provider's certificate; None: those of the system."""
