"""Shared by the imports of files: reading, printing faults, and reporting dry runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import typer

from patrol.cli import errors
from tracking.city.grid_faults import GridFault


def read(file: Path) -> bytes:
    """The bytes of a file.

    Raises:
        SetupError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as fault:
        raise errors.SetupError(f"{file} cannot be read: {fault.strerror}.") from fault


def refuse(file: Path, faults: Iterable[GridFault]) -> NoReturn:
    """Print every fault in both languages.

    Raises:
        SetupError: always; nothing was imported.
    """
    named = list(faults)
    for wrong in named:
        typer.echo(f"{wrong.where_zh}{wrong.zh}\n{wrong}", err=True)
    raise errors.SetupError(f"{file} was not imported and nothing has changed: correct the {len(named)} faults above.")


def tell(done: str, *, dry_run: bool) -> None:
    """Print the changes, or those that an import would make."""
    typer.echo(f"Dry run, nothing has changed: {done}" if dry_run else done)
