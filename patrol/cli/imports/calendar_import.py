"""`patrol calendar import`: holidays and make-up workdays from a CSV, JSON or iCalendar file."""

import asyncio
import getpass
from pathlib import Path
from typing import get_args

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.cli.imports import import_file
from patrol.settings.settings import Settings
from runtime import db
from tracking.city.grid_faults import FaultKind, fault
from tracking.plans import calendar_file
from tracking.store.city import calendar_store


def run(settings: Settings, *, file: Path, dry_run: bool) -> None:
    """Import the file or only try it, or say what is wrong with it."""
    form = next(
        (known_form for known_form in get_args(calendar_file.Form) if file.suffix.lower() == f".{known_form}"), None
    )
    if form is None:
        raise errors.SetupError(f"the type of {file} is unknown: name it .csv, .json or .ics.")
    try:
        days = calendar_file.parse(import_file.read(file), form)
    except calendar_file.CalendarError as error:
        import_file.refuse(file, [fault(FaultKind.NOT_CALENDAR, None, None, why=error)])
    changed = asyncio.run(_put(connectivity.database_url(settings), days, file.name, dry_run=dry_run))
    years = sorted({day.day.year for day in days})
    import_file.tell(f"{len(days)} days of {', '.join(map(str, years))}: {changed} changed.", dry_run=dry_run)


async def _put(database_url: str, days: list[calendar_file.Day], source: str, *, dry_run: bool) -> int:
    async with connectivity.connected(database_url) as connection, db.trial_transaction(connection, dry_run=dry_run):
        return await calendar_store.put(connection, days, source, getpass.getuser())
