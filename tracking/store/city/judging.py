"""Rules by which stays are judged, guarded by the database: divisions, and the requirements of plans for a visit.

A change of the rules creates windows for stays that were judged already and increments a version, in one transaction.
Whoever stores stays names the version by which they were judged. A lock orders the two, so no stay judged by old rules
remains, no matter when a process notices the change or restarts.
"""

from collections.abc import Mapping
from typing import Any

from runtime import db
from tracking.records.reasons import Cause
from tracking.store.records import meta_store

VERSION_KEY = "judging_version"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.judging'))"
_VERSION = "SELECT coalesce((SELECT value FROM meta WHERE key = $1), '0')"
_WINDOWS = """
INSERT INTO dirty_windows (device, t_lo, t_hi, received, cause)
SELECT device, greatest(t_first, $1), t_last, $2, $3 FROM runs WHERE t_last >= $1 ORDER BY t_last DESC
"""
_ASKED = frozenset({"dwell_s", "path_m", "path_road_share"})
"""Fields of a plan about visits."""


class OutdatedError(Exception):
    """The stays were judged by old rules: read the city again and judge again."""


async def version(conn: db.Connection) -> str:
    """Version of the rules by which stays are judged; read it before the rules."""
    return str(await conn.fetchval(_VERSION, VERSION_KEY))


async def hold(conn: db.Connection, judged_by: str) -> None:
    """Prevent changes of the rules until the caller's transaction ends; call it first in it.

    Raises:
        OutdatedError: the version is not `judged_by` any more.
    """
    await conn.execute("SELECT pg_advisory_xact_lock_shared(hashtext('patrol.judging'))")
    if await version(conn) != judged_by:
        raise OutdatedError


async def mark_changed(conn: db.Connection, since: int, now: int) -> None:
    """Record, in the transaction of the change, that stays from `since` (ms) on are judged by other rules.

    Call it last but for the event log.

    Stays from then until `now` are computed again.
    """
    await conn.execute(_LOCK)
    await meta_store.count(conn, VERSION_KEY)
    await conn.execute(_WINDOWS, db.moment(max(since, 0)), db.moment(now), Cause.RULES.value)


def changes_visits(body: Mapping[str, Any] | None) -> bool:
    """Whether a plan has fields about visits."""
    return body is not None and not _ASKED.isdisjoint(body)
