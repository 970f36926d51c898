"""Queries of the watcher for each evaluation: the city, coverage, officers, visits that clear alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alerts.coverage import arrival, situation, staffing
from alerts.life.model import OpenAlert, Visit
from alerts.store import estimates, gaps, store, whereabouts
from runtime import db
from schemas import wire
from tracking.city import grids
from tracking.geometry.streets import StreetWays
from tracking.presence.fixes import FixColumns
from tracking.store.city import city, division_store, rule_store, street_store
from tracking.store.records import packed
from tracking.store.records.packed import ColumnType

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
    "device": ColumnType.INT4,
    "t": ColumnType.TIME,
    "lat": ColumnType.FLOAT8,
    "lon": ColumnType.FLOAT8,
    "bat": ColumnType.FLOAT4,
    "src": ColumnType.INT2,
    "duty": ColumnType.INT2,
    "flags": ColumnType.INT2,
    "name": ColumnType.TEXT,
    "area": ColumnType.TEXT,
}
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
_MEASURED = [wire.SOURCE_CODE[source] for source in (wire.Source.GNSS, wire.Source.NETWORK, wire.Source.FUSED)]
_UNMEASURED_FLAGS = wire.FixFlag.MOCK | wire.FixFlag.NULL_ISLAND


@dataclass(frozen=True, slots=True, kw_only=True)
class CityState:
    """The city as the rules need it; rebuilt when the signature changes."""

    signature: str
    city: city.City
    cells: situation.CellColumns
    places: arrival.PlanePoints
    """Centre of each cell, m, and its street by index."""
    streets: StreetWays | None
    """Distances along the streets to the cells; None: no roads are known, or they are not computed yet."""
    routes_wanted: str | None
    """Version of roads and cells whose distances must be computed (street_store); None: nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Data of one evaluation, all from one snapshot."""

    now: int
    """ms since 1970-01-01 UTC."""
    basis: city.Basis
    officers: Sequence[str]
    """Names of recently active devices."""
    newest: FixColumns
    """Their newest fixes."""
    areas: Sequence[str | None]
    """Street to which each of them may be sent; None: anywhere."""
    around: whereabouts.Whereabouts
    opened: Sequence[OpenAlert]
    clearing: Mapping[str, Visit]
    amended: Mapping[str, Mapping[str, Any]]
    """By key of an open alert: why the visit at the start of its gap is no longer valid."""


async def arrival_rule(conn: db.Connection, now: int) -> arrival.ArrivalRule:
    """The rule of arrivals in force at `now` (ms), corrected by past estimates and actual times."""
    held = [version for version in await rule_store.current(conn, arrival.KIND, now) if version.body]
    return arrival.rule_of(held[0].body or {} if held else {}, await estimates.ratio(conn, now))


async def read_city(
    conn: db.Connection, before: CityState | None, at: int | None = None, known: int | None = None
) -> CityState:
    """The city as it is or was.

    Args:
        conn: a connection.
        before: returned if it is the same.
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
    cells = situation.CellColumns(
        id=np.array([cell.id for cell in loaded.cells], dtype=np.int32),
        code=[grids.full_code(cell.code) for cell in loaded.cells],
        name=[cell.name or cell.code for cell in loaded.cells],
        street=loaded.street.astype(np.intp),
        streets=[staffing.StreetTeam(code=code, name=names.get(code, code)) for code in loaded.streets],
        # The signature changes when a version of a plan begins or ends: until then this holds.
        dwell_ms=loaded.dwells_ms(at),
        weight=loaded.plans.at(at).weight,
    )
    places = arrival.PlanePoints.of(*loaded.grid.centroids(), cells.street)
    streets = await street_store.load(conn, loaded.grid)
    wanted = None if streets is not None else await street_store.wanted(conn)
    return CityState(
        signature=signature, city=loaded, cells=cells, places=places, streets=streets, routes_wanted=wanted
    )


async def read_snapshot(
    conn: db.Connection,
    where: CityState,
    now: int,
    rule: arrival.ArrivalRule,
    *,
    known: int | None = None,
    standing: Sequence[OpenAlert] | None = None,
) -> Snapshot:
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
    return Snapshot(
        now=now,
        basis=await city.basis(conn, where.city, now, known),
        officers=names.tolist(),
        newest=heard,
        areas=areas.tolist(),
        around=await whereabouts.read(conn, where.city, heard, now),
        opened=opened,
        clearing=await gaps.clearing(conn, opened, now),
        amended=await gaps.amended(conn, opened, now),
    )
