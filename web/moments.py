"""Times as callers write them."""

import re
from datetime import UTC, datetime
from typing import Any

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_PLUS_EATEN = re.compile(r" (?=\d\d:\d\d$)")  # an unescaped + in a query arrives as a space


def parse_time(text: Any) -> datetime:
    """Read an RFC 3339 time with its offset, between 2000 and 2100.

    Raises:
        ValueError: it is not one.
    """
    if not isinstance(text, str):
        raise ValueError("a time is a text such as 2026-05-01T08:00:00Z")  # noqa: TRY004 - pydantic wants ValueError
    trimmed = _PLUS_EATEN.sub("+", text.strip())
    if _RFC3339.fullmatch(trimmed) is None:
        raise ValueError("not an RFC 3339 time with an offset, such as 2026-05-01T08:00:00Z")
    moment = datetime.fromisoformat(trimmed.upper().replace(" ", "T"))
    if not 2000 <= moment.year < 2100:
        raise ValueError("the time must lie between 2000 and 2100")
    return moment.astimezone(UTC)
