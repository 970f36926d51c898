"""Evaluation of the claims of an ID token. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.people_access import NAME_PATTERN
from web.auth.openid.config import OpenIdConfig

WHOLE_CITY = "*"
"""Value of the areas claim for the whole city."""
_NAME = re.compile(NAME_PATTERN)
_AREA = re.compile(r"[0-9A-Za-z._-]{1,64}")
MOST_AREAS = 200


class UnusableError(Exception):
    """The token lacks claims that an account needs; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A person, as described by the provider."""

    issuer: str
    subject: str
    name: str
    role: str | None
    """None: no value of the role claim maps to a role."""
    areas: tuple[str, ...] | None
    """Codes; None: no claim about areas."""
    whole_city: bool
    badge: str | None


def read(claims: Mapping[str, Any], config: OpenIdConfig) -> Claimed:
    """Read the claims of a token that was verified.

    Raises:
        UnusableError: there is no valid name of an account.
    """
    name = claims.get(config.name_claim)
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise UnusableError(f"the claim {config.name_claim} holds no name of an account")
    said = _find(claims, config.areas_claim)
    areas = None if said is None else _texts(said)
    badge = _find(claims, config.badge_claim)
    return Claimed(
        issuer=config.issuer,
        subject=_subject(claims),
        name=name,
        role=_role(_texts(_find(claims, config.role_claim)), config),
        areas=None if areas is None else tuple(sorted({code for code in areas if _AREA.fullmatch(code)}))[:MOST_AREAS],
        whole_city=areas is not None and WHOLE_CITY in areas,
        badge=badge if isinstance(badge, str) and 0 < len(badge) <= 64 and "\0" not in badge else None,
    )


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise UnusableError("the claim sub holds no subject")
    return subject


def _role(values: list[str], config: OpenIdConfig) -> str | None:
    return next((role for value, role in config.roles if value in values), None)


def _find(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, else by the path that its dots give."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part for part in re.split(r"[,\s]+", value) if part]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
