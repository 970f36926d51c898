"""Prints tables: as wide as the terminal, and wide enough for every sentence where there is none."""

from rich.console import Console
from rich.table import Table

_WIDTH = 200
"""Of a log or a pipe, characters."""


def show(table: Table) -> None:
    """Print to standard output."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    console.print(table)


def say(text: str) -> None:
    """Print one line."""
    Console(highlight=False, soft_wrap=True).print(text, markup=False)
