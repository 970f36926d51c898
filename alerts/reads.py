"""What the watcher reads at each look, in bounded queries: the city, coverage, officers, visits that clear alerts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from alerts import arrival, rules, staffing, store
from alerts.model import GAP, Facts, OpenAlert, Visit
from schemas import wire
from tracking import city, db, grids
from tracking.fixes import FixColumns, Float

# Changes with every import, plan, calendar, unit, area or setting; cells put in without an import count too.
_SIGNATURE = """
SELECT concat_ws('/', (SELECT value FROM meta WHERE key = 'grid_version'),
                      (SELECT count(*) || '-' || coalesce(max(id), 0) FROM cells WHERE valid_to IS NULL),
                      (SELECT concat_ws('-', count(*), max(id), count(*) FILTER (WHERE valid_from <= now()),
                                        count(*) FILTER (WHERE valid_to <= now()))
                       FROM rule_versions WHERE kind = 'plan'),
                      (SELECT concat_ws('-', count(*), max(made_at)) FROM calendar_days),
                      (SELECT md5(string_agg(concat(code, area), ';' ORDER BY code)) FROM units),
                      (SELECT md5(string_agg(a::text, ';' ORDER BY code)) FROM areas a),
                      (SELECT md5(string_agg(s::text, ';' ORDER BY key)) FROM settings s))
"""
_STREETS = "SELECT code, name FROM areas WHERE code = ANY ($1::text[])"
# One short walk down the primary key for each device; the newest fix that was measured where it says.
_OFFICERS = """
SELECT d.name, d.id AS device, f.t, f.lat, f.lon, f.bat, f.src, f.duty, f.flags
FROM devices d CROSS JOIN LATERAL (
  SELECT * FROM fixes WHERE device = d.id AND t > $1 AND t <= $2 AND src = ANY ($3::smallint[]) AND flags & $4 = 0
  AND ($5::timestamptz IS NULL OR received <= $5)
  ORDER BY t DESC LIMIT 1) f
ORDER BY d.id
"""
_CLEARING = """
SELECT a.key, v.t_in, v.t_out, v.open, v.cause
FROM unnest($1::text[], $2::int[], $3::timestamptz[]) AS a (key, cell, since)
CROSS JOIN LATERAL (
  SELECT t_in, t_out, open, cause FROM stays s
  WHERE s.cell = a.cell AND s.known_to IS NULL AND s.kind = 'visit' AND s.t_out > a.since AND s.t_in <= $4
  ORDER BY s.t_out LIMIT 1) v
"""
# Why the visit that a gap was counted from does not hold any more.
_AMENDED = """
SELECT a.key, v.reason
FROM unnest($1::text[], $2::int[], $3::timestamptz[]) AS a (key, cell, since)
CROSS JOIN LATERAL (
  SELECT reason FROM stays s
  WHERE s.cell = a.cell AND s.kind = 'visit' AND s.t_out = a.since AND s.known_to <= $4 AND s.reason IS NOT NULL
  ORDER BY s.known_to DESC LIMIT 1) v
