"""Faults of the surroundings as one sentence; faults of the program as what they are."""

import errno
import os

import asyncpg
import pytest

from patrol.cli import faults
from tracking.store.records.migration_store import NewerTablesError


@pytest.mark.parametrize("number", sorted(faults._OF_MACHINE))
def test_every_fault_of_the_machine_says_what_to_do(number: int) -> None:
    """The place is named, and after the colon stands what to do."""
    said = faults.explain(OSError(number, os.strerror(number), "/srv/patrol/media"))
    assert said is not None
    assert ": " in said
    assert "{" not in said


@pytest.mark.parametrize("kind", [kind for kind, _ in faults._OF_DATABASE])
def test_every_fault_of_the_database_says_what_to_do(kind: type[Exception]) -> None:
    """What the server said is repeated, but for tables that are not there, which has one reason."""
    said = faults.explain(kind("the server's words"))
    assert said is not None
    assert "the server's words" in said or "patrol migrate" in said


def test_a_group_is_explained_by_what_is_in_it() -> None:
    """Processes end with groups of faults."""
    group = ExceptionGroup("parts", [ValueError("x"), ExceptionGroup("more", [NewerTablesError(["9999_future.sql"])])])
    assert "9999_future.sql" in str(faults.explain(group))


def test_a_closed_connection_is_explained_by_what_closed_it() -> None:
    """What fails on the way out hides nothing."""
    closed = asyncpg.InterfaceError("connection is closed")
    closed.__context__ = asyncpg.ConnectionDoesNotExistError('extension "timescaledb" must be preloaded')
    assert "shared_preload_libraries" in str(faults.explain(closed))


@pytest.mark.parametrize(
    "fault",
    [ValueError("x"), KeyError("x"), asyncpg.SyntaxOrAccessError("x"), OSError(errno.EACCES, "no place"), OSError("x")],
)
def test_a_fault_of_the_program_is_not_explained_away(fault: Exception) -> None:
    """Its traceback is what helps."""
    assert faults.explain(fault) is None
