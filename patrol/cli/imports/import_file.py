"""What the imports of files share: reading one, naming its faults, and saying that it was only tried."""

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
    """Name every fault in both languages.

    Raises:
        SetupError: always; nothing of the file was taken.
    """
    named = list(faults)
    for wrong in named:
        typer.echo(f"{wrong.where_zh}{wrong.zh}\n{wrong}", err=True)
    raise errors.SetupError(f"{file} was not imported and nothing has changed: correct the {len(named)} faults above.")


def tell(done: str, *, dry_run: bool) -> None:
    """Say what changed, or would have."""
    typer.echo(f"Dry run, nothing has changed: {done}" if dry_run else done)
