"""Texts for faults of the environment: one sentence that says what to do."""

import errno

import asyncpg

from tracking.store.records.migration_store import NewerTablesError

_MIGRATE = "The database lacks tables: run `patrol migrate` first."
_OF_DATABASE: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.UndefinedTableError, _MIGRATE),
    (asyncpg.UndefinedColumnError, _MIGRATE),
    (
        asyncpg.InsufficientPrivilegeError,
        (
            "The database account may not do this ({fault}): connect as the owner of the tables, or let the owner "
            "grant it."
        ),
    ),
    (asyncpg.DiskFullError, "The disk of the database is full ({fault}): nothing was stored; free some space there."),
    (
        asyncpg.ReadOnlySQLTransactionError,
        "The database is read-only ({fault}): connect to the primary server, not to a standby.",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "The database has no connections left ({fault}): close some, or raise max_connections.",
    ),
    (
        asyncpg.CannotConnectNowError,
        "The database is starting, stopping or recovering ({fault}): try again in a moment; see its log.",
    ),
    (
        asyncpg.PostgresConnectionError,
        "The connection to the database was lost ({fault}): try again; its log says why.",
    ),
)
_OF_MACHINE = {
    errno.ENOSPC: "No space is left on the disk of {place}: free some space, then start again.",
    errno.EDQUOT: "The disk quota for {place} is used up: raise it or free some space, then start again.",
    errno.EROFS: "{place} is on a read-only file system: choose another place, or mount it read-write.",
    errno.EACCES: "This user may not use {place}: grant the permission, or choose another place.",
    errno.EPERM: "This user may not use {place}: grant the permission, or choose another place.",
    errno.ENOENT: "{place} does not exist: create it, or correct the setting that names it.",
    errno.ENOTDIR: "{place} cannot be created, since its path goes through a file: correct the setting that names it.",
    errno.EISDIR: "{place} is a folder, not a file: correct the setting that names it.",
    errno.EADDRINUSE: "The port is in use ({fault}): stop the program that uses it, or choose another.",
    errno.EADDRNOTAVAIL: "This machine does not have that address ({fault}): correct PATROL_HTTP_HOST.",
    errno.EMFILE: "Too many files are open: raise the limit (ulimit -n, LimitNOFILE=).",
}


_NOT_LOADED = (
    "TimescaleDB is installed on the database server, but not loaded: set shared_preload_libraries = 'timescaledb' in "
    "its postgresql.conf and restart it. If no database uses it, remove its package instead."
)


def explain(fault: BaseException) -> str | None:
    """Say what is wrong and what to do; None for what is a fault of the program."""
    if isinstance(fault, BaseExceptionGroup):
        return next((reason for cause in fault.exceptions if (reason := explain(cause)) is not None), None)
    if isinstance(fault, asyncpg.InterfaceError) and fault.__context__ is not None:
        return explain(fault.__context__)  # of a connection that broke before
    if isinstance(fault, NewerTablesError):
        return str(fault)
    return _of_machine(fault) if isinstance(fault, OSError) else _of_database(fault)


def _of_database(fault: BaseException) -> str | None:
    if isinstance(fault, asyncpg.PostgresError) and "must be preloaded" in str(fault):
        return _NOT_LOADED
    for kind, text in _OF_DATABASE:
        if isinstance(fault, kind):
            return text.format(fault=str(fault).rstrip("."))
    return None


def _of_machine(fault: OSError) -> str | None:
    text = _OF_MACHINE.get(fault.errno or 0)
    place = fault.filename2 or fault.filename
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        place = place or "the data folder"
    if text is None or ("{place}" in text and place is None):
        return None  # of a connection, not of a file
    return text.format(place=place, fault=fault.strerror)
