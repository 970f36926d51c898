"""The version of everything used by the engine, and the time of the database."""

from runtime import db
from tracking.store.city import grid_store, judging

# Future versions of plans are in memory already: only added or ended ones count.
_VERSION = """
SELECT concat_ws('/', coalesce((SELECT value FROM meta WHERE key = $1), '0'),
                      coalesce((SELECT value FROM meta WHERE key = $2), '0'),
                      (SELECT concat_ws('-', count(*), max(id), count(valid_to))
                       FROM rule_versions WHERE kind = 'plan'),
                      (SELECT md5(string_agg(concat(code, ' ', area), ';' ORDER BY code)) FROM units WHERE area <> ''))
"""


async def current(conn: db.Connection) -> str:
    """A value that changes with every import of a grid and every plan."""
    return str(await conn.fetchval(_VERSION, grid_store.VERSION_KEY, judging.VERSION_KEY))


async def now(conn: db.Connection) -> int:
    """Time of the database, ms since 1970-01-01 UTC."""
    return db.millis(await conn.fetchval("SELECT now()"))
