"""Rules for granting rights to accounts and tokens, and columns of a changed account. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas import people_access as models
from web import problems
from web.auth import grants
from web.auth.access import PERMISSIONS, Role
from web.auth.grants import Holding
from web.auth.principal import Principal


def demand_held(holder: Principal | None, *wanted: Holding) -> None:
    """Check that the holder has the wanted rights; None has all.

    Raises:
        ProblemError: the holder lacks some of them.
    """
    for holding in wanted:
        missing = [] if holder is None else grants.missing_rights(holder.holding, holding)
        if missing:
            sentence = "You cannot grant or change permissions that you do not have; you lack"
            raise problems.ProblemError(403, f"{sentence}: {', '.join(missing)}.")


def end(wanted: datetime | None, holder: Principal | None) -> datetime | None:
    """End of a new account or token: the wanted one, else that of its maker; None: no end."""
    return wanted or (None if holder is None else holder.until)


def demand_provider(account: models.AccountGiven, issuer: str | None) -> None:
    """Check that the provider of an account exists.

    Raises:
        ProblemError: it does not.
    """
    if account.openid and issuer is None:
        raise problems.ProblemError(422, "No OpenID provider is set (PATROL_OPENID_ISSUER): leave openid out.")


def demand_password_here(before: models.Account, changes: models.AccountChange) -> None:
    """Check that an account of a provider gets no password.

    Raises:
        ProblemError: a password would be set.
    """
    if changes.password is not None and before.issuer is not None:
        raise problems.ProblemError(422, "This account signs in through the OpenID provider and has no password here.")


def demand_usable(token: models.TokenGiven, now: datetime) -> None:
    """Check that a token is usable.

    Raises:
        ProblemError: its role does not have a scope, or it ends in the past.
    """
    lacking = sorted(set(token.scopes or ()) - PERMISSIONS[Role(token.role)])
    if lacking:
        raise problems.ProblemError(
            422, f"The role {token.role} does not include {', '.join(lacking)}; leave them out."
        )
    if token.expires_at is not None and token.expires_at <= now:
        raise problems.ProblemError(422, "expires_at must lie in the future.")


def columns(changes: models.AccountChange, *, password_hash: str | None, officer: int | None) -> dict[str, Any]:
    """Columns set by a change.

    Args:
        changes: the requested changes.
        password_hash: of the new password; None: it stays.
        officer: number of the officer that is named.
    """
    wanted = changes.model_dump(exclude_unset=True, exclude={"password", "reset_second_factor"})
    if "officer" in wanted:
        wanted["officer"] = officer
    if password_hash is not None:
        wanted["password_hash"] = password_hash
    if changes.reset_second_factor:
        wanted |= {"totp_secret": None, "totp_confirmed": False, "recovery": []}
    return wanted


def demand_change(
    name: str, held: Mapping[str, Any], wanted: Mapping[str, Any], holder: Principal | None, maker_ends: datetime | None
) -> None:
    """Check that nobody changes an account with more rights, grants more, or extends it beyond its maker's token.

    Args:
        name: of the account.
        held: columns role, areas, valid_to and officer as they are.
        wanted: columns that change.
        holder: who changes them; None: the command line.
        maker_ends: end of the token that made the account; None: no token did, or it has none.

    Raises:
        ProblemError: it is not allowed.
    """
    before, after = _holding(held), _holding({**held, **wanted})
    demand_held(holder, before, after)
    made_by_token = holder is not None and holder.maker is not None
    if made_by_token and maker_ends is not None and grants.earlier_end(after.until, maker_ends) != after.until:
        raise problems.ProblemError(
            403, f"The token that created {name} ends at {maker_ends.isoformat()}; choose an earlier end."
        )


def taken_over(wanted: Mapping[str, Any], holder: Principal | None) -> bool:
    """Whether a person takes over an account made by a token, by setting its end or enabling it."""
    by_person = holder is None or holder.maker is None
    return by_person and ("valid_to" in wanted or wanted.get("disabled") is False)


def _holding(row: Mapping[str, Any]) -> Holding:
    return grants.holding(row["role"], areas=row["areas"], until=row["valid_to"], officer=row["officer"])
