"""Advisory locks of PostgreSQL: names that one database session holds at a time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from runtime import db

_KEYS = {1: "hashtext($1)", 2: "hashtext($1), hashtext($2)"}


async def acquire(conn: db.Connection, *name: str, shared: bool = False) -> bool:
    """Try to take a lock for the session of `conn`; False: another session holds it.

    Args:
        conn: connection that holds the lock; the lock ends with it.
        name: one word, or two: a namespace and a name in it.
        shared: take the lock in shared mode.
    """
    how = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
    return bool(await conn.fetchval(f"SELECT {how}({_KEYS[len(name)]})", *name))


async def release(conn: db.Connection, *name: str, shared: bool = False) -> None:
    """Release a lock taken by `acquire`."""
    how = "pg_advisory_unlock_shared" if shared else "pg_advisory_unlock"
    await conn.execute(f"SELECT {how}({_KEYS[len(name)]})", *name)


async def release_all(conn: db.Connection) -> None:
    """Release all locks of the session of `conn`."""
    await conn.execute("SELECT pg_advisory_unlock_all()")


@asynccontextmanager
async def leader(conn: db.Connection, job: str) -> AsyncIterator[bool]:
    """Hold the lock of a job that one process does for all; yields whether this process does it."""
    first = await acquire(conn, job)
    try:
        yield first
    finally:
        if first:
            await release(conn, job)


async def lead(pool: db.Pool, job: str, work: Callable[[db.Connection], Awaitable[object]]) -> None:
    """Do a job for all processes, unless another process does it; the lock ends with the connection."""
    async with pool.acquire() as conn, leader(conn, job) as first:
        if first:
            await work(conn)
