"""`patrol account list`: who may come in."""

from rich.console import Console
from rich.table import Table

from patrol.cli.accounts import as_operator
from patrol.settings.settings import Settings
from web.auth.store import accounts

_MOST = 10_000


def run(settings: Settings) -> None:
    """Print the accounts as a table."""
    found = as_operator.run(settings, lambda conn: accounts.listed(conn, None, _MOST))
    table = Table("name", "role", "areas", "until", "second factor", "sessions")
    for one in found:
        until = "disabled" if one.disabled else "" if one.valid_to is None else f"{one.valid_to:%Y-%m-%d %H:%M}Z"
        areas = "whole city" if one.areas is None else ", ".join(one.areas)
        table.add_row(one.name, one.role, areas, until, "yes" if one.second_factor else "no", str(one.sessions))
    Console().print(table)
