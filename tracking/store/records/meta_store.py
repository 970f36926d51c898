"""Single values of the database by name, such as versions and the progress of background work."""

from runtime import db

_GET = "SELECT value FROM meta WHERE key = $1"
_PUT = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_FIRST = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO NOTHING"
_COUNT = """
INSERT INTO meta VALUES ($1, '1') ON CONFLICT (key) DO UPDATE SET value = (meta.value::bigint + 1)::text
"""


async def get(conn: db.Connection, key: str) -> str | None:
    """Read the value of a name; None: no value."""
    value: str | None = await conn.fetchval(_GET, key)
    return value


async def put(conn: db.Connection, key: str, value: str) -> None:
    """Store a value under a name."""
    await conn.execute(_PUT, key, value)


async def first(conn: db.Connection, key: str, value: str) -> str:
    """Store a value under a name unless there is one; returns the stored one."""
    await conn.execute(_FIRST, key, value)
    return await get(conn, key) or value


async def count(conn: db.Connection, key: str) -> None:
    """Raise the number under a name by one; the first time it is 1."""
    await conn.execute(_COUNT, key)
