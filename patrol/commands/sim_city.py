"""`patrol sim city`: the synthetic town as a grid file."""

from pathlib import Path

import typer

from device_sim import grid_file
from patrol import errors
from patrol.settings import Settings


def run(_settings: Settings, *, file: Path, seed: int) -> None:
    """Write the town of this seed to the file."""
    try:
        grid_file.write(file, seed)
    except OSError as fault:
        raise errors.SetupError(f"{file} cannot be written: {fault.strerror}.") from fault
    typer.echo(f"{file} written: import it with `patrol grid import {file}`.")
