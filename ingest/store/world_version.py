"""The version of all by which the engine places fixes and judges visits, and the database's time."""

from runtime import db
from tracking.store.city import grid_store, judging

# A version of a plan that begins later is in memory before: only what was appended or ended since counts.
_VERSION = """
SELECT concat_ws('/', coalesce((SELECT value FROM meta WHERE key = $1), '0'),
                      coalesce((SELECT value FROM meta WHERE key = $2), '0'),
                      (SELECT concat_ws('-', count(*), max(id), count(valid_to))
                       FROM rule_versions WHERE kind = 'plan'),
                      (SELECT md5(string_agg(concat(code, ' ', area), ';' ORDER BY code)) FROM units WHERE area <> ''))
"""


async def current(conn: db.Connection) -> str:
    """Return what changes with every import of a grid, and with every plan, by which visits are judged."""
    return str(await conn.fetchval(_VERSION, grid_store.VERSION_KEY, judging.VERSION_KEY))


async def now(conn: db.Connection) -> int:
    """The database's time, ms since 1970-01-01 UTC."""
    return db.millis(await conn.fetchval("SELECT now()"))
