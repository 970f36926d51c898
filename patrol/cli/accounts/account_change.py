"""`patrol account disable`, `enable`, `password`: change an account, also when nobody can sign in any more."""

import secrets

import typer

from patrol.cli.accounts import as_operator
from patrol.settings.settings import Settings
from schemas import people_access as models
from web.auth.store import accounts


def run(
    settings: Settings, *, name: str, disabled: bool | None = None, password: bool = False, reset_code: bool = False
) -> None:
    """Make the change; all sessions and tokens of the account end."""
    new_password = secrets.token_urlsafe(12) if password else None
    values: dict[str, object] = {"reset_second_factor": reset_code}
    if disabled is not None:
        values["disabled"] = disabled
    if new_password is not None:
        values["password"] = new_password
    change = models.AccountChange.model_validate(values)
    shown = as_operator.run(settings, lambda conn: accounts.change(conn, name, change, as_operator.granter()))
    state = "is disabled" if shown.disabled else "may sign in"
    typer.echo(
        f"{shown.name} {state}" + (f" with the password {new_password} 密码仅显示一次" if new_password else "") + "."
    )
