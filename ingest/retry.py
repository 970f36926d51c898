"""Which database errors pass by waiting, which are the fault of the data, and how long to wait."""

import random
from collections.abc import Iterator

import asyncpg

_DATA_CLASSES = ("22", "23", "54")
"""SQLSTATE classes: data exception, constraint violation, program limit exceeded."""
# asyncpg calls it its own error when a connection breaks between two of its steps.
_TRANSIENT = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


def is_poison(error: BaseException) -> bool:
    """Whether the same data would fail again, however often it is tried."""
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", "")).startswith(_DATA_CLASSES)
    # asyncpg's own encoder could not say a value.
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def is_transient(error: BaseException) -> bool:
    """Whether waiting may help: a broken connection, a server that restarts, a full disk, tables not migrated yet."""
    return isinstance(error, _TRANSIENT) and not is_poison(error)


def delays(*, first_s: float = 0.1, most_s: float = 5.0) -> Iterator[float]:
    """Waits in seconds, doubling up to `most_s`, each shortened by up to a half so that many do not come at once."""
    wait = first_s
    while True:
        yield wait * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait = min(wait * 2, most_s)
