"""`patrol account list`: the accounts."""

from rich.console import Console
from rich.table import Table

from patrol.cli.accounts import as_operator
from patrol.settings.settings import Settings
from web.auth.store import accounts

_MOST = 10_000


def run(settings: Settings) -> None:
    """Print the accounts as a table."""
    listed = as_operator.run(settings, lambda conn: accounts.listed(conn, None, _MOST))
    table = Table("name", "role", "areas", "until", "second factor", "sessions")
    for account in listed:
        until = (
            "disabled"
            if account.disabled
            else ""
            if account.valid_to is None
            else f"{account.valid_to:%Y-%m-%d %H:%M}Z"
        )
        areas = "whole city" if account.areas is None else ", ".join(account.areas)
        table.add_row(
            account.name, account.role, areas, until, "yes" if account.second_factor else "no", str(account.sessions)
        )
    Console().print(table)
