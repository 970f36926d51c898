"""`patrol account add`: an account for a person."""

from datetime import datetime

import pydantic
import typer

from patrol.cli import errors
from patrol.cli.accounts import as_operator
from patrol.settings.settings import Settings
from schemas import people_access as models
from web.auth.store import accounts


def run(
    settings: Settings,
    *,
    name: str,
    role: str,
    areas: list[str] | None,
    valid_to: datetime | None,
    officer: str | None,
    openid: bool = False,
) -> None:
    """Make the account and print its password, which cannot be shown again."""
    try:
        account = models.AccountGiven.model_validate(
            {
                "name": name,
                "role": role,
                "areas": areas or None,
                "valid_to": valid_to,
                "officer": officer,
                "openid": openid,
            }
        )
    except pydantic.ValidationError as fault:
        raise errors.SetupError(as_operator.fault_text(fault)) from fault
    shown, password = as_operator.run(
        settings, lambda conn: accounts.create(conn, account, as_operator.granter(), issuer=settings.openid_issuer)
    )
    way = (
        "at the OpenID provider 通过统一身份认证登录"
        if password is None
        else f"with the password {password} 密码仅显示一次"
    )
    typer.echo(f"{shown.name} ({shown.role}) may sign in {way}")
