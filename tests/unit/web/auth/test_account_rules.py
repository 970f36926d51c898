"""What may be given to accounts and tokens, and what a change of an account writes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.people_access import AccountChange, AccountGiven, TokenGiven
from web import problems
from web.auth import account_rules
from web.auth.access import PERMISSIONS, Role
from web.auth.grants import holding
from web.auth.principal import CredentialKind, Principal

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def principal(role: Role = Role.ADMINISTRATOR, **about: Any) -> Principal:
    """Somebody with all that a role holds."""
    given = {"token_hash": b"", "expires_at": None, "permissions": PERMISSIONS[role]}
    return Principal(name="x", role=role, kind=CredentialKind.TOKEN, **{**given, **about})


def held(role: Role = Role.OFFICER, ends: datetime | None = None) -> dict[str, Any]:
    """Columns of an account."""
    return {"role": role, "areas": None, "valid_to": ends, "officer": None}


def test_nobody_gives_what_they_do_not_hold() -> None:
    """The command line holds everything; what is missing is named."""
    wanted = holding(Role.ADMINISTRATOR, areas=None, until=None)
    account_rules.demand_held(None, wanted)
    account_rules.demand_held(principal(), wanted)
    with pytest.raises(problems.ProblemError, match=r"you lack: .*accounts") as caught:
        account_rules.demand_held(principal(Role.SUPERVISOR), wanted)
    assert caught.value.status == 403


def test_what_is_made_ends_with_its_maker_at_the_latest() -> None:
    """Unless it has an end of its own."""
    assert account_rules.end(None, None) is None
    assert account_rules.end(None, principal(until=NOW)) == NOW
    assert account_rules.end(NOW + HOUR, principal(until=NOW)) == NOW + HOUR  # which demand_held refuses


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"scopes": ["accounts"]}, "role officer does not include accounts"),
        ({"expires_at": NOW}, "expires_at must lie in the future"),
    ],
)
def test_token_that_could_not_be_used_is_refused(given: dict[str, Any], why: str) -> None:
    """The reason says what to leave out or change."""
    with pytest.raises(problems.ProblemError, match=why):
        account_rules.demand_usable(TokenGiven(name="t", role="officer", **given), NOW)


def test_change_sets_what_is_given_and_nothing_else() -> None:
    """A password as its hash, an officer as a number, a second factor that ends with all that belongs to it."""
    assert account_rules.columns(AccountChange(disabled=True), password_hash=None, officer=None) == {"disabled": True}
    change = AccountChange(password="a long enough phrase", officer="B1", areas=None, reset_second_factor=True)
    assert account_rules.columns(change, password_hash="h", officer=7) == {
        "areas": None, "officer": 7, "password_hash": "h", "totp_secret": None, "totp_confirmed": False, "recovery": [],
    }  # fmt: skip


def test_nobody_changes_who_holds_more_or_makes_them_hold_more() -> None:
    """Both what is held and what would be is looked at."""
    supervisor = principal(Role.SUPERVISOR)
    for before, wanted in ((held(Role.ADMINISTRATOR), {"role": Role.OFFICER}), (held(), {"role": Role.ADMINISTRATOR})):
        with pytest.raises(problems.ProblemError, match="you lack"):
            account_rules.demand_change("anna", before, wanted, supervisor, None)
        account_rules.demand_change("anna", before, wanted, principal(), None)


def test_token_makes_nothing_that_outlasts_the_token_that_made_it() -> None:
    """A person may; what a person enables or gives an end becomes theirs."""
    token, person = principal(maker=1), principal(maker=None)
    for ends in (None, NOW + HOUR):
        with pytest.raises(problems.ProblemError, match="choose an earlier end"):
            account_rules.demand_change("anna", held(ends=NOW), {"valid_to": ends}, token, NOW)
        account_rules.demand_change("anna", held(ends=NOW), {"valid_to": ends}, person, NOW)
    for wanted, over in (({"valid_to": None}, True), ({"disabled": False}, True), ({"disabled": True}, False)):
        assert account_rules.taken_over(wanted, person) is over
        assert not account_rules.taken_over(wanted, token)
    assert account_rules.taken_over({"valid_to": None}, None)


def test_who_signs_in_elsewhere_needs_a_provider() -> None:
    """The refusal names the setting."""
    account = AccountGiven(name="anna", role="officer", openid=True)
    account_rules.demand_provider(account, "https://id.example")
    with pytest.raises(problems.ProblemError, match="PATROL_OPENID_ISSUER"):
        account_rules.demand_provider(account, None)
