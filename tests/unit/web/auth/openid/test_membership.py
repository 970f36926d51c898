"""Whom the provider vouches for: who may come in, and what their claims make of the account."""

from dataclasses import replace
from typing import Any

import pytest

from web.auth.openid import membership
from web.auth.openid.claims import Claimed

WHO = Claimed(
    issuer="https://id.example",
    subject="s-1",
    name="wang",
    role="officer",
    areas=("1", "2"),
    whole_city=False,
    badge="B1",
)


def account(**columns: Any) -> dict[str, Any]:
    """An account as it is stored."""
    known = {"name": "wang", "role": "officer", "areas": ["1"], "officer": 7, "issuer": WHO.issuer, "subject": "s-1"}
    return {**known, **columns}


@pytest.mark.parametrize(
    ("held", "role", "mapped"),
    [
        (None, "officer", True),
        (account(), "officer", True),
        (account(subject=None), "officer", True),
        (account(), None, False),
    ],
)
def test_who_has_an_account_or_a_role_is_welcome(held: dict[str, Any] | None, role: str | None, mapped: bool) -> None:
    """Also the first who signs in under a name that was made beforehand."""
    membership.demand_welcome(held, replace(WHO, role=role), roles_are_mapped=mapped)


@pytest.mark.parametrize(
    ("held", "role", "why"),
    [
        (None, None, "no claim gives a role"),
        (account(issuer=None, subject=None), "officer", "of another account"),
        (account(issuer="https://other"), "officer", "of another account"),
        (account(subject="s-2"), "officer", "of another account"),
    ],
)
def test_others_are_not(held: dict[str, Any] | None, role: str | None, why: str) -> None:
    """The text says why, for the log."""
    with pytest.raises(membership.NotWelcomeError, match=why) as caught:
        membership.demand_welcome(held, replace(WHO, role=role), roles_are_mapped=True)
    assert not isinstance(caught.value, membership.RoleLostError)


def test_who_lost_the_role_is_told_apart() -> None:
    """What they opened ends with it."""
    with pytest.raises(membership.RoleLostError) as caught:
        membership.demand_welcome(account(name="w2"), replace(WHO, role=None), roles_are_mapped=True)
    assert caught.value.name == "w2"


def test_claims_decide_what_they_speak_of() -> None:
    """What they do not say stays as it is; a badge of nobody takes the officer away."""
    says = membership.columns(WHO, areas=["1"], officer=None)
    assert says == {"subject": "s-1", "areas": ["1"], "officer": None, "role": "officer"}
    assert membership.columns(replace(WHO, whole_city=True), areas=["1"], officer=7)["areas"] is None
    silent = replace(WHO, areas=None, badge=None, role=None)
    assert membership.columns(silent, areas=[], officer=None) == {"subject": "s-1"}


def test_sessions_end_when_rights_change() -> None:
    """Not when an account that waited gets its subject."""
    assert membership.changes(account(), {"subject": "s-1", "areas": ["1"]}) == {}
    taken = membership.changes(account(subject=None), {"subject": "s-1", "areas": ["1"]})
    assert (taken, membership.end_sessions(taken)) == ({"subject": "s-1"}, False)
    assert membership.end_sessions(membership.changes(account(), {"areas": None}))
