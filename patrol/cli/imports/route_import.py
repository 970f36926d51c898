"""`patrol roads import` and `patrol checkpoints import`: import of patrol routes from files."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import msgspec

from device_sim.city import route_file as synthetic
from patrol.checks import connectivity
from patrol.cli import errors
from patrol.cli.imports import import_file
from patrol.settings.settings import Settings
from runtime import db
from tracking.geometry.lookup import CityGrid
from tracking.routes import route_file
from tracking.routes.route_file import FileFaults
from tracking.store.city import city, route_store

_FORMS: dict[str, route_file.Form] = {".geojson": "geojson", ".json": "geojson", ".csv": "csv"}


def roads(settings: Settings, *, file: Path, dry_run: bool) -> None:
    """Import the roads of a city or only check them; print faults by feature."""
    _import(settings, file, put_roads, dry_run=dry_run)


def checkpoints(settings: Settings, *, file: Path, dry_run: bool) -> None:
    """Import the checkpoints of a city or only check them; print faults one by one."""
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        raise errors.SetupError(f"the type of {file} is unknown: name it {', '.join(_FORMS)}.")

    async def put(conn: db.Connection, grid: CityGrid, data: bytes) -> str | FileFaults:
        return await put_checkpoints(conn, grid, data, form)

    _import(settings, file, put, dry_run=dry_run)


async def put_roads(conn: db.Connection, grid: CityGrid, data: bytes) -> str | FileFaults:
    """Put roads in force; returns the changes as text."""
    read = await asyncio.to_thread(route_file.roads, data, grid)
    if isinstance(read, FileFaults):
        return read
    result = await route_store.import_roads(conn, read.pieces)
    return (
        f"{read.pieces.length_m.sum() / 1000:.1f} km of road, {read.inside_m / 1000:.1f} km of it in cells, in "
        f"{len(read.pieces)} pieces: {result.added} added, {result.ended} ended."
    )


async def put_checkpoints(
    conn: db.Connection, grid: CityGrid, data: bytes, form: route_file.Form = "geojson"
) -> str | FileFaults:
    """Put checkpoints in force; returns the changes as text."""
    read = await asyncio.to_thread(route_file.checkpoints, data, form, grid)
    if isinstance(read, FileFaults):
        return read
    result = await route_store.import_checkpoints(conn, read)
    return f"{len(read)} checkpoints: {result.added} added or changed, {result.ended} ended."


async def import_town(database_url: str) -> str:
    """Import the roads and checkpoints of the synthetic town and return their numbers as text."""
    documents = await asyncio.to_thread(lambda: (synthetic.roads_geojson(), synthetic.checkpoints_geojson()))
    connection = await asyncpg.connect(database_url)
    try:
        grid, lines = (await city.load(connection)).grid, []
        for put, document in zip((put_roads, put_checkpoints), documents, strict=True):
            done = await put(connection, grid, msgspec.json.encode(document))
            if isinstance(done, FileFaults):
                raise RuntimeError(f"the synthetic town is not valid: {done.faults[0]}")  # noqa: TRY004
            lines.append(done.split(":")[0])
    finally:
        await connection.close()
    return "; ".join(lines)


_Put = Callable[[db.Connection, CityGrid, bytes], Awaitable[str | FileFaults]]


def _import(settings: Settings, file: Path, put: _Put, *, dry_run: bool) -> None:
    done = asyncio.run(_put(connectivity.database_url(settings), import_file.read(file), put, dry_run=dry_run))
    if isinstance(done, FileFaults):
        import_file.refuse(file, done.faults)
    import_file.tell(done, dry_run=dry_run)


async def _put(database_url: str, data: bytes, put: _Put, *, dry_run: bool) -> str | FileFaults:
    async with connectivity.connected(database_url) as connection, db.trial_transaction(connection, dry_run=dry_run):
        return await put(connection, (await city.load(connection)).grid, data)
