"""`patrol sim city`: the synthetic town as a grid file."""

from pathlib import Path

import typer

from device_sim.city import grid_file, route_file
from patrol.cli import errors
from patrol.settings.settings import Settings


def run(_settings: Settings, *, file: Path, roads: Path | None, checkpoints: Path | None, seed: int) -> None:
    """Write the town of this seed to the file, and its roads and checkpoints if requested."""
    try:
        grid_file.write(file, seed)
        if roads is not None:
            route_file.write_roads(roads, seed)
        if checkpoints is not None:
            route_file.write_checkpoints(checkpoints, seed)
    except OSError as fault:
        raise errors.SetupError(f"{fault.filename} cannot be written: {fault.strerror}.") from fault
    typer.echo(f"{file} written: import it with `patrol grid import {file}`.")
