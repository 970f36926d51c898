"""What the tests of a worker send, and what they wait for."""

from typing import TYPE_CHECKING

from runtime import db

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


FIX = "patrol/v1/team-1/cam-1/fix"
BUFFER = "patrol/v1-buffer/team-1/cam-1/fix"


def counted(conn: "db.Connection", n: int, table: str = "fixes") -> "Callable[[], Awaitable[bool]]":
    """A probe that tells whether `table` holds n rows."""

    async def probe() -> bool:
        return int(await conn.fetchval(f"SELECT count(*) FROM {table}")) == n  # noqa: S608 - a test's own name

    return probe
