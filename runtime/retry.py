"""Classifies database errors (temporary, caused by data, permanent) and computes waits between retries."""

import random
from collections.abc import Iterator

import asyncpg

_PASSING = (
    "08",  # connection exception
    "25006",  # read only: a standby that takes over, or did
    "25P03", "25P04",  # a transaction that took too long
    "40",  # rolled back: deadlock, serialization
    "53",  # insufficient resources: disk, memory, connections
    "55006", "55P03",  # in use, locked
    "57014", "57P01", "57P02", "57P03", "57P05",  # cancelled, shutting down, starting, idle for too long
    "58",  # system error: a disk that fails
)  # fmt: skip
"""SQLSTATEs, or classes of them, that may pass by waiting. All others are permanent."""
_MISFIT = ("28", "3D", "3F", "42")
"""Classes about the statement, not its values: no access; missing database, schema, table, column or right."""
# asyncpg raises it when a connection breaks between two of its steps, and once after a migration for outdated prepared
# statements.
_CLIENT = (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.InvalidCachedStatementError, OSError)


class MisfitError(Exception):
    """Tables or rights do not match this release: no message is at fault, and waiting does not help."""


def is_transient(error: BaseException) -> bool:
    """Whether waiting may help (broken connection, restarting server, full disk, lock); for a group, all must."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_transient(nested) for nested in error.exceptions)
    if isinstance(error, _CLIENT):
        return not _unspeakable(error)
    return isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_PASSING)


def is_of_database(error: BaseException) -> bool:
    """Whether the error is permanent, because of the data or for all data alike."""
    return (isinstance(error, asyncpg.PostgresError) and not is_transient(error)) or _unspeakable(error)


def is_misfit(error: BaseException) -> bool:
    """Whether the error is about tables or rights, and thus affects all data of the same statement."""
    return isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_MISFIT) and not is_transient(error)


def delays(*, first_s: float = 0.1, most_s: float = 5.0) -> Iterator[float]:
    """Waits in seconds, doubling up to `most_s`, each shortened by up to a half at random to spread retries."""
    wait = first_s
    while True:
        yield wait * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait = min(wait * 2, most_s)


def _unspeakable(error: BaseException) -> bool:
    """Whether asyncpg could not encode a value."""
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def _state(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or "")
