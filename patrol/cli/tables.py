"""Prints tables: as wide as the terminal, and without one wide enough for every sentence."""

from rich.console import Console
from rich.table import Table

_WIDTH = 200
"""Width in a log or pipe, characters."""


def show(table: Table) -> None:
    """Print to standard output."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    console.print(table)


def say(text: str) -> None:
    """Print one line."""
    Console(highlight=False, soft_wrap=True).print(text, markup=False)
