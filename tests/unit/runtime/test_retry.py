"""Errors of the database are told apart: those that pass, those of tables and rights, and all others."""

import itertools

import asyncpg
import pytest

from runtime import retry

PASSING = [
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.CannotConnectNowError("starting"),
    asyncpg.AdminShutdownError("stopping"),
    asyncpg.IdleSessionTimeoutError("idle"),
    asyncpg.QueryCanceledError("statement timeout"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("could not serialize"),
    asyncpg.LockNotAvailableError("lock timeout"),
    asyncpg.DiskFullError("disk full"),
    asyncpg.TooManyConnectionsError("too many"),
    asyncpg.PostgresIOError("input/output error"),
    asyncpg.ReadOnlySQLTransactionError("a standby"),
    asyncpg.InvalidCachedStatementError("migrated"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    ConnectionRefusedError("nobody listens"),
    TimeoutError("no answer"),
]
MISFITS: list[Exception] = [
    asyncpg.UndefinedTableError("not migrated"),
    asyncpg.UndefinedColumnError("not migrated"),
    asyncpg.InsufficientPrivilegeError("permission denied"),
    asyncpg.InvalidPasswordError("changed"),
    asyncpg.InvalidCatalogNameError("no such database"),
    asyncpg.InvalidSchemaNameError("no such schema"),
]
OTHERS: list[Exception] = [
    asyncpg.CharacterNotInRepertoireError("0x00"),
    asyncpg.NumericValueOutOfRangeError("too large"),
    asyncpg.CheckViolationError("not allowed"),
    asyncpg.ProgramLimitExceededError("too long"),
    asyncpg.RaiseError("a trigger"),
    asyncpg.InternalServerError("XX000"),
    asyncpg.exceptions._base.DataError("cannot be said"),
]


@pytest.mark.parametrize("error", PASSING)
def test_trouble_that_passes(error: Exception) -> None:
    """Waiting may help, and the data are not to blame."""
    assert retry.is_transient(error)
    assert not retry.is_of_database(error)
    assert not retry.is_misfit(error)


@pytest.mark.parametrize("error", MISFITS + OTHERS)
def test_trouble_that_stays(error: Exception) -> None:
    """The same would fail for ever; whether for the data or for all data, the error alone does not always say."""
    assert not retry.is_transient(error)
    assert retry.is_of_database(error)
    assert retry.is_misfit(error) == (error in MISFITS)


def test_what_is_not_known_to_pass_stays() -> None:
    """Of all errors of PostgreSQL there are, few are waited for: a new one must be seen."""
    known = {
        each for each in vars(asyncpg).values() if isinstance(each, type) and issubclass(each, asyncpg.PostgresError)
    }
    transient = {each for each in known if retry.is_transient(each("made up"))}
    assert {each.sqlstate[:2] for each in transient if each.sqlstate} == {
        "08", "0A", "25", "40", "53", "55", "57", "58",
    }  # fmt: skip
    assert len(known - transient) > 150


def test_our_own_mistakes_are_neither() -> None:
    """They must be seen, not waited for, and no message may be refused for them."""
    for error in (TypeError(), KeyError(), ValueError(), retry.MisfitError()):
        assert not retry.is_of_database(error)
        assert not retry.is_transient(error)


def test_delays_double_up_to_their_bound() -> None:
    """The first is short, none is longer than the bound."""
    waits = list(itertools.islice(retry.delays(first_s=0.1, most_s=1.0), 20))
    assert 0.05 <= waits[0] <= 0.1
    assert all(0.5 <= wait <= 1.0 for wait in waits[5:])


def test_a_group_passes_when_all_in_it_pass() -> None:
    """One error that stays is enough to stay."""
    away, lasting = ConnectionRefusedError("nobody listens"), ValueError("broken")
    assert retry.is_transient(ExceptionGroup("parts", [away, ExceptionGroup("parts", [away])]))
    assert not retry.is_transient(ExceptionGroup("parts", [away, ExceptionGroup("parts", [lasting])]))
