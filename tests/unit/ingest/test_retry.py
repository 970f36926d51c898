"""Errors of the database are told apart: those that pass, and those that are the data's fault."""

import itertools

import asyncpg
import pytest

from ingest import retry


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.CannotConnectNowError("starting"),
        asyncpg.AdminShutdownError("stopping"),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.DiskFullError("disk full"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
        asyncpg.UndefinedTableError("not migrated"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
        ConnectionRefusedError("nobody listens"),
        TimeoutError("no answer"),
    ],
)
def test_trouble_of_the_database_is_transient(error: Exception) -> None:
    """Waiting may help, and the data are not to blame."""
    assert retry.is_transient(error)
    assert not retry.is_poison(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.CharacterNotInRepertoireError("0x00"),
        asyncpg.NumericValueOutOfRangeError("too large"),
        asyncpg.CheckViolationError("not allowed"),
        asyncpg.ProgramLimitExceededError("too long"),
        asyncpg.exceptions._base.DataError("cannot be said"),
    ],
)
def test_trouble_of_the_data_is_poison(error: Exception) -> None:
    """The same data would fail for ever."""
    assert retry.is_poison(error)
    assert not retry.is_transient(error)


def test_our_own_mistakes_are_neither() -> None:
    """They must be seen, not waited for, and no message may be refused for them."""
    for error in (TypeError(), KeyError(), ValueError()):
        assert not retry.is_poison(error)
        assert not retry.is_transient(error)


def test_delays_double_up_to_their_bound() -> None:
    """The first is short, none is longer than the bound."""
    waits = list(itertools.islice(retry.delays(first_s=0.1, most_s=1.0), 20))
    assert 0.05 <= waits[0] <= 0.1
    assert all(0.5 <= wait <= 1.0 for wait in waits[5:])
