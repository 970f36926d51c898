"""What the watcher reads at each look, in bounded queries: the city, coverage, officers, visits that clear alerts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import arrival, outlook, rules, staffing
from alerts.life.facts import Gap
from alerts.life.model import Change, OpenAlert, Visit
from alerts.run import learning
from alerts.store import estimates, store, weights, whereabouts, withdrawals
from runtime import db
from schemas import wire
from tracking.city import grids
from tracking.geometry.streets import Streets
from tracking.presence.fixes import Bool, FixColumns, Int
from tracking.store.city import city, division_store, rule_store, street_store
from tracking.store.records import packed
from tracking.store.records.packed import Kind

# Changes with every division and plan that comes into force, and with every calendar, unit, area or setting.
_SIGNATURE = """
SELECT concat_ws('/', $2::text,
                      (SELECT concat_ws('-', count(*), max(id), count(*) FILTER (WHERE valid_from <= $1),
                                        count(*) FILTER (WHERE valid_to <= $1))
                       FROM rule_versions WHERE kind = 'plan'),
                      (SELECT concat_ws('-', count(*), max(made_at)) FROM calendar_days),
                      (SELECT md5(string_agg(concat(code, area), ';' ORDER BY code)) FROM units),
                      (SELECT md5(string_agg(a::text, ';' ORDER BY code)) FROM areas a),
                      (SELECT md5(string_agg(s::text, ';' ORDER BY key)) FROM settings s),
                      (SELECT string_agg(value, ' ' ORDER BY key) FROM meta
                       WHERE key IN ('beat_version', 'ways_version')))
"""
# One short walk down the primary key for each device; the newest fix that was measured where it says.
_NEWEST: packed.Columns = {
    "device": Kind.INT4, "t": Kind.TIME, "lat": Kind.FLOAT8, "lon": Kind.FLOAT8, "bat": Kind.FLOAT4, "src": Kind.INT2,
    "duty": Kind.INT2, "flags": Kind.INT2, "name": Kind.TEXT, "area": Kind.TEXT,
}  # fmt: skip
_OFFICERS = packed.select(
    _NEWEST,
    """
SELECT d.name, d.id AS device, u.area, f.t, f.lat, f.lon, f.bat, f.src, f.duty, f.flags
FROM devices d LEFT JOIN units u ON u.code = d.unit CROSS JOIN LATERAL (
  SELECT * FROM fixes WHERE device = d.id AND t > $1 AND t <= $2 AND src = ANY ($3::smallint[]) AND flags & $4 = 0
  AND ($5::timestamptz IS NULL OR received <= $5)
  ORDER BY t DESC LIMIT 1) f
ORDER BY d.id
""",
)
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
# The gap was counted from a visit that is not among those that hold now.
_UNFOUNDED = """
SELECT a.key, v.reason
FROM unnest($1::text[], $2::int[], $3::timestamptz[]) AS a (key, cell, since)
CROSS JOIN LATERAL (
  SELECT reason FROM stays s
  WHERE s.cell = a.cell AND s.kind = 'visit' AND s.t_out = a.since AND s.known_to <= $4
  ORDER BY s.known_to DESC LIMIT 1) v
WHERE NOT EXISTS (
  SELECT FROM stays s WHERE s.cell = a.cell AND s.kind = 'visit' AND s.t_out = a.since AND s.known_to IS NULL)
