"""Whether a person authenticated by the provider may sign in, and the account that the claims give. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from web.auth.openid.claims import Claimed


class NotWelcomeError(Exception):
    """The person is authenticated, but may not sign in; the text is for the log."""


class RoleLostError(NotWelcomeError):
    """The person had a role before: sessions and tokens end, too."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no claim gives {name} a role any more")
        self.name = name


def demand_welcome(account: Mapping[str, Any] | None, who: Claimed, *, roles_are_mapped: bool) -> None:
    """Check that the person has an account of this provider, or may get one.

    Args:
        account: the one of this issuer and subject, else of this name; None: there is neither.
        who: the person.
        roles_are_mapped: claims give the roles, not administrators.

    Raises:
        NotWelcomeError: there is no account and no role, or the name belongs to another account.
        RoleLostError: the account has no role any more.
    """
    if account is None:
        if who.role is None:
            raise NotWelcomeError(f"{who.name} has no account, and no claim gives a role")
        return
    if account["issuer"] != who.issuer or account["subject"] not in (None, who.subject):
        raise NotWelcomeError(f"the name {who.name} is of another account, which this provider does not vouch for")
    if roles_are_mapped and who.role is None:
        raise RoleLostError(account["name"])


def columns(who: Claimed, *, areas: Sequence[str], officer: int | None) -> dict[str, Any]:
    """Columns that the claims set; administrators set the others.

    Args:
        who: the person.
        areas: the claimed areas that exist.
        officer: number of the officer with the badge claimed; None: there is none.
    """
    wanted: dict[str, Any] = {"subject": who.subject}
    if who.whole_city:
        wanted["areas"] = None
    elif who.areas is not None:
        wanted["areas"] = list(areas)
    if who.badge is not None:
        wanted["officer"] = officer
    if who.role is not None:
        wanted["role"] = who.role
    return wanted


def changes(account: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Columns that differ from the account."""
    return {name: value for name, value in wanted.items() if account[name] != value}


def end_sessions(changed: Mapping[str, Any]) -> bool:
    """Whether a change ends sessions; not if the account is only linked at its first sign-in."""
    return bool(changed.keys() - {"subject"})
