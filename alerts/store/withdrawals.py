"""Reasons of alerts withdrawn by late data: the device and data concerned.

If a visit was computed again, the reason is in its stay. Otherwise data was late for the alert, though not always for
its device, such as all fixes recorded out of reach: the reason is the last data received of the period that decides.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
from msgspec import structs

from alerts.life.facts import AtEvent, DoubleSignIn, Ending, Gap, Personal, WrongDatum
from alerts.life.model import Change, OpenAlert, Step
from alerts.officers import doubles
from alerts.officers.tracks import KEPT_MS
from runtime import db, times
from tracking.records import reasons
from tracking.records.reasons import Cause, Reason

BY_DATA = frozenset({"basis_changed", "late_data"})
"""Why an alert was withdrawn by data."""
_AROUND = timedelta(minutes=10)
"""Fixes up to this long before and after an event decide on it."""

# The visit that ends the gap, or the stay that now covers the start of the gap.
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
    if change.step is not Step.WITHDRAWN or alert is None:
        return change
    ending = change.facts
    if ending.why not in BY_DATA or ending.reason:
        return change
    reason = await _reason_of(conn, change, ending, alert)
    return change if reason is None else replace(change, facts=structs.replace(ending, reason=reason.fields()))


async def _reason_of(conn: db.Connection, change: Change, ending: Ending, alert: OpenAlert) -> Reason | None:
    match alert.facts:
        case Gap() as gap:
            visit_in = datetime.fromisoformat(ending.visit_in) if ending.visit_in else None
            since = datetime.fromisoformat(gap.gap_since)
            return _reason(Cause.LATE, await conn.fetchrow(_BY_STAY, alert.cell, since, visit_in))
        case WrongDatum() as wrong:
            return Reason(kind=Cause.DOUBT, device=wrong.device, received=None)
        case DoubleSignIn() as double:
            period = times.moment(alert.opened_at - doubles.LONGEST_MS), times.moment(change.at)
            return _reason(Cause.EVENT, await conn.fetchrow(_BY_SIGN, double.devices, *period))
        case Personal() as personal:
            period = _period(personal, alert)
            devices = [device] if (device := ending.by or personal.device) else []
            return _reason(Cause.LATE, await conn.fetchrow(_BY_FIX, devices, *period))
        case _:
            return None


def _period(about: Personal, alert: OpenAlert) -> tuple[datetime, datetime]:
    """Period whose fixes decide on the alert."""
    if isinstance(about, AtEvent):
        at = datetime.fromisoformat(about.at)
        return at - _AROUND, at + _AROUND
    return times.moment(alert.opened_at - KEPT_MS), times.moment(alert.opened_at)


def _reason(kind: Cause, row: asyncpg.Record | None) -> reasons.Reason | None:
    return None if row is None else Reason(kind=kind, device=row["device"], received=db.millis(row["received"]))
