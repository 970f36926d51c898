"""Parameters that routes share, checked before they reach the database."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator, WithJsonSchema

from schemas import topics, wire
from web import problems
from web.http import cursors
from web.moments import parse_time
from web.store.period import Period

Time = Annotated[
    datetime,
    BeforeValidator(parse_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-05-01T08:00:00Z"]}),
]
From = Annotated[Time | None, Query(alias="from", description="Start, RFC 3339, included.")]
To = Annotated[Time | None, Query(alias="to", description="End, RFC 3339, not included.")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="Rows of a page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=cursors.MAX_CHARACTERS, description="`next` of the previous page; default: first page."),
]
_NAME = f"^{topics.NAME.pattern}$"
DeviceName = Annotated[str, Path(pattern=_NAME, description="Name of the device.")]
DeviceFilter = Annotated[str | None, Query(pattern=_NAME, description="Name of the device.")]
CellFilter = Annotated[str | None, Query(pattern=r"^[0-9]{14,15}$", description="Code of the unit cell.")]
Purpose = Annotated[
    str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description="Written into the file.")
]
CodeFilter = Annotated[str | None, Query(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
AreaCode = Annotated[str, Path(pattern=r"^[0-9A-Za-z._-]{1,64}$", description="Code of a grid, street or district.")]
Number = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]
DEFAULT_LIMIT = 200


def _period(from_time: From = None, to_time: To = None) -> Period:
    if from_time is not None and to_time is not None and from_time >= to_time:
        raise problems.ProblemError(422, "from must be before to.")
    return Period(from_time, to_time)


Between = Annotated[Period, Depends(_period)]

_FOREIGN = "The cursor does not belong to this list; start without it."


def stored_text(text: str | None) -> str | None:
    """Check a text of a cursor: PostgreSQL cannot store NUL and lone surrogates."""
    if text is not None and ("\0" in text or len(text) > 200 or not text.isprintable()):
        raise problems.ProblemError(422, _FOREIGN)
    return text


def stored_time(moment: datetime) -> datetime:
    """Check a time of a cursor."""
    try:
        return parse_time(moment.isoformat())
    except ValueError as error:
        raise problems.ProblemError(422, _FOREIGN) from error


def stored_number(number: int | None) -> int | None:
    """Check a row number of a cursor."""
    if number is not None and not 0 <= number < 1 << 63:
        raise problems.ProblemError(422, _FOREIGN)
    return number


def stored_key(key: tuple[int, int] | None) -> tuple[int, int] | None:
    """Check a pair of a time in ms and a row number of a cursor."""
    if key is not None and not wire.EARLIEST_MS - 1 <= key[0] <= wire.LATEST_MS:
        raise problems.ProblemError(422, _FOREIGN)
    return None if key is None else (key[0], stored_number(key[1]) or 0)
