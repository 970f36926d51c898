"""By what stays are judged, as the database guards it: divisions, and what plans ask of a visit.

Whoever changes it makes windows of what was judged already and counts up a version, in one transaction. Whoever stores
stays says by which version they were judged. A lock makes one come wholly before the other: so no stay remains that was
judged by what holds no more, whenever a process noticed the change, and whether it was started anew meanwhile.
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
"""What a plan says of a visit."""


class OutdatedError(Exception):
    """What is to be stored was judged by what holds no more: read the city again and judge anew."""


async def version(conn: db.Connection) -> str:
    """What changes with all by which stays are judged; read it before that."""
    return str(await conn.fetchval(_VERSION, VERSION_KEY))


async def hold(conn: db.Connection, judged_by: str) -> None:
    """Keep everything by which stays are judged as it is until the caller's transaction ends; call it first in it.

    Raises:
        OutdatedError: it is not what it was at `judged_by` any more.
    """
    await conn.execute("SELECT pg_advisory_xact_lock_shared(hashtext('patrol.judging'))")
    if await version(conn) != judged_by:
        raise OutdatedError


async def mark_changed(conn: db.Connection, since: int, now: int) -> None:
    """Say, in the transaction that changes it, that stays are judged otherwise from `since` (ms) on.

    Call it last but for the event log.

    What was judged of that time until `now` is computed again.
    """
    await conn.execute(_LOCK)
    await meta_store.count(conn, VERSION_KEY)
    await conn.execute(_WINDOWS, db.moment(max(since, 0)), db.moment(now), Cause.RULES.value)


def changes_visits(body: Mapping[str, Any] | None) -> bool:
    """Whether a plan says what makes a visit."""
    return body is not None and not _ASKED.isdisjoint(body)
