"""Whose data it was that withdrew an alert: the reason that each withdrawal by late data carries.

Where a visit was judged anew its stay says why. Elsewhere data came in that was late for the alert though not for its
device, such as all that a device recorded out of reach: then what came in last of the stretch judged is the reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from alerts.life.model import GAP, Change, OpenAlert, Step
from alerts.officers import doubles, suspicion
from alerts.officers.tracks import KEPT_MS
from runtime import db, times
from tracking.presence import reasons
from tracking.presence.reasons import Cause, Reason

BY_DATA = frozenset({"basis_changed", "late_data"})
"""Why an alert was withdrawn, where data did it."""
_AROUND = timedelta(minutes=10)
"""Of an event: fixes about it decide on it."""

# The visit that ends the gap, or the stay that now reaches over the moment the gap was counted from.
_BY_STAY = """
SELECT d.name AS device, coalesce(
  (SELECT max(received) FROM fixes f WHERE f.device = s.device AND f.t >= s.t_in AND f.t <= s.t_out), s.known_from)
  AS received
FROM stays s JOIN devices d ON d.id = s.device
WHERE s.cell = $1 AND ($3::timestamptz IS NULL AND s.t_in <= $2 AND s.t_out >= $2 OR s.t_in = $3)
ORDER BY s.known_to IS NULL DESC, s.known_from DESC LIMIT 1
"""
_BY_FIX = """
SELECT d.name AS device, f.received FROM devices d CROSS JOIN LATERAL (
  SELECT max(received) AS received FROM fixes WHERE device = d.id AND t >= $2 AND t <= $3) f
WHERE d.name = ANY ($1::text[]) AND f.received IS NOT NULL ORDER BY f.received DESC LIMIT 1
"""
_BY_SIGN = """
SELECT d.name AS device, e.received FROM devices d JOIN events e ON e.device = d.id
WHERE d.name = ANY ($1::text[]) AND e.t >= $2 AND e.t <= $3 AND e.type IN ('sign_in', 'sign_out')
ORDER BY e.received DESC LIMIT 1
"""


async def explained(conn: db.Connection, changes: Iterable[Change], known: Iterable[OpenAlert]) -> list[Change]:
    """The changes, with a reason in each withdrawal by late data; `known` are the alerts they can be about."""
    alerts = {alert.key: alert for alert in known}
    return [await _explained(conn, change, alerts.get(change.key)) for change in changes]


async def _explained(conn: db.Connection, change: Change, alert: OpenAlert | None) -> Change:
    facts = change.facts
    if change.step is not Step.WITHDRAWN or facts.get("why") not in BY_DATA or facts.get("reason") or alert is None:
        return change
    reason = await (_of_gap if change.kind == GAP else _of_officer)(conn, change, alert)
    return change if reason is None else replace(change, facts={**facts, "reason": reason.fields()})


async def _of_gap(conn: db.Connection, change: Change, alert: OpenAlert) -> Reason | None:
    visit_in, since = (change.facts.get("visit_in"), alert.facts["gap_since"])
    moments = datetime.fromisoformat(since), None if visit_in is None else datetime.fromisoformat(visit_in)
    return _reason(Cause.LATE, await conn.fetchrow(_BY_STAY, alert.cell, *moments))


async def _of_officer(conn: db.Connection, change: Change, alert: OpenAlert) -> Reason | None:
    facts = alert.facts
    if change.kind == suspicion.wrong_datum.kind:
        return Reason(kind=Cause.DOUBT, device=facts["device"], received=None)
    if change.kind == doubles.KIND:
        period = times.moment(alert.opened_at - doubles.LONGEST_MS), times.moment(change.at)
        return _reason(Cause.EVENT, await conn.fetchrow(_BY_SIGN, _names(facts["devices"]), *period))
    if "at" in facts:
        at = datetime.fromisoformat(facts["at"])
        period = at - _AROUND, at + _AROUND
    else:
        period = times.moment(alert.opened_at - KEPT_MS), times.moment(alert.opened_at)
    devices = _names([change.facts.get("by") or facts["device"]])
    return _reason(Cause.LATE, await conn.fetchrow(_BY_FIX, devices, *period))


def _names(devices: Sequence[Any]) -> list[str]:
    return [device for device in devices if isinstance(device, str)]


def _reason(kind: Cause, row: asyncpg.Record | None) -> reasons.Reason | None:
    return None if row is None else Reason(kind=kind, device=row["device"], received=db.millis(row["received"]))