"""
_MEASURED = [wire.SOURCE_CODE[source] for source in (wire.Source.GNSS, wire.Source.NETWORK, wire.Source.FUSED)]
_UNMEASURED_FLAGS = wire.FixFlag.MOCK | wire.FixFlag.NULL_ISLAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The city with what the rules need of it; made again when the signature changes."""

    signature: str
    city: city.City
    cells: rules.Cells
    x: Float
    """Centre of each cell, m."""
    y: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at the database saw, all of one snapshot."""

    now: int
    """ms since 1970-01-01 UTC."""
    basis: city.Basis
    officers: Sequence[str]
    """Names of the devices heard lately."""
    newest: FixColumns
    """Their newest fixes."""
    opened: Sequence[OpenAlert]
    clearing: Mapping[str, Visit]
    amended: Mapping[str, Facts]
    """By key of an open alert: why the visit that its gap was counted from does not hold any more."""


async def place(conn: db.Connection, known: Place | None) -> Place:
    """The city as it is now; `known` when nothing changed."""
    signature = await conn.fetchval(_SIGNATURE)
    if known is not None and known.signature == signature:
        return known
    loaded = await city.load(conn)
    names = {row["code"]: row["name"] for row in await conn.fetch(_STREETS, list(loaded.streets))}
    x, y = loaded.grid.centroids()
    cells = rules.Cells(
        id=np.array([cell.id for cell in loaded.cells], dtype=np.int32),
        code=[grids.lifted(cell.code) for cell in loaded.cells],
        name=[cell.name or cell.code for cell in loaded.cells],
        street=loaded.street.astype(np.intp),
        streets=[staffing.Street(code=code, name=names.get(code, code)) for code in loaded.streets],
        # The signature changes when a version of a plan begins or ends: until then this holds.
        dwell_ms=loaded.dwells_ms(db.millis(await conn.fetchval("SELECT now()"))),
    )
    return Place(signature=signature, city=loaded, cells=cells, x=x, y=y)


async def look(
    conn: db.Connection, where: Place, now: int, rule: arrival.ArrivalRule, *, known: int | None = None
) -> Look:
    """Read everything one evaluation needs; call it within one snapshot.

    Args:
        conn: within a transaction that keeps one snapshot.
        where: the city.
        now: the moment, ms.
        rule: how arrivals are estimated.
        known: by what was known then, ms; None: by what is known today.
    """
    opened = await store.standing(conn)
    rows = await conn.fetch(
        _OFFICERS,
        db.moment(now - rule.fresh_ms),
        db.moment(now + wire.MAX_AHEAD_MS),
        _MEASURED,
        _UNMEASURED_FLAGS,
        None if known is None else db.moment(known),
    )
    newest = {name: [row[name] for row in rows] for name in ("device", "lat", "lon", "bat", "src", "duty", "flags")}
    return Look(
        now=now,
        basis=await city.basis(conn, where.city, now, known),
        officers=[row["name"] for row in rows],
        newest=FixColumns.from_columns(len(rows), t=[db.millis(row["t"]) for row in rows], **newest),
        opened=opened,
        clearing=await _clearing(conn, opened, now),
        amended=await _amended(conn, opened, now),
    )


async def _clearing(conn: db.Connection, opened: Sequence[OpenAlert], now: int) -> dict[str, Visit]:
    return {
        row["key"]: Visit(
            t_in=db.millis(row["t_in"]),
            t_out=db.millis(row["t_out"]),
            open=row["open"],
            cause=None if row["cause"] is None else json.loads(row["cause"]),
        )
        for row in await conn.fetch(_CLEARING, *_gaps(opened), db.moment(now))
    }


async def _amended(conn: db.Connection, opened: Sequence[OpenAlert], now: int) -> dict[str, Facts]:
    rows = await conn.fetch(_AMENDED, *_gaps(opened), db.moment(now))
    return {row["key"]: json.loads(row["reason"]) for row in rows}


def _gaps(opened: Sequence[OpenAlert]) -> tuple[list[str], list[int | None], list[datetime]]:
    """Keys, cells and starts of the gaps that alerts are open of."""
    gaps = [alert for alert in opened if alert.kind == GAP]
    since = [datetime.fromisoformat(alert.facts["gap_since"]) for alert in gaps]
    return [alert.key for alert in gaps], [alert.cell for alert in gaps], since


def situation(where: Place, seen: Look, rule: arrival.ArrivalRule) -> rules.Situation:
    """Put together what the rules judge. Pure."""
    free = np.flatnonzero(arrival.eligible(seen.newest, seen.now, rule))
    x, y = where.city.grid.xy(seen.newest.lat[free], seen.newest.lon[free])
    arrivals = arrival.nearest(where.x, where.y, x, y, rule)
    basis, calendar = seen.basis, where.city.calendar
    return rules.Situation(
        now=seen.now,
        on_duty=bool(calendar.duty_ms(np.array([seen.now]), np.array([seen.now + 60_000]))[0]),
        cells=where.cells,
        coverage=city.judge(where.city, basis, arrivals.ms, seen.now),
        gap_start=np.where(basis.last_visit >= 0, basis.last_visit, basis.known_since),
        visited=basis.last_visit >= 0,
        present=basis.present,
        heard=basis.heard,
        arrivals=arrivals,
        officers=[seen.officers[i] for i in free.tolist()],
        clearing=seen.clearing,
        amended=seen.amended,
    )