"""
_MEASURED = [wire.SOURCE_CODE[source] for source in (wire.Source.GNSS, wire.Source.NETWORK, wire.Source.FUSED)]
_UNMEASURED_FLAGS = wire.FixFlag.MOCK | wire.FixFlag.NULL_ISLAND


LATE_MS = 72 * 3_600_000
"""Devices keep what they could not send for about so long: until then a verdict may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The city with what the rules need of it; made again when the signature changes."""

    signature: str
    city: city.City
    cells: rules.Cells
    places: arrival.Places
    """Centre of each cell, m, and its street by index."""
    streets: Streets | None
    """Ways to the cells; None: no road is known, or they are not worked out yet."""
    survey: str | None
    """Of which roads and cells the ways are to be worked out (street_store); None: there is nothing to do."""


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
    areas: Sequence[str | None]
    """Street that each of them may be sent to; None: anywhere."""
    around: whereabouts.Whereabouts
    opened: Sequence[OpenAlert]
    clearing: Mapping[str, Visit]
    amended: Mapping[str, Mapping[str, Any]]
    """By key of an open alert: why the visit that its gap was counted from does not hold any more."""


async def arrival_rule(conn: db.Connection, now: int) -> arrival.ArrivalRule:
    """How arrivals are estimated at `now` (ms): by the rule in force, corrected by how past estimates turned out."""
    held = [version for version in await rule_store.current(conn, arrival.KIND, now) if version.body]
    return arrival.rule_of(held[0].body or {} if held else {}, await estimates.ratio(conn, now))


async def place(conn: db.Connection, before: Place | None, at: int | None = None, known: int | None = None) -> Place:
    """The city as it is or was.

    Args:
        conn: a connection.
        before: answered when it is the same.
        at: a moment, ms; None: now, by the database's clock.
        known: by the divisions known then, ms; None: by those known now.
    """
    at = db.millis(await conn.fetchval("SELECT now()")) if at is None else at
    held = await division_store.in_force(conn, at, known)
    signature = await conn.fetchval(_SIGNATURE, db.moment(at), " ".join(map(str, held)))
    if before is not None and before.signature == signature:
        return before
    loaded = await city.load(conn, at, known)
    names = {code: area.name for code, area in loaded.areas.items()}
    cells = rules.Cells(
        id=np.array([cell.id for cell in loaded.cells], dtype=np.int32),
        code=[grids.lifted(cell.code) for cell in loaded.cells],
        name=[cell.name or cell.code for cell in loaded.cells],
        street=loaded.street.astype(np.intp),
        streets=[staffing.Street(code=code, name=names.get(code, code)) for code in loaded.streets],
        # The signature changes when a version of a plan begins or ends: until then this holds.
        dwell_ms=loaded.dwells_ms(at),
        weight=loaded.plans.at(at).weight,
    )
    places = arrival.Places.of(*loaded.grid.centroids(), cells.street)
    streets = await street_store.load(conn, loaded.grid)
    survey = None if streets is not None else await street_store.wanted(conn)
    return Place(signature=signature, city=loaded, cells=cells, places=places, streets=streets, survey=survey)


async def look(
    conn: db.Connection,
    where: Place,
    now: int,
    rule: arrival.ArrivalRule,
    *,
    known: int | None = None,
    standing: Sequence[OpenAlert] | None = None,
) -> Look:
    """Read everything one evaluation needs; call it within one snapshot.

    Args:
        conn: within a transaction that keeps one snapshot.
        where: the city.
        now: the moment, ms.
        rule: how arrivals are estimated.
        known: by what was known then, ms; None: by what is known today.
        standing: alerts that stand; None: those of the store.
    """
    opened = await store.standing(conn) if standing is None else standing
    # The planner would collect what is fresh of each device and sort it, nine times as slow as one step down the key.
    await conn.execute("SET LOCAL enable_bitmapscan = off")
    newest = await packed.fetch(
        conn,
        _NEWEST,
        _OFFICERS,
        db.moment(now - rule.fresh_ms),
        db.moment(now + wire.MAX_AHEAD_MS),
        _MEASURED,
        _UNMEASURED_FLAGS,
        None if known is None else db.moment(known),
    )
    await conn.execute("SET LOCAL enable_bitmapscan TO DEFAULT")
    names, areas = newest.pop("name"), newest.pop("area")
    heard = FixColumns.from_columns(len(names), **newest)
    return Look(
        now=now,
        basis=await city.basis(conn, where.city, now, known),
        officers=names.tolist(),
        newest=heard,
        areas=areas.tolist(),
        around=await whereabouts.read(conn, where.city, heard, now),
        opened=opened,
        clearing=await clearing(conn, opened, now),
        amended=await _amended(conn, opened, now),
    )


async def clearing(conn: db.Connection, opened: Sequence[OpenAlert], now: int) -> dict[str, Visit]:
    """The first valid visit after the start of each open gap, by key of the alert."""
    return {
        row["key"]: Visit(
            t_in=db.millis(row["t_in"]),
            t_out=db.millis(row["t_out"]),
            open=row["open"],
            cause=None if row["cause"] is None else json.loads(row["cause"]),
        )
        for row in await conn.fetch(_CLEARING, *_gaps(opened), db.moment(now))
    }


async def _amended(conn: db.Connection, opened: Sequence[OpenAlert], now: int) -> dict[str, Mapping[str, Any]]:
    rows = await conn.fetch(_AMENDED, *_gaps(opened), db.moment(now))
    return {row["key"]: json.loads(row["reason"]) for row in rows}


async def late(conn: db.Connection, now: int) -> list[Change]:
    """What data that came late makes of gaps that ended with a visit after their limit, in the last days."""
    ended = await store.late_gaps(conn, now - LATE_MS)
    if not ended:
        return []
    rows = await conn.fetch(_UNFOUNDED, *_gaps(ended), db.moment(now))
    unfounded = {row["key"]: json.loads(row["reason"] or "{}") for row in rows}
    changes = rules.late(ended, await clearing(conn, ended, now), unfounded, now)
    return await withdrawals.explained(conn, changes, ended)


def _gaps(opened: Sequence[OpenAlert]) -> tuple[list[str], list[int | None], list[datetime]]:
    """Keys, cells and starts of the gaps that alerts are open of."""
    gaps = [(alert, alert.facts.gap_since) for alert in opened if isinstance(alert.facts, Gap)]
    since = [datetime.fromisoformat(since) for _, since in gaps]
    return [alert.key for alert, _ in gaps], [alert.cell for alert, _ in gaps], since


def situation(
    where: Place,
    seen: Look,
    rule: arrival.ArrivalRule,
    learned: outlook.Learned | None = None,
    held: Bool | None = None,
) -> rules.Situation:
    """Put together what the rules judge. Pure.

    Args:
        where: the city.
        seen: what was read.
        rule: how arrivals are estimated.
        learned: what past stays teach; None: nothing yet.
        held: cells of which data is still coming in; None: none.
    """
    basis, calendar = seen.basis, where.city.calendar
    free, officers = _free(where, seen, rule)
    arrivals = arrival.nearest(where.places, officers, rule, where.streets)
    judged = city.judge(where.city, basis, arrivals.ms, seen.now)
    gap_start = np.where(basis.last_visit >= 0, basis.last_visit, basis.known_since)
    _, class_of = learning.classes_of(where.city)
    unheard = seen.around.officers.cell[outlook.unheard(seen.around.officers)]
    signs = outlook.Signs(
        class_of=class_of,
        hour=learning.hours(where.city, np.maximum(gap_start, 0)),
        idle_ms=np.maximum(judged.idle_ms, 0),
        left_ms=judged.left_ms,
        span_ms=judged.span_ms,
        inside_ms=np.where(seen.around.inside_since >= 0, seen.now - seen.around.inside_since, -1),
        dwell_ms=where.cells.dwell_ms,
        arrival_ms=arrivals.ms,
        able=arrival.in_time(where.places, officers, judged.left_ms - where.cells.dwell_ms, rule, where.streets),
        unheard=arrival.in_time(where.places, where.places.some(unheard), judged.left_ms, rule),
        officers=seen.around.officers,
        busy=seen.around.busy,
    )
    on_duty = np.flatnonzero(arrival.on_duty(seen.newest, seen.now, rule))
    return rules.Situation(
        now=seen.now,
        on_duty=bool(calendar.duty_ms(np.array([seen.now]), np.array([seen.now + 60_000]))[0]),
        cells=where.cells,
        coverage=judged,
        chance=outlook.chance(learned or learning.unlearned(where.city), signs, weights.fitted()),
        gap_start=gap_start,
        visited=basis.last_visit >= 0,
        present=basis.present,
        inside_since=seen.around.inside_since,
        held=np.zeros(len(gap_start), dtype=np.bool_) if held is None else held,
        heard=basis.heard,
        arrivals=arrivals,
        crew_at=arrival.nearest_cell(where.places, places_of(where, seen, on_duty)),
        officers=[seen.officers[i] for i in free.tolist()],
        clearing=seen.clearing,
        amended=seen.amended,
    )


def arrivals_at(where: Place, seen: Look, rule: arrival.ArrivalRule, rows: Int) -> Int:
    """How soon an officer can be at some of the cells, given by index, ms. Pure; takes what these cells take."""
    _, officers = _free(where, seen, rule)
    streets = None if where.streets is None else where.streets.some(rows)
    return arrival.nearest(where.places.some(rows), officers, rule, streets).ms


def _free(where: Place, seen: Look, rule: arrival.ArrivalRule) -> tuple[NDArray[np.intp], arrival.Places]:
    """Which of the officers heard lately can be sent, and where they are."""
    free = np.flatnonzero(arrival.eligible(seen.newest, seen.now, rule))
    return free, places_of(where, seen, free)


def places_of(where: Place, seen: Look, which: NDArray[np.intp]) -> arrival.Places:
    """Where some of the officers heard lately are, and where they may be sent."""
    streets = {code: at for at, code in enumerate(where.city.streets)}
    areas = [seen.areas[i] for i in which.tolist()]
    allowed = [arrival.ANYWHERE if area is None else streets.get(area, arrival.ANYWHERE) for area in areas]
    x, y = where.city.grid.xy(seen.newest.lat[which], seen.newest.lon[which])
    return arrival.Places(x=x, y=y, area=np.array(allowed, dtype=np.intp))
