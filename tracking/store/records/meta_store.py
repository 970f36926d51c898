"""Single values of the database by name: versions that others look at, how far a work has come."""

from runtime import db

_GET = "SELECT value FROM meta WHERE key = $1"
_PUT = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_FIRST = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO NOTHING"
_COUNT = """
INSERT INTO meta VALUES ($1, '1') ON CONFLICT (key) DO UPDATE SET value = (meta.value::bigint + 1)::text
"""


async def get(conn: db.Connection, key: str) -> str | None:
    """Read what is kept under a name; None: nothing."""
    value: str | None = await conn.fetchval(_GET, key)
    return value


async def put(conn: db.Connection, key: str, value: str) -> None:
    """Keep a value under a name, in place of the one before."""
    await conn.execute(_PUT, key, value)


async def first(conn: db.Connection, key: str, value: str) -> str:
    """Keep a value under a name where there is none yet; the one that is kept."""
    await conn.execute(_FIRST, key, value)
    return await get(conn, key) or value


async def count(conn: db.Connection, key: str) -> None:
    """Raise the number under a name by one; the first time it is 1."""
    await conn.execute(_COUNT, key)
