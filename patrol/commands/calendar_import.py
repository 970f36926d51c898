"""`patrol calendar import`: holidays and make-up workdays from a CSV, JSON or iCalendar file."""

import asyncio
import getpass
from pathlib import Path
from typing import get_args

import typer

from patrol import errors, reach
from patrol.settings import Settings
from tracking import calendar_file, calendar_store


def run(settings: Settings, *, file: Path) -> None:
    """Import the file, or say what is wrong with it."""
    form = next((each for each in get_args(calendar_file.Form) if file.suffix.lower() == f".{each}"), None)
    if form is None:
        raise errors.SetupError(f"{file} does not say what it is: name it .csv, .json or .ics.")
    try:
        days = calendar_file.parse(file.read_bytes(), form)
    except OSError as fault:
        raise errors.SetupError(f"{file} cannot be read: {fault.strerror}.") from fault
    except calendar_file.CalendarError as fault:
        raise errors.SetupError(f"{file} was not imported: {fault}. Nothing has changed.") from fault
    changed = asyncio.run(_put(reach.database_url(settings), days, file.name))
    years = sorted({day.day.year for day in days})
    typer.echo(f"{len(days)} days of {', '.join(map(str, years))}: {changed} changed.")


async def _put(database_url: str, days: list[calendar_file.Day], source: str) -> int:
    async with reach.connected(database_url) as connection:
        return await calendar_store.put(connection, days, source, getpass.getuser())
