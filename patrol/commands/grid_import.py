"""`patrol grid import`: cells and responsibility grids from a GeoJSON file."""

import asyncio
from pathlib import Path

import asyncpg
import msgspec
import typer

from device_sim import grid_file
from patrol import errors, reach
from patrol.settings import Settings
from tracking import grid_store
from tracking.grid_faults import GridFault


def run(settings: Settings, *, file: Path) -> None:
    """Import the file, or say what is wrong with it feature by feature."""
    try:
        data = file.read_bytes()
    except OSError as fault:
        raise errors.SetupError(f"{file} cannot be read: {fault.strerror}.") from fault
    result = asyncio.run(_checked_import(reach.database_url(settings), data))
    if isinstance(result, list):
        for wrong in result:
            typer.echo(f"{wrong.zh}\n{wrong.en}", err=True)
        raise errors.SetupError(
            f"{file} was not imported: correct the {len(result)} faults above; nothing has changed."
        )
    typer.echo(
        f"{result.cells} cells: {result.added} added, {result.changed} changed, {result.ended} ended; "
        f"{result.areas} areas added or changed."
    )


async def import_town(database_url: str) -> str:
    """Import the synthetic town and say how large it is."""
    data = await asyncio.to_thread(lambda: msgspec.json.encode(grid_file.city_geojson()))
    result = await import_data(database_url, data)
    if isinstance(result, list):
        raise RuntimeError(  # noqa: TRY004 - a fault of the town, not of a type
            f"the synthetic town is not a valid grid: {result[0]}"
        )
    return f"{result.cells} cells"


async def _checked_import(database_url: str, data: bytes) -> grid_store.ImportResult | list[GridFault]:
    async with reach.connected(database_url) as connection:
        return await grid_store.import_file(connection, data)


async def import_data(database_url: str, data: bytes) -> grid_store.ImportResult | list[GridFault]:
    """Import a grid file, or say what is wrong with it; then nothing has changed."""
    connection = await asyncpg.connect(database_url)
    try:
        return await grid_store.import_file(connection, data)
    finally:
        await connection.close()
