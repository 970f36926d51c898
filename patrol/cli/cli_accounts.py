"""Commands for accounts, tokens and the audit record."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from patrol.cli.options import call as _call
from patrol.cli.options import shared

token = typer.Typer(no_args_is_help=True, help="API tokens 接口令牌.")
audit = typer.Typer(no_args_is_help=True, help="The audit record: who viewed and changed what 审计记录.")
account = typer.Typer(no_args_is_help=True, help="Accounts of people 账号.")
Overrides = dict[str, Any]
Name = Annotated[str, typer.Argument(help="Name of the account")]
Area = Annotated[list[str] | None, typer.Option(help="Code of a district, street or grid; may be repeated")]


@token.command("create")
@shared
def token_create(
    overrides: Overrides,
    name: Annotated[str, typer.Argument(help="What it is for")],
    role: Annotated[str, typer.Option(help="administrator, commander, supervisor, analyst, auditor")] = "commander",
    area: Area = None,
    scope: Annotated[list[str] | None, typer.Option(help="Permission, one of the role's; may be repeated")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days it is valid; default: until it is deleted")] = None,
    expires: Annotated[datetime | None, typer.Option(help="End, UTC")] = None,
) -> None:
    """Create an API token and print it once. 创建令牌."""
    valid = None if days is None else timedelta(days=days)
    if expires is not None:
        valid = expires.replace(tzinfo=UTC) - datetime.now(UTC)
    _call("accounts.token_create", overrides, name=name, role=role, valid=valid, areas=area, scopes=scope)


@account.command("add")
@shared
def account_add(
    overrides: Overrides,
    name: Name,
    role: Annotated[str, typer.Option(help="administrator, commander, supervisor, analyst, officer, auditor")],
    area: Area = None,
    until: Annotated[datetime | None, typer.Option(help="End, UTC; default: none")] = None,
    officer: Annotated[str | None, typer.Option(help="Badge of the officer whose own record it may read")] = None,
    *,
    openid: Annotated[
        bool, typer.Option("--openid", help="Signs in through the OpenID provider, without a password")
    ] = False,
) -> None:
    """Create an account and print its password once. 新建账号."""
    ends = None if until is None else until.replace(tzinfo=UTC)
    options = {"role": role, "areas": area, "valid_to": ends, "officer": officer, "openid": openid}
    _call("accounts.account_add", overrides, name=name, **options)


@account.command("list")
@shared
def account_list(overrides: Overrides) -> None:
    """List the accounts. 账号列表."""
    _call("accounts.account_list", overrides)


@account.command("disable")
@shared
def account_disable(overrides: Overrides, name: Name) -> None:
    """Disable an account and end all its sessions and tokens. 停用账号."""
    _call("accounts.account_change", overrides, name=name, disabled=True)


@account.command("enable")
@shared
def account_enable(overrides: Overrides, name: Name) -> None:
    """Enable an account again. 启用账号."""
    _call("accounts.account_change", overrides, name=name, disabled=False)


@account.command("password")
@shared
def account_password(
    overrides: Overrides,
    name: Name,
    *,
    reset_code: Annotated[bool, typer.Option("--reset-code", help="Also remove the second factor")] = False,
) -> None:
    """Set a new password and print it once. 重置密码."""
    _call("accounts.account_change", overrides, name=name, password=True, reset_code=reset_code)


@audit.command("verify")
@shared
def audit_verify(
    overrides: Overrides,
    anchor: Annotated[
        Path | None, typer.Option(help="Copy of the anchor file; default: the one of the settings")
    ] = None,
    head: Annotated[list[str] | None, typer.Option(help="Output of `patrol audit head`; may be repeated")] = None,
    *,
    chain_only: Annotated[bool, typer.Option("--chain-only", help="Skip the anchors; proves less")] = False,
) -> None:
    """Check that the audit record was not changed, cut or rewritten. 核验审计记录."""
    _call("accounts.audit_verify", overrides, anchor=anchor, heads=head or (), chain_only=chain_only)


@audit.command("head")
@shared
def audit_head(overrides: Overrides) -> None:
    """Print the head of the audit chain, to be kept elsewhere. 打印审计链头."""
    _call("accounts.audit_head", overrides)


def add_to(app: typer.Typer) -> None:
    """Add these commands to `patrol`."""
    app.add_typer(token, name="token")
    app.add_typer(audit, name="audit")
    app.add_typer(account, name="account")
