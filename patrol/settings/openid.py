"""Configuration of the OpenID provider, from the settings."""

from patrol.cli import errors
from patrol.settings.settings import Settings
from web.auth.access import Role
from web.auth.openid.config import OpenIdConfig
from web.auth.openid.provider import trusted


def config(settings: Settings) -> OpenIdConfig | None:
    """Read the settings of the provider; None: there is none.

    Raises:
        SetupError: an address is not safe, a file is missing, or there is no such role.
    """
    if settings.openid_issuer is None:
        return None
    for name in ("openid_issuer", "public_url"):
        value = getattr(settings, name)
        if value is not None and not trusted(value):
            raise errors.SetupError(f"PATROL_{name.upper()}: must begin with https:// (it is {value!r}); correct it.")
    if settings.openid_ca is not None and not settings.openid_ca.is_file():
        raise errors.SetupError(f"PATROL_OPENID_CA: there is no file {settings.openid_ca}; correct it.")
    secret = settings.openid_client_secret
    return OpenIdConfig(
        issuer=settings.openid_issuer,
        client_id=settings.openid_client_id,
        client_secret=None if secret is None else secret.get_secret_value(),
        label=settings.openid_label,
        scopes=settings.openid_scopes,
        name_claim=settings.openid_name_claim,
        role_claim=settings.openid_role_claim,
        roles=tuple(_role(pair) for pair in settings.openid_roles.split(",") if pair.strip()),
        areas_claim=settings.openid_areas_claim,
        badge_claim=settings.openid_badge_claim,
        ca=settings.openid_ca,
    )


def _role(pair: str) -> tuple[str, str]:
    value, _, role = (part.strip() for part in pair.rpartition("="))
    if not value or role not in set(Role):
        raise errors.SetupError(
            f"PATROL_OPENID_ROLES: {pair.strip()!r} is not a pair like leads=supervisor; roles are {', '.join(Role)}."
        )
    return value, role
