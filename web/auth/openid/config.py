"""What the site says of its OpenID provider."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdConfig:
    """The provider, and which claims mean what."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    """None: a public client, held by PKCE alone."""
    label: str = "OpenID"
    """What the button of the sign-in page calls it."""
    scopes: str = "openid profile"
    name_claim: str = "preferred_username"
    role_claim: str = "roles"
    """A dot leads into an object: realm_access.roles."""
    roles: tuple[tuple[str, str], ...] = ()
    """Value of the role claim → role; the first that fits counts. Empty: accounts are made beforehand."""
    areas_claim: str = "patrol_areas"
    badge_claim: str = "patrol_badge"
    ca: Path | None = None
    """Authority of the provider's certificate; None: those of the system."""
