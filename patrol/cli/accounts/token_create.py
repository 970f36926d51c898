"""`patrol token create`: a bearer token for a tool."""

from datetime import UTC, datetime, timedelta

import pydantic
import typer

from patrol.cli import errors
from patrol.cli.accounts import as_operator
from patrol.settings.settings import Settings
from schemas import people_access as models
from web.auth.store import token_grants


def run(
    settings: Settings,
    *,
    name: str,
    role: str,
    valid: timedelta | None,
    areas: list[str] | None = None,
    scopes: list[str] | None = None,
) -> None:
    """Store the token's hash and print the token, which cannot be shown again."""
    ends = None if valid is None else datetime.now(UTC) + valid
    try:
        token = models.TokenGiven.model_validate(
            {"name": name, "role": role, "areas": areas or None, "scopes": scopes or None, "expires_at": ends}
        )
    except pydantic.ValidationError as fault:
        raise errors.SetupError(as_operator.fault_text(fault)) from fault
    by = as_operator.granter()
    typer.echo(as_operator.run(settings, lambda conn: token_grants.create(conn, token, by)))
