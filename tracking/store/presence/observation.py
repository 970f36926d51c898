"""Start of observation of the city: the earliest begin of a current stay that is not suspect. Times are ms.

It depends on the stored data only, not on the order of arrival. From then on a place that nobody visits is overdue, not
unknown.
"""

from runtime import db
from tracking.coverage.coverage import NEVER
from tracking.records import retention
from tracking.records.retention import DataClass
from tracking.store.records import retention_store

CLOCK_MS = 3_600_000
"""A clock that is off by so much says nothing of when the city was first observed, an hour before and after either."""
# Along the index by begin: but for stays of a wrong clock, and those that do not hold any more, the first one answers.
_SINCE = """
SELECT s.t_in FROM stays s
WHERE {holds} AND NOT EXISTS (
  SELECT FROM device_findings f CROSS JOIN LATERAL (
    SELECT (f.evidence ->> 'skew_s')::float8 * interval '1 s' AS skew) c
  WHERE f.device = s.device AND f.kind = 'clock_skew' AND {found}
    AND (c.skew >= $1 OR c.skew <= -$1)
    AND s.t_in BETWEEN f.since + c.skew - $1::interval AND f.until + c.skew + $1::interval)
ORDER BY s.t_in LIMIT 1
"""
_NOW = _SINCE.format(holds="s.known_to IS NULL", found="f.known_to IS NULL")
_THEN = _SINCE.format(
    holds="s.known_from <= $2 AND (s.known_to IS NULL OR s.known_to > $2)",
    found="f.known_from <= $2 AND (f.known_to IS NULL OR f.known_to > $2)",
)


async def observed_since(conn: db.Connection, known: int | None = None) -> int:
    """Start of observation, as known at `known` (None: now); NEVER if nothing was ever received from the city."""
    arguments = [db.span(CLOCK_MS)] if known is None else [db.span(CLOCK_MS), db.moment(known)]
    earliest = await conn.fetchval(_NOW if known is None else _THEN, *arguments)
    if earliest is None:
        return NEVER
    # Times whose visits are deleted do not count as observed.
    return max(db.millis(earliest), retention.dropped_before(await retention_store.floor(conn, DataClass.VISITS)))
