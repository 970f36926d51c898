"""`patrol grid import`: cells and responsibility grids from a GeoJSON file."""

import asyncio
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec

from device_sim.city import grid_file
from patrol.checks import connectivity
from patrol.cli.imports import import_file
from patrol.settings.settings import Settings
from runtime import db
from tracking.city.grid_faults import GridFault
from tracking.store.city import grid_store


def run(settings: Settings, *, file: Path, dry_run: bool, valid_from: datetime | None = None) -> None:
    """Import the file or only check it; print its faults by feature."""
    data, begins = import_file.read(file), None if valid_from is None else db.millis(valid_from)
    result = asyncio.run(_checked_import(connectivity.database_url(settings), data, begins, dry_run=dry_run))
    if isinstance(result, list):
        import_file.refuse(file, result)
    import_file.tell(
        f"{result.cells} cells: {result.added} added, {result.changed} changed, {result.ended} ended; "
        f"{result.areas} areas added or changed.",
        dry_run=dry_run,
    )


async def import_town(database_url: str) -> str:
    """Import the synthetic town and return its size as text."""
    data = await asyncio.to_thread(lambda: msgspec.json.encode(grid_file.city_geojson()))
    result = await import_data(database_url, data)
    if isinstance(result, list):
        raise RuntimeError(  # noqa: TRY004 - a fault of the town, not of a type
            f"the synthetic town is not a valid grid: {result[0]}"
        )
    return f"{result.cells} cells"


async def _checked_import(
    database_url: str, data: bytes, begins: int | None, *, dry_run: bool
) -> grid_store.GridImportResult | list[GridFault]:
    async with connectivity.connected(database_url) as connection, db.trial_transaction(connection, dry_run=dry_run):
        return await grid_store.import_file(connection, data, valid_from=begins)


async def import_data(database_url: str, data: bytes) -> grid_store.GridImportResult | list[GridFault]:
    """Import a grid file; a file with faults changes nothing and its faults are returned."""
    connection = await asyncpg.connect(database_url)
    try:
        return await grid_store.import_file(connection, data)
    finally:
        await connection.close()
