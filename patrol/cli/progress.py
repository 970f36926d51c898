"""Shows progress step by step: with a spinner on a terminal, else as plain lines."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.panel import Panel
from rich.table import Table


class Progress:
    """Writes to standard output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def step(self, english: str, chinese: str) -> Iterator[list[str]]:
        """Show a step while the body runs; texts that the body appends to the list are shown at its end."""
        started = time.monotonic()
        notes: list[str] = []
        with self._console.status(f"{english} {chinese} …"):
            yield notes
        text = f"{english} {chinese}" + (f": {', '.join(notes)}" if notes else "")
        self._console.print(f"[green]✓[/] {text} [dim]({time.monotonic() - started:.1f} s)[/]")

    def summary(self, title: str, rows: list[tuple[str, str]]) -> None:
        """Show names and values, in a frame on a terminal."""
        if not self._console.is_terminal:
            for name, value in rows:
                self._console.print(f"{name}: {value}", markup=False)
            return
        table = Table.grid(padding=(0, 2))
        for name, value in rows:
            table.add_row(f"[bold]{name}[/]", value)
        self._console.print(Panel.fit(table, title=title, border_style="green"))

    def say(self, text: str) -> None:
        """Show one line."""
        self._console.print(text, markup=False)
